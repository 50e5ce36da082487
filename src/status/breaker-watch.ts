import { z } from "zod";
import type { Breaker, Opening } from "../domain/breaker.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

const OpeningNote: z.ZodType<Opening> = z.strictObject({
  openedAt: z.int(),
  closedAt: z.int().nullable(),
  failures: z.int(),
  probes: z.int(),
  failing: z.literal("token_endpoint").optional(),
});
const Openings = z.strictObject({ openings: z.array(OpeningNote) });

/** Of one destination. */
const MAX_OPENINGS = 30;

/** When the circuit breakers of destinations were open. */
export interface BreakerWatch {
  /** Told of each change of a breaker by an attempt of this node. Does not wait for the store. */
  changed(destination: string, before: Breaker, after: Breaker): void;
  /** Writes what could not be written when it was told. */
  write(): Promise<void>;
  /** The newest first, by destination. */
  openings(): Promise<ReadonlyMap<string, readonly Opening[]>>;
}

export function createBreakerWatch(store: Notes, now: () => number): BreakerWatch {
  const noted = createNoted(store, "breaker_openings", Openings);
  let told: { destination: string; opening: Opening }[] = [];
  let writing = Promise.resolve();

  async function writeAll(): Promise<void> {
    for (let next = told[0]; next; next = told[0]) {
      const { destination, opening } = next;
      await noted.change(destination, (known) => ({ openings: withOpening(known?.openings ?? [], opening) }));
      told = told.slice(1);
    }
  }

  function write(): Promise<void> {
    writing = writing.catch(() => {}).then(writeAll);
    return writing;
  }

  return {
    changed(destination, before, after) {
      const opening = openingOf(before, after, now());
      if (opening === null) return;
      told.push({ destination, opening });
      // What fails now is written with the next beat.
      write().catch(() => {});
    },
    write,
    async openings() {
      await write();
      const all = await noted.all();
      return new Map(all.map(({ key, value }) => [key, value.openings.toReversed()]));
    },
  };
}

/** What a change of a breaker tells; null: nothing, or an earlier version opened it. */
function openingOf(before: Breaker, after: Breaker, at: number): Opening | null {
  const hasOpened = before.probeAt === null && after.probeAt !== null;
  const hasClosed = before.probeAt !== null && after.probeAt === null;
  const { openedAt, failures, probes, failing } = hasOpened ? after : before;
  if (!(hasOpened || hasClosed) || openedAt === undefined) return null;
  const closedAt = hasClosed ? at : null;
  return { openedAt, closedAt, failures, probes, ...(failing !== undefined && { failing }) };
}

/** In the order of their beginnings. */
function withOpening(known: readonly Opening[], opening: Opening): Opening[] {
  const others = known.filter(({ openedAt }) => openedAt !== opening.openedAt);
  return [...others, opening].sort((one, other) => one.openedAt - other.openedAt).slice(-MAX_OPENINGS);
}
