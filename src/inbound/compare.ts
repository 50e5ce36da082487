import type { Event } from "../domain/event.ts";
import { isPlainObject } from "../domain/plain-object.ts";
import type { Mapping } from "../mapping/compile.ts";
import type { Channel } from "./channel.ts";
import { type Preview, type PreviewLimits, type PreviewRequest, preview, previewInTurns } from "./preview.ts";

/** What a new mapping would change in the reading of stored requests. */

/** One difference between the present and the new mapping's reading of the same stored request. */
export interface Difference {
  receipt: string;
  /** `fails`: only the present mapping can read an item; `reads`: only the new one can. */
  kind: DifferenceKind;
  /** In words: the event with what changes, or what could not be read. */
  text: string;
  /** The event's id; null: it is about something that could not be read. */
  event: string | null;
  /** The parts of the event that change, such as `document.title`. */
  fields: readonly string[];
}

export const DIFFERENCES = ["changes", "appears", "vanishes", "fails", "reads"] as const;
export type DifferenceKind = (typeof DIFFERENCES)[number];

/** A stored request as both mappings read it. */
export interface ComparedRequest extends Pick<PreviewRequest, "source" | "receivedAt" | "verified"> {
  /** Of its receipt. */
  id: string;
  query: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

type Present = Pick<Channel, "name" | "mapping" | "rules">;

/** Reads the request with both mappings, where nothing else runs. */
export function compare(request: ComparedRequest, present: Present, next: Mapping): Difference[] {
  const rules = next.channels.get(present.name);
  if (!rules) return [withoutChannel(request, present)];
  const before = preview({ ...request, mapping: present.mapping, rules: present.rules });
  return differences(request.id, before, preview({ ...request, mapping: next, rules }));
}

/** The same in a running bridge: with turns for other requests in between, and with its limits. */
export async function compareInTurns(
  request: ComparedRequest,
  present: Present,
  next: Mapping,
  limits: PreviewLimits,
): Promise<Difference[]> {
  const rules = next.channels.get(present.name);
  if (!rules) return [withoutChannel(request, present)];
  const before = await previewInTurns({ ...request, mapping: present.mapping, rules: present.rules }, limits);
  return differences(request.id, before, await previewInTurns({ ...request, mapping: next, rules }, limits));
}

function withoutChannel({ id }: ComparedRequest, { name }: Present): Difference {
  const text = `the new mapping has no channel ${name}`;
  return { receipt: id, kind: "fails", text, event: null, fields: [] };
}

/** What differs between two readings of the receipt's request. */
export function differences(receipt: string, before: Preview, after: Preview): Difference[] {
  const old = byId(before);
  const now = byId(after);
  const [wrongBefore, wrongAfter] = [messagesOf(before), messagesOf(after)];
  const about = (kind: DifferenceKind, event: Event, fields: readonly string[] = []): Difference => {
    const text = fields.length === 0 ? nameOf(event) : `${nameOf(event)}: ${fields.join(", ")}`;
    return { receipt, kind, text, event: event.id, fields };
  };
  const wrong = (kind: DifferenceKind, texts: ReadonlySet<string>, known: ReadonlySet<string>) =>
    [...texts]
      .filter((text) => !known.has(text))
      .map((text): Difference => ({ receipt, kind, text, event: null, fields: [] }));
  return [
    ...[...old].filter(([id]) => !now.has(id)).map(([, event]) => about("vanishes", event)),
    ...[...now].filter(([id]) => !old.has(id)).map(([, event]) => about("appears", event)),
    ...[...now].flatMap(([id, event]) => {
      const fields = changesOf(old.get(id), event);
      return fields.length > 0 ? [about("changes", event, fields)] : [];
    }),
    ...wrong("fails", wrongAfter, wrongBefore),
    ...wrong("reads", wrongBefore, wrongAfter),
  ];
}

function byId({ items }: Preview): Map<string, Event> {
  return new Map(items.flatMap(({ events }) => events).map((event) => [event.id, event]));
}

function messagesOf({ problems }: Preview): Set<string> {
  return new Set(problems.map(({ message }) => message));
}

/** Parts that say nothing of what happened: the mapping's name, and the place among events of a dry run. */
const IGNORED: ReadonlySet<string> = new Set(["provenance", "sequence"]);

/** The parts of an event that differ; of a part with members, the members. */
function changesOf(before: Event | undefined, after: Event): string[] {
  if (!before) return [];
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after).flatMap(([key, value]) =>
    IGNORED.has(key) ? [] : changedIn(key, old.get(key), value),
  );
}

function changedIn(key: string, before: unknown, after: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isPlainObject(before) || !isPlainObject(after)) return [key];
  const old = new Map(Object.entries(before));
  const members = Object.entries(after).filter(
    ([member, value]) => JSON.stringify(value) !== JSON.stringify(old.get(member)),
  );
  return members.map(([member]) => `${key}.${member}`);
}

function nameOf({ type, code, id }: Event): string {
  return `${type} (${[code.object, code.value].filter((part) => part !== null).join(" ")}) ${id}`;
}
