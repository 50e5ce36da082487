import { readdirSync, readFileSync } from "node:fs";

/** Stops a process and its children with SIGSTOP. Returns their ids. Linux only. */
export function freeze(pid: number): number[] {
  // The parent first, so that it starts no further children.
  process.kill(pid, "SIGSTOP");
  const children = childrenOf(pid);
  for (const child of children) process.kill(child, "SIGSTOP");
  return [...children, pid];
}

export function thaw(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, "SIGCONT");
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((one) => one > 0 && parentOf(one) === pid);
}

/**
 * The fourth field; the second is a name in parentheses that may hold blanks. Null: the process has ended.
 */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return null;
  }
}
