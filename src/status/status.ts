import { setImmediate } from "node:timers/promises";
import type { Concern } from "../concern/concern.ts";
import { evaluating } from "../concern/evaluate.ts";
import { retriesOf } from "../concern/provider-retries.ts";
import type { Situation } from "../concern/situation.ts";
import type { EventType } from "../domain/event.ts";
import type { Channel } from "../inbound/channel.ts";
import type { Destination } from "../outbound/destination.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import { lookAtChannels } from "./channels.ts";
import { lookAtDestinations } from "./destinations.ts";
import { lookAtDocuments, unknownWords, usualTypes } from "./documents.ts";

/** What needs a person, from what the store holds and the configuration in force. */
export interface Status {
  /**
   * At most `fresh` milliseconds old, by default 5,000: a crowd of callers costs what one does. Rejects as
   * the store does.
   */
  concerns(fresh?: number): Promise<readonly Concern[]>;
}

export interface StatusParts {
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
}

const HOUR_MS = 3_600_000;
/** A habit is learned from this long. */
const HABIT_MS = 8 * 7 * 24 * HOUR_MS;
const FRESH_MS = 5_000;

export function createStatus(parts: StatusParts): Status {
  const startedAt = parts.now();
  const types = createTypeMemory(parts);
  let newest: { at: number; concerns: Promise<readonly Concern[]> } | null = null;

  async function look(): Promise<readonly Concern[]> {
    const steps = evaluating(await lookAtAll(parts, startedAt, types));
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      await setImmediate();
    }
  }

  return {
    concerns(fresh = FRESH_MS) {
      const at = parts.now();
      if (newest && Math.abs(at - newest.at) < fresh) return newest.concerns;
      const concerns = look();
      const mine = { at, concerns };
      newest = mine;
      concerns.catch(() => {
        if (newest === mine) newest = null;
      });
      return concerns;
    },
  };
}

type TypesOf = (source: string) => Promise<ReadonlySet<EventType>>;

/** What a source usually tells changes slowly, and costs a page of events to find out. */
function createTypeMemory({ store, now }: StatusParts): TypesOf {
  const known = new Map<string, { at: number; types: ReadonlySet<EventType> }>();
  return async (source) => {
    const there = known.get(source);
    if (there && Math.abs(now() - there.at) < HOUR_MS) return there.types;
    const types = await usualTypes(store, source);
    known.set(source, { at: now(), types });
    return types;
  };
}

async function lookAtAll(parts: StatusParts, startedAt: number, typesOf: TypesOf): Promise<Situation> {
  const { store } = parts;
  await parts.written();
  const now = parts.now();
  const tallies = await store.tallies({ from: now - HABIT_MS });
  const all = parts.channels();
  const channels = await lookAtChannels({
    ...{ store, channels: all, startedAt, now },
    tallies: tallies.requests,
  });
  const destinations = await lookAtDestinations({
    ...{ store, destinations: parts.destinations(), states: parts.states() },
    tallies: tallies.deliveries,
  });
  const documents = await lookAtDocuments(store);
  const sources: Situation["sources"][number][] = [];
  for (const { source: name, mapping } of new Map(all.map((one) => [one.source, one])).values())
    sources.push({
      ...{ name, provider: mapping.provider },
      // Whole histories of documents are not looked at, so nothing is judged by what they lack.
      since: now,
      tells: await typesOf(name),
      retries: retriesOf(mapping.provider),
    });
  return {
    ...{ now, stuckAfter: parts.stuckAfter(), sources, channels, destinations, documents },
    unknownWords: await unknownWords(store, now),
    clockJumps: [],
    disk: null,
    lastStop: null,
  };
}
