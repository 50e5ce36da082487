import type { DocumentFacts, SignerFacts } from "../domain/draft.ts";
import { type EventType, meaningOf } from "../domain/event.ts";
import { signerId } from "../domain/identity.ts";
import { isPlainObject } from "../domain/plain-object.ts";
import type { Problem } from "../domain/receipt.ts";
import { storableText } from "../domain/text.ts";
import type { DocumentRule, EventRule, ReferencesRule, SignerRule } from "../mapping/compile.ts";
import type { Field, Scope } from "../mapping/field.ts";
import { elementsAt, valueAt } from "../mapping/path.ts";

/** What an item says of its document and signers. */
export interface Facts {
  document: DocumentFacts | null;
  signer: SignerFacts | null;
  signers: readonly SignerFacts[];
}

/** A problem of an item whose position is added later. */
export type Complaint = Omit<Problem, "item">;

export function readFacts(event: EventRule, scope: Scope): Facts {
  const document = event.document && readDocument(event.document, scope);
  return {
    document,
    signer: event.signer && readSigner(event.signer, scope, document),
    signers: readSigners(event, scope, document),
  };
}

export function readField<T>(field: Field<T> | null, scope: Scope): T | null {
  return field === null ? null : field.read(scope);
}

function readDocument(rule: DocumentRule, scope: Scope): DocumentFacts | null {
  const id = rule.id.read(scope);
  if (id === null) return null;
  const expiresAt = readField(rule.expiresAt, scope);
  return {
    id,
    title: readField(rule.title, scope),
    tags: readTags(rule, scope),
    references: rule.references && readReferences(rule.references, scope),
    test: readField(rule.test, scope),
    expiresAt: Number.isNaN(expiresAt) ? null : expiresAt,
  };
}

/** Each tag once. Null when the item has none, since that does not take away the known tags. */
function readTags({ tags }: DocumentRule, scope: Scope): string[] | null {
  const found = tags.flatMap((tag) => tag.readAll(scope));
  return found.length > 0 ? [...new Set(found)] : null;
}

/**
 * Null when the item has none, as for tags. Of two with one name the last counts; `fields` override `each`.
 */
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
    for (const [name, value] of Object.entries(isPlainObject(found) ? found : {}))
      if (["string", "number", "boolean"].includes(typeof value)) pairs.push([name, String(value)]);
  }
  for (const [name, field] of fields) pairs.push([name, field.read(scope)]);
  const given = pairs.flatMap(([name, value]) =>
    value === null || value === "" ? [] : [[storableText(name), storableText(value)] as const],
  );
  return given.length > 0 ? Object.fromEntries(given) : null;
}

/**
 * A signer without a provider's id is identified by document and e-mail address; null when these are unknown
 * too.
 */
function readSigner(rule: SignerRule, scope: Scope, document: DocumentFacts | null): SignerFacts | null {
  const email = readField(rule.email, scope);
  const id = readField(rule.id, scope) ?? (document && email && signerId(document.id, email));
  const [name, role, status] = [
    readField(rule.name, scope),
    readField(rule.role, scope),
    readField(rule.status, scope),
  ];
  return id ? { id, name, email, role, status } : null;
}

/** Each signer once; of repeated ones the first counts. */
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

/**
 * An event about a document needs the document; one about a signer needs the signer, or at least the
 * document.
 */
export function missingFacts(
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

/** In UTF-16 code units. Stores look up by ids, and cannot index texts of any length. */
const MAX_ID_LENGTH = 512;

export function overlongIds(event: EventRule, { document, signer, signers }: Facts): Complaint[] {
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

export function missing(field: string): Complaint {
  return { kind: "missing", field, message: `${field} is missing` };
}
