import { retriesOf } from "../../src/concern/provider-retries.ts";
import type {
  ChannelSituation,
  ChannelTally,
  DestinationSituation,
  DocumentSituation,
  Situation,
} from "../../src/concern/situation.ts";
import type { EventType } from "../../src/domain/event.ts";

/** Situations for the rules: a bridge that works, with one thing changed. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Wednesday, noon. */
export const NOW = Date.UTC(2026, 5, 17, 12);

const TELLS: ReadonlySet<EventType> = new Set<EventType>([
  "document.sent",
  "document.completed",
  "document.expired",
  "signer.signed",
]);

export function aSituation(changed: Partial<Situation> = {}): Situation {
  return {
    now: NOW,
    stuckAfter: 14 * DAY,
    sources: [
      {
        ...{ name: "legalesign", provider: "legalesign", since: NOW - 365 * DAY },
        ...{ tells: TELLS, retries: retriesOf("legalesign") },
      },
    ],
    channels: [],
    destinations: [],
    documents: [],
    unknownWords: [],
    clockJumps: [],
    disk: null,
    lastStop: null,
    ...changed,
  };
}

export function aChannel(changed: Partial<ChannelSituation> = {}): ChannelSituation {
  return {
    ...{ source: "legalesign", name: "realtime", provider: "legalesign", verified: true },
    ...{ since: NOW - 100 * DAY, expectEvery: null, tallies: [], newestGenuine: NOW - HOUR },
    ...{ refused: null, olderSecret: null, problems: null },
    ...changed,
  };
}

export function aDestination(changed: Partial<DestinationSituation> = {}): DestinationSituation {
  return {
    ...{ name: "crm", waitingLimit: null, open: 0, oldest: null, parked: [], breaker: null, paused: null },
    ...{ tallies: [], neverTaken: [] },
    ...changed,
  };
}

export function aSituationDocument(changed: Partial<DocumentSituation> = {}): DocumentSituation {
  return {
    ...{ source: "legalesign", id: "d1", status: "sent", statusAt: NOW - DAY, firstAt: NOW - DAY },
    ...{ sentAt: NOW - DAY, expiresAt: null, downloadable: false, signers: [] },
    told: ["document.sent"],
    ...changed,
  };
}

/**
 * Tallies of a channel on which something comes in every hour of the working day, from `days` before `until`
 * up to that moment.
 */
export function officeHours(until: number, days: number, random: () => number): ChannelTally[] {
  const tallies: ChannelTally[] = [];
  for (let hour = until - days * DAY; hour <= until; hour += HOUR) {
    const at = new Date(hour);
    const works =
      at.getUTCDay() >= 1 && at.getUTCDay() <= 5 && at.getUTCHours() >= 8 && at.getUTCHours() < 18;
    const count = works ? 3 + Math.floor(random() * 12) : random() < 0.02 ? 1 : 0;
    if (count > 0) tallies.push({ hour, outcome: "accepted", count, newest: hour + HOUR * random() });
  }
  return tallies;
}

/** A seeded random number generator (mulberry32): numbers from 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
}
