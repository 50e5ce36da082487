import type { CoalesceCandidate } from "../../src/domain/coalesce.ts";
import type { Document } from "../../src/domain/document.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { Event } from "../../src/domain/event.ts";
import { lookupOf } from "../../src/domain/lookup.ts";
import { type Known, type Resolution, type Rules, resolve } from "../../src/domain/resolve.ts";
import { aReceipt, NEW_YEAR } from "../support/builders.ts";

/** A store's knowledge, in memory: learns each resolution, and answers lookups. */
export function createMemory(given: Rules) {
  const rules = { ...given };
  const documents = new Map<string, Document>();
  const links = new Map<string, string>();
  const events = new Map<string, readonly string[]>();
  const merged = new Map<string, string>();
  const candidates = new Map<string, Map<string, CoalesceCandidate>>();
  const all: Event[] = [];
  const inChannel = (channel: string, key: string) => `${channel} ${key}`;

  function knownTo(channel: string, receivedAt: number, drafts: readonly Draft[]): Known {
    const { dedupeKeys, nearKeys, coalesce } = lookupOf(aReceipt({ channel, receivedAt }), drafts, rules);
    return {
      documents,
      links,
      events: new Map(
        dedupeKeys.flatMap((key) => (events.has(key) ? [[key, events.get(key) ?? []] as const] : [])),
      ),
      merged: new Map(
        nearKeys.flatMap((key) => {
          const event = merged.get(inChannel(channel, key));
          return event === undefined ? [] : [[key, event] as const];
        }),
      ),
      candidates: new Map(
        coalesce.map(({ coalesceKey: name, from, to }) => [
          name,
          [...(candidates.get(name)?.values() ?? [])].filter(({ at }) => at >= from && at <= to),
        ]),
      ),
    };
  }

  function learn({ events: added, ...resolved }: Resolution): void {
    for (const document of resolved.documents) documents.set(document.id, document);
    for (const { signer, document } of resolved.links) links.set(signer, document);
    for (const { event, dedupeKey } of added) {
      all.push(event);
      events.set(event.id, [event.id]);
      if (dedupeKey !== event.id) events.set(dedupeKey, [...(events.get(dedupeKey) ?? []), event.id]);
    }
    for (const [name, changed] of resolved.candidates) {
      const known = candidates.get(name) ?? new Map();
      for (const one of changed) known.set(one.id, one);
      candidates.set(name, known);
    }
    for (const { key, channel } of resolved.channelKeys.removed) merged.delete(inChannel(channel, key));
    for (const { event, key, channel } of resolved.channelKeys.added)
      if (event !== key) merged.set(inChannel(channel, key), event);
  }

  function reportAt(receivedAt: number, ...drafts: readonly Draft[]): Resolution {
    const [first] = drafts;
    if (!first) throw new Error("no draft names the channel");
    const { channel } = first;
    const receipt = aReceipt({ channel, receivedAt });
    const resolved = resolve(receipt, drafts, knownTo(channel, receivedAt, drafts), rules);
    learn(resolved);
    return resolved;
  }

  return {
    /** For the next request. */
    rules,
    /** All events, in the order in which they were resolved. */
    events: all as readonly Event[],
    documents: documents as ReadonlyMap<string, Document>,
    /** One request of the drafts' channel, received at that time in milliseconds since 1970. */
    reportAt,
    /** The same at New Year. */
    report: (...drafts: readonly Draft[]) => reportAt(NEW_YEAR, ...drafts),
  };
}
