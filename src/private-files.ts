import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { open } from "node:fs/promises";

/**
 * Files with payloads, and so personal data: readable by their owner only, whatever the umask is. Windows has
 * no such modes; there the folder's access list decides, and nothing here has an effect.
 */

export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** The bits of a mode that give rights to others than the owner. */
const OTHERS = 0o077;

/** Creates the folder and its parents, where missing. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/** Creates an empty file. An existing one stays as it is. */
export function makePrivateFile(file: string): void {
  closeSync(openSync(file, "a", PRIVATE_FILE));
}

/** Writes the file; an existing one is replaced. */
export async function writePrivate(file: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(file, "w", PRIVATE_FILE);
  try {
    await handle.chmod(PRIVATE_FILE);
    await handle.writeFile(data);
  } finally {
    await handle.close();
  }
}

/**
 * One sentence that names the files others may read, and how to fix that; null: none. Missing files are
 * ignored.
 */
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

/** As a shell reads it. */
function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
