import { z } from "zod";
import { canSign, type Event } from "../domain/event.ts";
import type { TableWord, TableWords } from "../mapping/words.ts";

/** Which words of a mapping's tables occur in recorded events. */

export interface Sightings {
  /** By `keyOf` of the table's word. */
  seen: Map<string, Sighting>;
  /** Words that no table has, by object and word; at most `MAX_UNKNOWN`. */
  unknown: Map<string, Sighting>;
}

export interface Sighting {
  count: number;
  /** When the newest of the events was recorded, milliseconds since 1970. */
  newest: number;
  /** The id of that event. */
  event: string;
}

/** More unknown words are not told apart: a provider that sends such has no words. */
const MAX_UNKNOWN = 200;

export function keyOf({ table, word }: Pick<TableWord, "table" | "word">): string {
  return JSON.stringify([table, word]);
}

/** Finds the words of a mapping by what they are. */
export function indexOf({ words, choices }: TableWords): WordIndex {
  const byWord = Map.groupBy(words, ({ word }) => word);
  return { byWord, choices };
}

interface WordIndex {
  byWord: ReadonlyMap<string, readonly TableWord[]>;
  choices: TableWords["choices"];
}

/** Adds events to what was seen so far. */
export function look(events: readonly Event[], index: WordIndex, all: Sightings): void {
  for (const event of events) {
    const { code, recordedAt, id } = event;
    const words = wordsBehind(event, index);
    const sighting = { count: 1, newest: Date.parse(recordedAt), event: id };
    for (const word of words) add(all.seen, keyOf(word), sighting);
    const key = [code.object, code.value].filter((part) => part !== null).join(" ");
    const isUnknown = words.length === 0 && event.type === "unknown";
    if (isUnknown && (all.unknown.has(key) || all.unknown.size < MAX_UNKNOWN))
      add(all.unknown, key, sighting);
  }
}

/**
 * The word that the event comes of: of several tables that have it, the first in which its channel looks it
 * up. A table whose name the item gives has the name of the event's object, or it cannot be told which it
 * was.
 */
function wordsBehind(event: Event, { byWord, choices }: WordIndex): readonly TableWord[] {
  const fitting = (byWord.get(event.code.value) ?? []).filter((word) => fits(event, word));
  for (const choice of choices.get(event.channel) ?? []) {
    const chosen = fitting.find(({ table }) => table === (choice ?? event.code.object));
    if (chosen) return [chosen];
  }
  return fitting;
}

/** Whether the event can come of the word: tables of other objects have the same words. */
function fits({ type, code, signer }: Event, { types, meanings }: TableWord): boolean {
  if (types.includes(type)) return true;
  if (type !== "unknown") return false;
  if (code.meaning !== null) return meanings.includes(code.meaning);
  // Who cannot sign has not signed, whatever the provider's word is.
  return types.includes("signer.signed") && signer !== null && !canSign(signer.role);
}

function add(to: Map<string, Sighting>, key: string, { count, newest, event }: Sighting): void {
  const before = to.get(key);
  if (!before) to.set(key, { count, newest, event });
  else
    to.set(key, {
      count: before.count + count,
      ...(newest > before.newest ? { newest, event } : { newest: before.newest, event: before.event }),
    });
}

const Sighting = z.strictObject({ count: z.int().min(1), newest: z.number(), event: z.string() });
const Kept = z.strictObject({
  seen: z.array(z.tuple([z.string(), Sighting])).max(5_000),
  unknown: z.array(z.tuple([z.string(), Sighting])).max(MAX_UNKNOWN),
});

/** What was seen as a text that a form carries to the next page. */
export function toText({ seen, unknown }: Sightings): string {
  return JSON.stringify({ seen: [...seen], unknown: [...unknown] });
}

/** The reverse. Null: the text is none of ours. */
export function fromText(text: string): Sightings | null {
  try {
    const { seen, unknown } = Kept.parse(JSON.parse(text));
    return { seen: new Map(seen), unknown: new Map(unknown) };
  } catch {
    return null;
  }
}
