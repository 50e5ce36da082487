import type { CoalesceCandidate } from "../../src/domain/coalesce.ts";
import type { Document } from "../../src/domain/document.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { Event } from "../../src/domain/event.ts";
import { questionsOf } from "../../src/domain/lookup.ts";
import { type Known, type Rules, type Unfolded, unfold } from "../../src/domain/unfold.ts";
import { aReceipt, NEW_YEAR } from "../support/builders.ts";

/** What a store would know, in memory: remembers what was unfolded, and answers what is asked for. */
export function createMemory(given: Rules) {
  const rules = { ...given };
  const documents = new Map<string, Document>();
  const links = new Map<string, string>();
  const events = new Map<string, readonly string[]>();
  const merged = new Map<string, string>();
  const kin = new Map<string, Map<string, CoalesceCandidate>>();
  const all: Event[] = [];
  const inChannel = (channel: string, key: string) => `${channel} ${key}`;

  function knownTo(channel: string, receivedAt: number, drafts: readonly Draft[]): Known {
    const { keys, nearKeys, kins } = questionsOf(aReceipt({ channel, receivedAt }), drafts, rules);
    return {
      documents,
      links,
      events: new Map(
        keys.flatMap((key) => (events.has(key) ? [[key, events.get(key) ?? []] as const] : [])),
      ),
      merged: new Map(
        nearKeys.flatMap((key) => {
          const event = merged.get(inChannel(channel, key));
          return event === undefined ? [] : [[key, event] as const];
        }),
      ),
      kin: new Map(
        kins.map(({ kin: name, from, to }) => [
          name,
          [...(kin.get(name)?.values() ?? [])].filter(({ at }) => at >= from && at <= to),
        ]),
      ),
    };
  }

  function learn({ events: born, ...unfolded }: Unfolded): void {
    for (const document of unfolded.documents) documents.set(document.id, document);
    for (const { signer, document } of unfolded.links) links.set(signer, document);
    for (const { event, key } of born) {
      all.push(event);
      events.set(event.id, [event.id]);
      if (key !== event.id) events.set(key, [...(events.get(key) ?? []), event.id]);
    }
    for (const [name, candidates] of unfolded.kin) {
      const known = kin.get(name) ?? new Map();
      for (const one of candidates) known.set(one.id, one);
      kin.set(name, known);
    }
    for (const { key, channel } of unfolded.channelKeys.removed) merged.delete(inChannel(channel, key));
    for (const { event, key, channel } of unfolded.channelKeys.added)
      if (event !== key) merged.set(inChannel(channel, key), event);
  }

  function tellAt(receivedAt: number, ...drafts: readonly Draft[]): Unfolded {
    const channel = drafts[0]?.channel ?? "";
    const receipt = aReceipt({ channel, receivedAt });
    const unfolded = unfold(receipt, drafts, knownTo(channel, receivedAt, drafts), rules);
    learn(unfolded);
    return unfolded;
  }

  return {
    /** By which the next request is unfolded. */
    rules,
    /** The events in the order in which they were made. */
    events: all as readonly Event[],
    documents: documents as ReadonlyMap<string, Document>,
    /** One request of the drafts' channel, received at that time in milliseconds since 1970. */
    tellAt,
    /** The same at New Year. */
    tell: (...drafts: readonly Draft[]) => tellAt(NEW_YEAR, ...drafts),
  };
}
