import type { Chance } from "./chance.ts";
import type { SimulatedHappening } from "./timeline.ts";

/** Faults between a provider and a bridge; each is injected into some of the posts. */
export const FAULTS = ["repeat", "reorder", "late", "forge", "drop", "truncate", "burst"] as const;
export type Fault = (typeof FAULTS)[number];

/** A post without credentials. */
export interface PlannedPost {
  id: string;
  channel: string;
  /** Posts of one lane are sent one after the other. */
  lane: string;
  /** When it is sent, by the provider's clock, milliseconds since 1970. */
  at: number;
  query: Readonly<Record<string, string>>;
  body: string;
  /** Nothing can be read from a body that is cut to this many characters or fewer. */
  unreadableLength: number;
  /** The happenings that it reports; empty: it is forged. */
  happenings: readonly SimulatedHappening[];
  /** The documents that it is about; of a forged post those that it imitates. */
  documents: readonly string[];
  faults: readonly Fault[];
}

/** A post as the provider's own code makes it, before it is numbered and faults are injected. */
export type PostDraft = Omit<PlannedPost, "id" | "faults">;

/** Maps a happening's time to its post's: soon after it, and later than every post before on the lane. */
export function sendingTimes(chance: Chance): (time: number) => number {
  let last = 0;
  return (time) => {
    last = Math.max(last + 1, time + chance.int(50, 2_000));
    return last;
  };
}
