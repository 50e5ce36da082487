import {
  type DocumentFacts,
  type Draft,
  type Reopening,
  type SignerFacts,
  withRole,
} from "../domain/draft.ts";
import { type Code, type EventType, meaningOf } from "../domain/event.ts";
import { digest, signerId } from "../domain/identity.ts";
import type { Problem } from "../domain/receipt.ts";
import { storableText } from "../domain/text.ts";
import type { DocumentRule, EventRule, ReferencesRule, SignerRule } from "../mapping/compile.ts";
import type { Field, Scope } from "../mapping/field.ts";
import { elementsAt, MAX_ITEM_ELEMENTS, valueAt } from "../mapping/path.ts";
import type { WordRule } from "../mapping/table.ts";
import { textAt } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import type { RawRequest } from "./request.ts";

export interface Normalized {
  drafts: readonly Draft[];
  /** What items need and do not have; such an item makes no draft, and leaves the others alone. */
  problems: readonly Problem[];
}

/**
 * Translates the items of a request. A word that no table has becomes a draft of type `unknown`, one that is to be ignored
 * none. The first of them is item `first` of its request. Never throws, whatever the items are.
 */
export function normalize(
  items: readonly unknown[],
  request: RawRequest,
  channel: Omit<Channel, "checks">,
  first = 0,
): Normalized {
  const drafts: Draft[] = [];
  const problems: Problem[] = [];
  const { event, read } = channel.rules;
  const places: Places = (place) => textAt(request, place, read);
  for (const [index, item] of items.entries()) {
    const told = readItem(item, places, event);
    const position = read.each === null ? null : first + index;
    problems.push(...told.problems.map((problem) => ({ ...problem, item: position })));
    if (told.types.length === 0) continue;
    // Only what has no time or no object is told apart by its digest, which costs more than all the rest.
    const { document, signer } = told.facts;
    const isVague = told.time === null || (document === null && signer === null);
    const mark = isVague ? digest([JSON.stringify(item)]) : "";
    drafts.push(...told.types.map((type) => withRole(toDraft(type, told, channel, mark))));
  }
  return { drafts, problems };
}

type Places = Scope["textAt"];

type Complaint = Omit<Problem, "item">;

/** What one item tells. */
interface Interpretation {
  /** None where there are problems, or the word is to be ignored. */
  types: readonly EventType[];
  code: Code;
  reopens: Reopening | null;
  id: string | null;
  time: number | null;
  reason: string | null;
  facts: Facts;
  problems: readonly Complaint[];
}

interface Facts {
  document: DocumentFacts | null;
  signer: SignerFacts | null;
  signers: readonly SignerFacts[];
}

