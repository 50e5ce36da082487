import { z } from "zod";
import type { Disk } from "../concern/situation.ts";
import { DAY_MS, HOUR_MS } from "../concern/words.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

/** What the store takes of its disk, and how fast it grows. */

/** A disk at one moment. */
export interface DiskUse {
  freeBytes: number;
  /** Of the store's files. */
  storeBytes: number;
}

/** The growth is measured over so long. */
const MEASURED_MS = 7 * DAY_MS;

const Sizes = z.strictObject({ sizes: z.array(z.tuple([z.int(), z.int()])) });
type Sizes = z.infer<typeof Sizes>["sizes"];

/** `measure` rejects or gives null where it cannot be told: then nothing is known of the disk. */
export function createDiskWatch(store: Notes, measure: () => Promise<DiskUse | null>, now: () => number) {
  const noted = createNoted(store, "store_size", Sizes);

  return async (): Promise<Disk | null> => {
    const use = await measure().catch(() => null);
    if (use === null) return null;
    const at = now();
    const sizes = (await noted.all())[0]?.value.sizes ?? [];
    const newest = sizes.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
    if (Math.abs(at - newest) >= HOUR_MS)
      await noted.change("all", (known) => ({ sizes: withSize(known?.sizes ?? [], at, use.storeBytes) }));
    return { at, freeBytes: use.freeBytes, bytesPerDay: growthOf(sizes, at, use.storeBytes) };
  };
}

/** Sizes from before the clock was set back are of no use. */
function withSize(sizes: Sizes, at: number, bytes: number): Sizes {
  const recent = sizes.filter(([time]) => time > at - MEASURED_MS && time < at);
  return [...recent, [at, bytes]];
}

/** Bytes a day, from the oldest of the sizes on; 0 while they span less than an hour, or shrink. */
function growthOf(sizes: Sizes, at: number, bytes: number): number {
  const first = sizes.find(([time]) => time > at - MEASURED_MS);
  if (!first || at - first[0] < HOUR_MS) return 0;
  return Math.max(0, Math.round(((bytes - first[1]) / (at - first[0])) * DAY_MS));
}
