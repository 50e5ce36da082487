import type { Concern } from "../../src/concern/concern.ts";
import { evaluate } from "../../src/concern/evaluate.ts";
import { retriesOf } from "../../src/concern/provider-retries.ts";
import type {
  ChannelSituation,
  ChannelTally,
  DestinationSituation,
  DocumentSituation,
  Situation,
  SourceSituation,
} from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import type { EventType } from "../../src/domain/event.ts";

/** Situations in which all is well: each test takes what it is about and changes that. */

/** A Wednesday noon: 2026-03-04T12:00:00Z. */
export const NOW = at("2026-03-04 12:00");

/** A moment in UTC, such as `2026-03-04 12:00`. */
export function at(text: string): number {
  return Date.parse(`${text.replace(" ", "T")}:00Z`);
}

const TELLS: readonly EventType[] = [
  ...(["document.created", "document.sent", "document.completed", "document.downloadable"] as const),
  ...(["document.expired", "signer.viewed", "signer.signed"] as const),
];

export function aSituation(given: Partial<Situation> = {}): Situation {
  return {
    now: NOW,
    stuckAfter: 14 * DAY_MS,
    sources: [aSource()],
    channels: [],
    destinations: [],
    documents: [],
    unknownWords: [],
    clockJumps: [],
    disk: null,
    lastStop: null,
    proofs: [],
    ...given,
  };
}

export function aSource(given: Partial<SourceSituation> = {}): SourceSituation {
  const name = given.name ?? "lumin";
  const provider = given.provider ?? name;
  return { name, provider, since: 0, tells: new Set(TELLS), retries: retriesOf(provider), ...given };
}

/** Without a request so far. */
export function aChannel(given: Partial<ChannelSituation> = {}): ChannelSituation {
  const source = given.source ?? "lumin";
  return {
    source,
    name: "account",
    provider: source,
    verified: true,
    since: NOW - HOUR_MS,
    expectEvery: null,
    tallies: [],
    newestGenuine: null,
    refused: null,
    olderSecret: null,
    problems: null,
    ...given,
  };
}

/** How many requests come in the hour that begins at that moment. */
export type Rhythm = (hour: number) => number;

/** Six requests in each hour from 8 to 17 o'clock UTC, Monday to Friday. */
export const OFFICE: Rhythm = (hour) => {
  const date = new Date(hour);
  const isWorkday = date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
  return isWorkday && date.getUTCHours() >= 8 && date.getUTCHours() < 17 ? 6 : 0;
};

/** Ten requests in every hour of the day and the night. */
export const MACHINES: Rhythm = () => 10;

export interface Past {
  rhythm?: Rhythm;
  /** How long requests came. */
  weeks?: number;
  /** The newest request, in the hour of which the others of that hour came before. */
  until: number;
}

/** A channel to which requests came by a rhythm. */
export function aBusyChannel(
  { rhythm = OFFICE, weeks = 8, until }: Past,
  given: Partial<ChannelSituation> = {},
) {
  const from = until - weeks * 7 * DAY_MS;
  return aChannel({
    since: from,
    tallies: talliesOf(rhythm, from, until),
    newestGenuine: until,
    ...given,
  });
}

export function talliesOf(rhythm: Rhythm, from: number, until: number): ChannelTally[] {
  const tallies: ChannelTally[] = [];
  for (let hour = Math.floor(from / HOUR_MS) * HOUR_MS; hour <= until; hour += HOUR_MS) {
    const count = rhythm(hour);
    const newest = Math.min(until, hour + 59 * MINUTE_MS);
    if (count > 0) tallies.push({ hour, outcome: "accepted", count, newest });
  }
  return tallies;
}

export function aDestination(given: Partial<DestinationSituation> = {}): DestinationSituation {
  return {
    name: "crm",
    waitingLimit: HOUR_MS,
    open: 0,
    oldest: null,
    parked: [],
    breaker: null,
    paused: null,
    tallies: [],
    neverTaken: [],
    ...given,
  };
}

/** Sent an hour ago to one signer. */
export function aStoredDocument(given: Partial<DocumentSituation> = {}): DocumentSituation {
  return {
    source: "lumin",
    id: "doc-1",
    status: "sent",
    statusAt: NOW - HOUR_MS,
    firstAt: NOW - HOUR_MS,
    sentAt: NOW - HOUR_MS,
    expiresAt: null,
    downloadable: false,
    signers: [aSignerOf("sent")],
    told: ["document.created", "document.sent"],
    ...given,
  };
}

export function aSignerOf(
  status: DocumentSituation["signers"][number]["status"],
  given: Partial<DocumentSituation["signers"][number]> = {},
): DocumentSituation["signers"][number] {
  return { status, statusAt: NOW - HOUR_MS, role: "signer", listed: true, ...given };
}

/** One thing that a rule looks at, and the ids of the concerns that it gives. */
export interface Case {
  title: string;
  given: Partial<Situation>;
  expected: readonly string[];
}

export function idsOf(given: Partial<Situation>): string[] {
  return evaluate(aSituation(given)).map(({ id }) => id);
}

/** The concern with that id, or an error with those that there are. */
export function concernOf(given: Partial<Situation>, id: string): Concern {
  const concerns = evaluate(aSituation(given));
  const found = concerns.find((concern) => concern.id === id);
  if (!found) throw new Error(`there is no ${id} among ${concerns.map((one) => one.id).join(", ")}`);
  return found;
}