function readItem(item: unknown, textAt: Places, event: EventRule): Interpretation {
  if (!isObject(item)) return refuse({ kind: "invalid", field: null, message: "the item is not an object" });
  const scope: Scope = { item, textAt, budget: { left: MAX_ITEM_ELEMENTS } };
  const word = readWord(event.words, scope);
  if (word.problems.length === 0 && word.types.length === 0) return NOTHING;

  const id = read(event.id, scope);
  const time = event.time?.read(scope) ?? null;
  const facts = readFacts(event, scope);
  const problems = [
    ...word.problems,
    ...missingFacts(word.types, event, facts),
    ...(event.id && id === null ? [missing(event.id.label)] : []),
    ...overlongIds(event, facts),
    ...troubleWithTime(event, time),
  ];
  const reason = read(event.reason, scope);
  return problems.length === 0 ? { ...word, id, time, reason, facts } : refuse(...problems);
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

function refuse(...problems: Complaint[]): Interpretation {
  return { ...NOTHING, problems };
}

/** The first word that is there, with what it means. Where one word has a meaning for each object, the object must be there too. */
function readWord(
  words: readonly WordRule[],
  scope: Scope,
): Pick<Interpretation, "types" | "code" | "reopens" | "problems"> {
  for (const { from, object: objectField, name, meaningOf: lookUp } of words) {
    const value = from.read(scope);
    if (value === null) continue;
    const object = read(objectField, scope);
    if (objectField && object === null) return refuse(missing(objectField.label));
    const { types, explanation, reopens } = lookUp(value, scope) ?? UNKNOWN;
    const code = { object, value, name: read(name, scope), meaning: explanation };
    return { types, code, reopens, problems: [] };
  }
  return refuse(missing(words.map(({ from }) => from.label).join(" | ")));
}

const UNKNOWN = { types: ["unknown"], explanation: null, reopens: null } as const;

function readFacts(event: EventRule, scope: Scope): Facts {
  const document = event.document && readDocument(event.document, scope);
  return {
    document,
    signer: event.signer && readSigner(event.signer, scope, document),
    signers: readSigners(event, scope, document),
  };
}

function readDocument(rule: DocumentRule, scope: Scope): DocumentFacts | null {
  const id = rule.id.read(scope);
  if (id === null) return null;
  const expiresAt = read(rule.expiresAt, scope);
  return {
    id,
    title: read(rule.title, scope),
    tags: readTags(rule, scope),
    references: rule.references && readReferences(rule.references, scope),
    test: read(rule.test, scope),
    expiresAt: Number.isNaN(expiresAt) ? null : expiresAt,
  };
}

/** Each tag once; null when none is given, for that does not take away the ones known. */
function readTags({ tags }: DocumentRule, scope: Scope): string[] | null {
  const found = tags.flatMap((tag) => tag.readAll(scope));
  return found.length > 0 ? [...new Set(found)] : null;
}

/** Null when none is given, as for tags. Of two of one name the last counts; a single field goes before the members of an object. */
function readReferences(
  { each, element, fields }: ReferencesRule,
  scope: Scope,
): Record<string, string> | null {
  const pairs: (readonly [string, string | null])[] = [];
  if (each && element) {
    for (const one of elementsAt(scope, { each, single: false }) ?? []) {
      const name = element.name.read({ ...scope, ...one });
      if (name !== null) pairs.push([name, element.value.read({ ...scope, ...one })]);
    }
  } else if (each) {
    const found = valueAt(scope.item, each);
    for (const [name, value] of Object.entries(isObject(found) ? (found ?? {}) : {}))
      if (["string", "number", "boolean"].includes(typeof value)) pairs.push([name, String(value)]);
  }
  for (const [name, field] of fields) pairs.push([name, field.read(scope)]);
  const given = pairs.flatMap(([name, value]) =>
    value === null || value === "" ? [] : [[storableText(name), storableText(value)] as const],
  );
  return given.length > 0 ? Object.fromEntries(given) : null;
}

/** A signer without an id of the provider's is told from others by document and e-mail address; null when that is not known either. */
function readSigner(rule: SignerRule, scope: Scope, document: DocumentFacts | null): SignerFacts | null {
  const email = read(rule.email, scope);
  const id = read(rule.id, scope) ?? (document && email && signerId(document.id, email));
  const [name, role, status] = [read(rule.name, scope), read(rule.role, scope), read(rule.status, scope)];
  return id ? { id, name, email, role, status } : null;
}

/** Each signer once: the first counts where a list names one again. */
function readSigners(
  { signers: lists }: EventRule,
  scope: Scope,
  document: DocumentFacts | null,
): SignerFacts[] {
  const found = new Map<string, SignerFacts>();
  for (const rule of lists) {
    for (const element of elementsAt(scope, rule) ?? []) {
      const signer = readSigner(rule, { ...scope, ...element }, document);
      if (signer && !found.has(signer.id)) found.set(signer.id, signer);
    }
  }
  return [...found.values()];
}

function read<T>(field: Field<T> | null, scope: Scope): T | null {
  return field === null ? null : field.read(scope);
}

/** An event about a document needs the document; one about a signer needs the signer, or at least the document. */
function missingFacts(
  types: readonly EventType[],
  event: EventRule,
  { document, signer }: Facts,
): Complaint[] {
  if (document) return [];
  const subjects = types.map((type) => meaningOf(type)?.about);
  const documentId = event.document?.id.label ?? "document";
  if (subjects.includes("document")) return [missing(documentId)];
  if (subjects.includes("signer") && !signer) return [missing(event.signer?.id?.label ?? documentId)];
  return [];
}

/** An id is looked up by, and what a store can look up by is not of any length. In UTF-16 code units, like any text's length. */
const MAX_ID_LENGTH = 512;

function overlongIds(event: EventRule, { document, signer, signers }: Facts): Complaint[] {
  const complain = (one: { id: string } | null | undefined, field = "id"): Complaint[] => {
    if (!one || one.id.length <= MAX_ID_LENGTH) return [];
    const message = `${field} has ${one.id.length} characters, and an id has ${MAX_ID_LENGTH} at most`;
    return [{ kind: "invalid", field, message }];
  };
  return [
    ...complain(document, event.document?.id.label),
    ...complain(signer, event.signer?.id?.label),
    ...complain(
      signers.find(({ id }) => id.length > MAX_ID_LENGTH),
      event.signers[0]?.id?.label,
    ),
  ];
}

function troubleWithTime({ time: field, isTimeOptional }: EventRule, time: number | null): Complaint[] {
  if (!field) return [];
  if (time === null) return isTimeOptional ? [] : [missing(field.label)];
  return Number.isNaN(time)
    ? [{ kind: "invalid", field: field.label, message: `${field.label} is not a time` }]
    : [];
}

function missing(field: string): Complaint {
  return { kind: "missing", field, message: `${field} is missing` };
}

function toDraft(
  type: EventType,
  told: Interpretation,
  channel: Omit<Channel, "checks">,
  mark: string,
): Draft {
  const { document, signer, signers } = told.facts;
  return {
    source: channel.source,
    provider: channel.mapping.provider,
    channel: channel.name,
    type,
    id:
      told.id === null
        ? null
        : { value: told.id, keep: channel.rules.event.keepId && told.types.length === 1 },
    time: told.time,
    document,
    signer: meaningOf(type)?.about === "document" ? null : signer,
    signers,
    reason: told.reason,
    code: told.code,
    reopens: told.reopens,
    reopenable: channel.mapping.reopenable,
    digest: mark,
  };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
