import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { open } from "node:fs/promises";

/**
 * Files that hold payloads, and so personal data: readable by their owner only, whatever the umask is. Windows has no such modes;
 * there a folder's access list is what counts, and nothing here does anything.
 */

export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** Of a mode what others than the owner may do. */
const OTHERS = 0o077;

/** Makes the folder, and those above it, where they are missing. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Makes an empty file where there is none. One that is there is left as it is. */
export function makePrivateFile(file: string): void {
  closeSync(openSync(file, "a", PRIVATE_FILE));
}

/** Writes the file, in place of what may be there. */
export async function writePrivate(file: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(file, "w", PRIVATE_FILE);
  try {
    await handle.chmod(PRIVATE_FILE);
    await handle.writeFile(data);
  } finally {
    await handle.close();
  }
}

/** In one sentence, which of the files others may read, and how to mend that; null: none. Those that are missing are passed over. */
export function whyNotPrivate(files: readonly string[]): string | null {
  const wide = process.platform === "win32" ? [] : files.filter(isWide);
  if (wide.length === 0) return null;
  const names = wide.map(quoted).join(" ");
  return `other users of this machine may be able to read what is kept: \`chmod 600 ${names}\` closes it to them`;
}

function isWide(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & OTHERS) !== 0;
}

/** As a shell takes it. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
