import { readFileSync } from "node:fs";

export interface Usage {
  /** Of the user and of the system together, since the process began. */
  cpuSeconds: number;
  /** The most memory that the process ever had, in MiB. */
  peakMemory: number;
}

/** What this process has used so far. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakMemory: peakMemory() };
}

/** Linux tells it of this program alone; what `resourceUsage` tells there can be the peak of the parent that was forked. */
function peakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return Number(kilobytes) / 1_024;
  } catch {
    return process.resourceUsage().maxRSS / 1_024;
  }
}
