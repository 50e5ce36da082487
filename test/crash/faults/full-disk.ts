import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isReady } from "../admin.ts";
import type { Verdict } from "../oracle.ts";
import type { World, WorldOptions } from "../world.ts";
import { createWitness, type Fault } from "./fault.ts";
import { countOf, inWorld, moreTaken } from "./inside.ts";

/** The disk of the store is full, and later has space again. */

type FileStore = "sqlite" | "lowdb";

const FILES = { sqlite: "sqlite:./countersign.db", lowdb: "lowdb:./countersign.json" };
const SOME = 30;
const MEGABYTE = 1_024 ** 2;
/** More than the store needs on the fastest machine. */
const DISK_BYTES = 128 * MEGABYTE;
/** The limit to a file's size: SQLite's log is of whole pages. */
const MAX_FILE_BYTES = { sqlite: 3 * MEGABYTE, lowdb: MEGABYTE / 2 };

/** A file system of its own. Takes root. */
export const fullDisk = (store: FileStore): Fault => ({
  name: `disk full (${store})`,
  promise: "is not ready and answers 503 while the disk is full, and recovers when there is space again",
  impossible: () => (canMount() ? null : "no file system can be mounted here: that takes root, and Linux"),
  run: async (seed) => {
    const disk = mountDisk();
    if (!disk) throw new Error("no file system can be mounted here");
    const filler = join(disk, "filler");
    try {
      return await runFull(
        { seed: `${store} ${seed}`, store: FILES[store], folder: disk },
        {
          begin: () => fill(filler),
          end: () => rmSync(filler),
        },
      );
    } finally {
      unmount(disk);
    }
  },
});

/** A limit to the size of files, as with a quota. */
export const fileLimit = (store: FileStore): Fault => ({
  name: `file at its limit (${store})`,
  promise: "is not ready and answers 503 while its file may not grow, and recovers when it may",
  impossible: () =>
    isThere("prlimit") && isThere("sh")
      ? null
      : "limits of a running process are moved with util-linux' prlimit",
  run: (seed) =>
    runFull(
      { seed: `${store} ${seed}`, store: FILES[store], launch: { maxFileBytes: MAX_FILE_BYTES[store] } },
      {
        begin: () => {},
        end: ({ nodes: [node] }) => {
          spawnSync("prlimit", ["--pid", String(node?.running?.pid), "--fsize=unlimited:unlimited"]);
        },
      },
    ),
});

interface Shortage {
  begin(): void;
  end(world: World): void;
}

async function runFull(options: WorldOptions, { begin, end }: Shortage): Promise<Verdict> {
  const { sees, add } = createWitness();
  return inWorld({ ...options, connections: 8 }, async (world) => {
    const [{ adminUrl }] = world.nodes as [World["nodes"][number]];
    world.load.allow(100_000);
    await sees(moreTaken(world, SOME), "posts taken before");
    begin();
    await sees(() => countOf(world, "503") >= SOME, "503 while there is no space");
    await sees(async () => !(await isReady(adminUrl)), "not ready while there is no space");
    end(world);
    await sees(() => isReady(adminUrl), "ready afterwards");
    await sees(moreTaken(world, SOME), "posts taken afterwards");
    return add(await world.finish());
  });
}

function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Null: this machine does not allow it. */
function mountDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "countersign-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return null;
}

function canMount(): boolean {
  const disk = mountDisk();
  if (disk) unmount(disk);
  return disk !== null;
}

function unmount(disk: string): void {
  spawnSync("umount", [disk]);
  rmSync(disk, { recursive: true });
}

/** Writes until no space is left. */
function fill(file: string): void {
  const descriptor = openSync(file, "w");
  const chunk = Buffer.alloc(MEGABYTE / 256);
  try {
    for (;;) writeSync(descriptor, chunk);
  } catch {
    // No space is left, as intended.
  } finally {
    closeSync(descriptor);
  }
}
