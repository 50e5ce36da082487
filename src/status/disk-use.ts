import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { DiskUse } from "./disk.ts";

/** Of the files of a store; null: it has none. */
export async function diskUseOf(files: readonly string[]): Promise<DiskUse | null> {
  const [first] = files;
  if (first === undefined) return null;
  const { bavail, bsize } = await statfs(dirname(first));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return { freeBytes: bavail * bsize, storeBytes: sizes.reduce((sum, size) => sum + size, 0) };
}
