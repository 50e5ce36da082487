import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { CountersignError } from "../domain/errors.ts";
import { PRIVATE_FILE } from "../private-files.ts";

interface Holder {
  pid: number;
  /** When the process began, in the system's own count; null where the system does not say. */
  since: string | null;
}

/**
 * Makes FILE.lock, so that no second process writes the same file. The lock of a dead process is taken over.
 * Returns the function that removes the lock.
 *
 * @throws CountersignError `cannot_start` when another process has the file; the system's own error when the
 * lock cannot be made.
 */
export function lock(file: string): () => void {
  const path = `${file}.lock`;
  const mine = JSON.stringify(describe(process.pid));
  const holder = holderOf(path);
  if (holder && isAlive(holder)) throw inUse(file, holder.pid);
  if (holder) rmSync(path, { force: true });
  try {
    writeFileSync(path, mine, { flag: "wx", mode: PRIVATE_FILE });
  } catch (error) {
    const other = holderOf(path);
    throw other ? inUse(file, other.pid) : error;
  }
  return () => {
    if (textOf(path) === mine) rmSync(path, { force: true });
  };
}

function inUse(file: string, pid: number): CountersignError {
  return new CountersignError(
    "cannot_start",
    `the store ${file} is in use by process ${pid}: stop that one first, or give \`store\` another file`,
  );
}

/** Null: no process has the file. */
function holderOf(path: string): Holder | null {
  const text = textOf(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    // The process died between making the lock and writing it.
    return { pid: 0, since: null };
  }
}

/** A pid alone may have been given again: in a container the bridge has the same one after every crash. */
function isAlive({ pid, since }: Holder): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  const now = describe(pid).since;
  return since === null || now === null || since === now;
}

/** The start of a process is the 22nd word; the second is a name in parentheses that may hold blanks. */
function describe(pid: number): Holder {
  const stat = textOf(`/proc/${pid}/stat`);
  const since = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return { pid, since: since ?? null };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
