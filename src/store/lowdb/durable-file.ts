import { chmod, link, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Adapter } from "lowdb";
import { CountersignError } from "../../domain/errors.ts";
import { PRIVATE_FILE } from "../../private-files.ts";
import type { Contents } from "./contents.ts";
import { CHUNK_BYTES, FILE_VERSION, type Reading, readText, writeText } from "./file-text.ts";

export interface DurableFile extends Adapter<Contents> {
  /** Rejects when nothing can be written beside the file. */
  probe(): Promise<void>;
}

/**
 * A file for lowdb that a power cut leaves whole: lowdb's own adapter flushes nothing. Each write makes a
 * copy, flushes it, puts it in the file's place and flushes the folder; the file before stays as FILE.bak. A
 * file that is damaged when it is read is set aside as FILE.damaged, its backup is used, and `warn` is told.
 */
export function createDurableFile(file: string, warn: (message: string) => void): DurableFile {
  const [copy, backup, damaged] = [`${file}.new`, `${file}.bak`, `${file}.damaged`];
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** The mark of the file that this process read or wrote last. */
  let ours: string | null = null;

  async function read(): Promise<Contents | null> {
    const found = await look(file);
    ours = await markOf(file);
    if (found?.kind === "good") return found.contents;
    const before = await look(backup);
    if (!found && !before) return null;
    const trouble = found ? `is damaged (${found.why})` : "is missing";
    if (before?.kind !== "good") throw lost(file, trouble);
    if (found) {
      await rename(file, damaged);
      await chmod(damaged, PRIVATE_FILE);
    }
    warn(
      `the store ${file} ${trouble}: ${backup}, the copy from before the last write, is used in its place` +
        (found ? `, and the damaged one is kept as ${damaged}` : ""),
    );
    return before.contents;
  }

  async function write(contents: Contents): Promise<void> {
    const stands = await isThere();
    await writeFlushed(copy, writeText(contents, buffer));
    if (stands) await keepPrevious();
    await rename(copy, file);
    ours = await markOf(file);
    await flushFolder(dirname(file));
  }

  /** Overwriting a file that another process has written would lose its changes without a trace. */
  async function isThere(): Promise<boolean> {
    const mark = await markOf(file);
    if (mark === null || mark === ours) return mark !== null;
    throw new Error("somebody else has changed it since: restart Countersign to go on from what is there");
  }

  /**
   * The file gets a second name, so that it is there at every moment. Where a file can have one name only, it
   * is missing for a moment.
   */
  async function keepPrevious(): Promise<void> {
    await rm(backup, { force: true });
    await link(file, backup).catch(() => rename(file, backup));
    await chmod(backup, PRIVATE_FILE);
  }

  async function probe(): Promise<void> {
    const trial = `${file}.probe`;
    await writeFlushed(trial, [Buffer.from("\n")]);
    await rm(trial);
  }

  return { read, write, probe };
}

/** Null: there is no such file. */
async function look(path: string): Promise<Exclude<Reading, { kind: "newer" }> | null> {
  const bytes = await readFile(path).catch(unlessMissing);
  if (!bytes) return null;
  const reading = readText(bytes);
  if (reading.kind !== "newer") return reading;
  throw new CountersignError(
    "cannot_start",
    `the store ${path} was written by a newer Countersign (form ${reading.version}, this one knows ${FILE_VERSION}): ` +
      "run that version, or give `store` another file",
  );
}

function lost(file: string, trouble: string): CountersignError {
  return new CountersignError(
    "cannot_start",
    `the store ${file} ${trouble} and ${file}.bak is no good copy of it: ` +
      "put a backup of yours in its place, or give `store` another file",
  );
}

/** Resolves once it is on disk. */
async function writeFlushed(path: string, chunks: Iterable<Buffer>): Promise<void> {
  const handle = await open(path, "w", PRIVATE_FILE);
  try {
    await handle.chmod(PRIVATE_FILE); // one that a crash has left may be open to others
    await handle.writeFile(chunks);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is on disk when its folder is. Windows cannot flush a folder, and need not. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Tells one writing of a file from another; inodes alone are used again. Null: there is no file. */
async function markOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(unlessMissing);
  return found ? `${found.ino} ${found.mtimeMs}` : null;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
