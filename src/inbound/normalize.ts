import { type Draft, type Reopening, withRole } from "../domain/draft.ts";
import { type Code, type EventType, meaningOf } from "../domain/event.ts";
import { digest } from "../domain/identity.ts";
import { isPlainObject } from "../domain/plain-object.ts";
import type { Problem } from "../domain/receipt.ts";
import type { EventRule } from "../mapping/compile.ts";
import type { Scope } from "../mapping/field.ts";
import { MAX_ITEM_ELEMENTS } from "../mapping/path.ts";
import type { WordRule } from "../mapping/table.ts";
import { textAt } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import {
  type Complaint,
  type Facts,
  missing,
  missingFacts,
  overlongIds,
  readFacts,
  readField,
} from "./facts.ts";
import type { VerifiedRequest } from "./request.ts";

export interface Normalized {
  drafts: readonly Draft[];
  /** Required fields that are missing or wrong. Such an item makes no draft, and leaves other items alone. */
  problems: readonly Problem[];
}

/**
 * Translates items of a request into drafts. A word that no table has makes a draft of type `unknown`, an
 * ignored word none. `first` is the position of the first item in its request. Never throws, whatever the
 * items are.
 */
export function normalize(
  items: readonly unknown[],
  request: VerifiedRequest,
  channel: Omit<Channel, "checks">,
  first = 0,
): Normalized {
  const drafts: Draft[] = [];
  const problems: Problem[] = [];
  const { event, read } = channel.rules;
  const places: Places = (place) => textAt(request, place);
  for (const [index, item] of items.entries()) {
    const interpretation = interpretItem(item, places, event);
    const position = read.each === null ? null : first + index;
    problems.push(...interpretation.problems.map((problem) => ({ ...problem, item: position })));
    if (interpretation.types.length === 0) continue;
    const mark = markOf(item, interpretation);
    drafts.push(
      ...interpretation.types.map((type) => withRole(toDraft(type, interpretation, channel, mark))),
    );
  }
  return { drafts, problems };
}

/**
 * The digest that identifies an item without a time or an object; for others empty, since it costs more than
 * the rest.
 */
function markOf(item: unknown, { time, facts: { document, signer } }: Interpretation): string {
  const isVague = time === null || (document === null && signer === null);
  return isVague ? digest([JSON.stringify(item)]) : "";
}

type Places = Scope["textAt"];

/** The mapping's reading of one item. */
interface Interpretation {
  /** Empty where there are problems, or the word is ignored. */
  types: readonly EventType[];
  code: Code;
  reopens: Reopening | null;
  id: string | null;
  time: number | null;
  reason: string | null;
  facts: Facts;
  problems: readonly Complaint[];
}

function interpretItem(item: unknown, textAt: Places, event: EventRule): Interpretation {
  if (!isPlainObject(item))
    return unread({ kind: "invalid", field: null, message: "the item is not an object" });
  const scope: Scope = { item, textAt, budget: { left: MAX_ITEM_ELEMENTS } };
  const word = readWord(event.words, scope);
  if (word.problems.length === 0 && word.types.length === 0) return NOTHING;

  const id = readField(event.id, scope);
  const time = event.time?.read(scope) ?? null;
  const facts = readFacts(event, scope);
  const problems = [
    ...word.problems,
    ...missingFacts(word.types, event, facts),
    ...(event.id && id === null ? [missing(event.id.label)] : []),
    ...overlongIds(event, facts),
    ...checkTime(event, time),
  ];
  const reason = readField(event.reason, scope);
  return problems.length === 0 ? { ...word, id, time, reason, facts } : unread(...problems);
}

const NOTHING: Interpretation = {
  types: [],
  code: { object: null, value: "", name: null, meaning: null },
  reopens: null,
  id: null,
  time: null,
  reason: null,
  facts: { document: null, signer: null, signers: [] },
  problems: [],
};

function unread(...problems: Complaint[]): Interpretation {
  return { ...NOTHING, problems };
}

/**
 * The first word that is there, with its meaning. A word whose meaning depends on its object needs the object
 * too.
 */
function readWord(
  words: readonly WordRule[],
  scope: Scope,
): Pick<Interpretation, "types" | "code" | "reopens" | "problems"> {
  for (const { from, object: objectField, name, meaningOf: lookUp } of words) {
    const value = from.read(scope);
    if (value === null) continue;
    const object = readField(objectField, scope);
    if (objectField && object === null) return unread(missing(objectField.label));
    const { types, explanation, reopens } = lookUp(value, scope) ?? UNKNOWN;
    const code = { object, value, name: readField(name, scope), meaning: explanation };
    return { types, code, reopens, problems: [] };
  }
  return unread(missing(words.map(({ from }) => from.label).join(" | ")));
}

const UNKNOWN = { types: ["unknown"], explanation: null, reopens: null } as const;

function checkTime({ time: field, isTimeOptional }: EventRule, time: number | null): Complaint[] {
  if (!field) return [];
  if (time === null) return isTimeOptional ? [] : [missing(field.label)];
  return Number.isNaN(time)
    ? [{ kind: "invalid", field: field.label, message: `${field.label} is not a time` }]
    : [];
}

function toDraft(
  type: EventType,
  { types, id, time, facts, reason, code, reopens }: Interpretation,
  channel: Omit<Channel, "checks">,
  mark: string,
): Draft {
  const { document, signer, signers } = facts;
  return {
    source: channel.source,
    provider: channel.mapping.provider,
    channel: channel.name,
    type,
    id: id === null ? null : { value: id, keep: channel.rules.event.keepId && types.length === 1 },
    time,
    document,
    signer: meaningOf(type)?.about === "document" ? null : signer,
    signers,
    reason,
    code,
    reopens,
    reopenable: channel.mapping.reopenable,
    digest: mark,
  };
}
