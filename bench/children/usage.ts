import { readFileSync } from "node:fs";

export interface Usage {
  /** Of the user and of the system together, since the process began. */
  cpuSeconds: number;
  /** Resident at this moment, in MiB. */
  memory: number;
  /** The most memory that the process ever had, in MiB. */
  peakMemory: number;
}

/** The usage of this process so far. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, ...memory() };
}

/** From /proc on Linux, where `resourceUsage` may report the peak of the forked parent. */
function memory(): Pick<Usage, "memory" | "peakMemory"> {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
    return { memory: of("VmRSS"), peakMemory: of("VmHWM") };
  } catch {
    return {
      memory: process.memoryUsage.rss() / 1_024 ** 2,
      peakMemory: process.resourceUsage().maxRSS / 1_024,
    };
  }
}
