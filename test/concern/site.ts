import { evaluate } from "../../src/concern/evaluate.ts";
import { retriesOf } from "../../src/concern/provider-retries.ts";
import type { ChannelSituation, ChannelTally, Situation, Stop } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { type Chance, createChance } from "../../src/simulate/chance.ts";
import { documentAt, type Life, livesOf } from "./lives.ts";
import {
  batchPosts,
  burstPosts,
  campaignPosts,
  documentPosts,
  machinePosts,
  quietPosts,
  realtimePosts,
  type Span,
  strangers,
} from "./posts.ts";
import { aDestination, aSource } from "./situations.ts";

/** A simulated site: channels of every kind, documents and destinations, as a bridge would see them. */

/** A post as it arrives. */
export interface Arrival {
  at: number;
  outcome: "accepted" | "refused";
}

export const CHANNELS = [
  { source: "legalesign", name: "realtime" },
  { source: "legalesign", name: "batch" },
  { source: "lumin", name: "account" },
  { source: "docusign", name: "connect" },
  { source: "dropbox-sign", name: "app" },
  { source: "yousign", name: "webhook" },
  { source: "zoho-sign", name: "webhook" },
] as const;
export const SOURCES = ["legalesign", "lumin", "docusign", "dropbox-sign", "yousign", "zoho-sign"] as const;

/**
 * What can be wrong at a simulated site, and by when it must be named. Moments are milliseconds since 1970.
 */
export interface Trouble {
  /** The ids that it must give, and no others. */
  ids: readonly string[];
  /** No id is named before, every one is from `namedBy` to `until`, and none from `overBy` on. */
  from: number;
  namedBy: number;
  until: number;
  overBy: number;
  /** What becomes of the posts of a channel. */
  divert?(channel: string, arrivals: readonly Arrival[]): Arrival[];
  /** Documents that are in trouble. */
  lives?: readonly Life[];
  /** The bridge does not run. */
  stop?: Stop;
  /** Anything else, at any moment. */
  alter?(situation: Situation): Situation;
}

export interface SiteParts {
  seed: string;
  /** The first evaluation, milliseconds since 1970. */
  from: number;
  /** How long requests came before it, milliseconds. */
  history: number;
  days: number;
  troubles: readonly Trouble[];
}

export interface Evaluation {
  now: number;
  ids: readonly string[];
}

/** What is named at every full hour. While the bridge is stopped, nothing is. */
export function* hourly({
  seed,
  from,
  history,
  days,
  troubles,
}: SiteParts): Generator<Evaluation, void, void> {
  const chance = createChance(seed);
  const span = { from: from - history, until: from + days * DAY_MS };
  const streams = arrivalsOf(span, chance).map((arrivals, index) => {
    const { source, name } = CHANNELS[index] ?? CHANNELS[0];
    const channel = `${source}/${name}`;
    return createStream(
      troubles.reduce((all, { divert }) => divert?.(channel, all) ?? all, arrivals),
      { source, name, provider: source, since: span.from },
    );
  });
  const lives = [...livesOf(span, SOURCES, chance), ...troubles.flatMap((trouble) => trouble.lives ?? [])];
  const habits = new Map();
  for (let now = from; now <= span.until; now += HOUR_MS) {
    if (troubles.some(({ stop }) => stop && now >= stop.from && now < stop.until)) continue;
    const calm = situationAt(now, span, streams, lives, chance);
    const situation = troubles.reduce((last, { alter }) => alter?.(last) ?? last, calm);
    yield { now, ids: evaluate(situation, habits).map(({ id }) => id) };
  }
}

/** Genuine posts and strangers', by channel. */
export function arrivalsOf(span: Span, chance: Chance): Arrival[][] {
  const realtime = realtimePosts(span, chance);
  const genuine = [
    realtime,
    batchPosts(realtime),
    burstPosts(span, chance),
    machinePosts(span, chance),
    quietPosts(span, chance),
    campaignPosts(span, chance),
    documentPosts(span, chance),
  ];
  return genuine.map((posts) =>
    inOrder([
      { at: span.from, outcome: "accepted" },
      ...posts.map((at): Arrival => ({ at, outcome: "accepted" })),
      ...strangers(span, chance).map((at): Arrival => ({ at, outcome: "refused" })),
    ]),
  );
}

export function inOrder(arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.toSorted((one, other) => one.at - other.at);
}

type Stream = ReturnType<typeof createStream>;

/** A channel as it is after each arrival. */
function createStream(
  arrivals: readonly Arrival[],
  given: Pick<ChannelSituation, "source" | "name" | "provider" | "since">,
) {
  const tallies: ChannelTally[] = [];
  let next = 0;
  let newestGenuine: number | null = null;
  let refused: ChannelSituation["refused"] = null;
  const take = ({ at, outcome }: Arrival) => {
    count(tallies, at, outcome);
    if (outcome === "accepted") {
      newestGenuine = at;
      refused = null;
    } else
      refused = { count: (refused?.count ?? 0) + 1, since: refused?.since ?? at, newest: at, check: "hmac" };
  };
  return {
    until(now: number): ChannelSituation {
      for (let arrival = arrivals[next]; arrival && arrival.at < now; arrival = arrivals[++next])
        take(arrival);
      const rest = { verified: true, expectEvery: null, olderSecret: null, problems: null };
      return { ...given, ...rest, tallies, newestGenuine, refused };
    },
  };
}

function count(tallies: ChannelTally[], at: number, outcome: ChannelTally["outcome"]): void {
  const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
  const last = [tallies.at(-1), tallies.at(-2)].find(
    (tally) => tally?.hour === hour && tally.outcome === outcome,
  );
  if (!last) tallies.push({ hour, outcome, count: 1, newest: at });
  else {
    last.count += 1;
    last.newest = at;
  }
}

/** With what is usual and needs nobody: short failures and pauses, a clock that is corrected, a restart. */
function situationAt(
  now: number,
  span: Span,
  streams: readonly Stream[],
  lives: readonly Life[],
  chance: Chance,
): Situation {
  const short = chance.int(1, 55) * MINUTE_MS;
  return {
    now,
    stuckAfter: 14 * DAY_MS,
    sources: SOURCES.map((name) => aSource({ name, since: span.from, retries: retriesOf(name) })),
    channels: streams.map((stream) => stream.until(now)),
    destinations: ["crm", "archive"].map((name) =>
      aDestination({
        name,
        ...(chance.happens(0.1) && {
          breaker: { since: now - short, failures: 10 },
          open: 3,
          oldest: now - short,
        }),
        ...(chance.happens(0.1) && { paused: { at: now - short, reason: "a new version" } }),
        tallies: [{ hour: now - HOUR_MS, outcome: "delivered", count: 20, newest: now - MINUTE_MS }],
        neverTaken: [{ type: "signer.downloaded", attempts: 4, since: now - DAY_MS, newest: now }],
      }),
    ),
    documents: lives.flatMap((life) => documentAt(life, now) ?? []),
    unknownWords: [],
    clockJumps: [{ at: now - short, by: chance.int(-9_000, 9_000) }],
    disk: { at: now, freeBytes: 50 * 1_024 ** 3, bytesPerDay: 1_024 ** 3 },
    lastStop: { from: now - short - 40_000, until: now - short },
    proofs: [],
  };
}
