import { retriesOf } from "../concern/provider-retries.ts";
import type { Disk, DocumentSituation, Situation } from "../concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../concern/words.ts";
import type { Channel } from "../inbound/channel.ts";
import type { Destination } from "../outbound/destination.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Tallies } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { lookAtChannels } from "./channels.ts";
import { lookAtDestinations } from "./destinations.ts";
import { documentsUnderWay, documentsWithGaps, unknownWords, usualTypes } from "./documents.ts";
import type { SecretWatch } from "./secret-watch.ts";
import { createTallyMemory } from "./tally-memory.ts";
import type { Uptime } from "./uptime.ts";

/** Gathers what the rules for concerns look at. */

export interface LookParts {
  store: Store;
  /** Resolves once the refused requests that were answered before are stored. */
  written(): Promise<void>;
  channels(): readonly Channel[];
  destinations(): readonly Destination[];
  states(): readonly DestinationState[];
  /** How long a document may be under way, milliseconds. */
  stuckAfter(): number;
  /** Milliseconds since 1970. */
  now(): number;
  uptime: Pick<Uptime, "lastStop" | "clockJumps">;
  secrets: Pick<SecretWatch, "olderSecrets">;
  disk(): Promise<Disk | null>;
}

/** A habit is learned from this long. */
const HABIT_MS = 8 * 7 * DAY_MS;
/** How old what is known of documents may be where nobody asks for it: their rules are about days. */
const DOCUMENTS_MS = 10 * MINUTE_MS;

/**
 * `look(true)`: somebody asks, so everything is as of now. Otherwise what changes slowly, and costs most to
 * find out, is looked at now and then.
 */
export function createLook(parts: LookParts): (isAsked: boolean) => Promise<Situation> {
  const { store, uptime } = parts;
  const startedAt = parts.now();
  const memory = createTallyMemory(store, HABIT_MS);
  const typesOf = remembering(HOUR_MS, parts, (source) => usualTypes(store, source, parts.now()));
  const begunOf = remembering(DAY_MS, parts, (source) => beginOf(source, store));
  let documents: { at: number; found: readonly DocumentSituation[] } | null = null;

  async function sourcesAt(now: number, tallies: Tallies): Promise<Situation["sources"]> {
    const first = new Map(tallies.requests.toReversed().map(({ source, hour }) => [source, hour]));
    const sources: Situation["sources"][number][] = [];
    for (const { source: name, mapping } of new Map(
      parts.channels().map((one) => [one.source, one]),
    ).values())
      sources.push({
        ...{ name, provider: mapping.provider },
        since: Math.min(now, first.get(name) ?? now, (await begunOf(name)) ?? now),
        tells: await typesOf(name),
        retries: retriesOf(mapping.provider),
      });
    return sources;
  }

  async function documentsAt(now: number, sources: Situation["sources"], isAsked: boolean) {
    if (!isAsked && documents && Math.abs(now - documents.at) < DOCUMENTS_MS) return documents.found;
    const found = await documentsUnderWay(store);
    for (const { name, tells } of sources) found.push(...(await documentsWithGaps(store, name, tells, now)));
    documents = { at: now, found };
    return found;
  }

  return async (isAsked) => {
    await parts.written();
    const now = parts.now();
    const tallies = await memory(now);
    const channels = await lookAtChannels({
      ...{ store, channels: parts.channels(), tallies: tallies.requests, startedAt, now },
      olderSecrets: await parts.secrets.olderSecrets(),
    });
    const destinations = await lookAtDestinations({
      ...{ store, destinations: parts.destinations(), states: parts.states() },
      tallies: tallies.deliveries,
    });
    const sources = await sourcesAt(now, tallies);
    return {
      ...{ now, stuckAfter: parts.stuckAfter(), sources, channels, destinations },
      documents: await documentsAt(now, sources, isAsked),
      unknownWords: await unknownWords(store, now),
      clockJumps: await uptime.clockJumps(),
      disk: await parts.disk(),
      lastStop: await uptime.lastStop(),
      proofs: await store.newestProofs(),
    };
  };
}

/** When the oldest stored request of a source came; null: none is stored. */
async function beginOf(source: string, store: Store): Promise<number | null> {
  const { items } = await store.findReceipts({ source }, { limit: 1 });
  return items[0]?.receivedAt ?? null;
}

/** What is found out of a source, kept for some time. */
function remembering<T>(
  ms: number,
  { now }: Pick<LookParts, "now">,
  find: (source: string) => Promise<T>,
): (source: string) => Promise<T> {
  const known = new Map<string, { at: number; value: T }>();
  return async (source) => {
    const there = known.get(source);
    if (there && Math.abs(now() - there.at) < ms) return there.value;
    const value = await find(source);
    known.set(source, { at: now(), value });
    return value;
  };
}
