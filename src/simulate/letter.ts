import type { Chance } from "./chance.ts";
import type { Happening, Life } from "./life.ts";

/** What can go wrong between a provider and a bridge; each is drawn for some of the posts. */
export const FAULTS = ["repeat", "reorder", "late", "forge", "drop", "truncate", "burst"] as const;
export type Fault = (typeof FAULTS)[number];

/** A post before it is signed. */
export interface Letter {
  id: string;
  channel: string;
  /** Letters of one lane are sent one after the other. */
  lane: string;
  /** When it is sent, by the provider's clock, milliseconds since 1970. */
  at: number;
  query: Readonly<Record<string, string>>;
  body: string;
  /** Of the body so many characters may be left, at most, for nothing to be readable in it. */
  fragile: number;
  /** The happenings that it tells: none where it is forged. */
  tells: readonly Happening[];
  /** What it is about, or pretends to be. */
  documents: readonly string[];
  faults: readonly Fault[];
}

export interface Credentials {
  /** What bodies are signed with. */
  secret: string;
  /** What the URL carries; null: nothing. */
  token: string | null;
}

/** How a provider works. Pure: chance is an argument. */
export interface Provider {
  channels: readonly string[];
  /** How long it waits before each further try where the answer was not 200, in milliseconds. */
  retries: readonly number[];
  live(signers: number, start: number, chance: Chance): Life;
  /** All that it posts about these documents, over these channels. */
  tell(lives: readonly Life[], how: Telling): NewLetter[];
  /** What makes a letter genuine. */
  seal(letter: Pick<Letter, "channel" | "body" | "documents">, credentials: Credentials): Seal;
}

export interface Telling {
  channels: readonly string[];
  chanceOf(what: string): Chance;
  /** When it all begins, milliseconds since 1970. */
  start: number;
  /** How often a batch is sent, in milliseconds. */
  every: number;
  /** By how much two channels' times of one happening may differ, in milliseconds. */
  skew: number;
}

export type NewLetter = Omit<Letter, "id" | "faults">;

export interface Seal {
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
}

/** When letters of one lane are sent: soon after what they tell, and in its order. */
export function sendingTimes(chance: Chance): (time: number) => number {
  let last = 0;
  return (time) => {
    last = Math.max(last + 1, time + chance.int(50, 2_000));
    return last;
  };
}
