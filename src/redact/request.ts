import type { Event } from "../domain/event.ts";
import { type Preview, type PreviewRequest, preview } from "../inbound/preview.ts";
import type { CheckRule } from "../mapping/check.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import type { PlaceRef } from "../mapping/request-place.ts";
import { type CapturedBody, decompress, redactBody } from "./body.ts";
import { createStandIns } from "./stand-ins.ts";
import { type RedactionContext, redactText } from "./text.ts";
import { redactQuery } from "./url.ts";
import { redactString } from "./value.ts";

/**
 * Removes personal data and credentials from a captured request, so that it can be a test fixture. A value
 * that is recognised by its name or shape is replaced everywhere, always by the same stand-in. Ids that the
 * mapping reads stay ids. Signatures are omitted, since they would no longer match.
 */

export interface Redacted {
  body: Buffer;
  query: string;
  headers: Record<string, string>;
  /** True: the same mapping still makes the same types of events from it. */
  isSame: boolean;
}

export function redactRequest(request: PreviewRequest): Redacted {
  const { mapping, rules, query, headers = {} } = request;
  const whole = decompress(request.body, headers);
  const original = preview({ mapping, rules, query, body: whole.bytes, headers: whole.headers });
  const context = contextOf(original, mapping);
  const redact = () => redactOnce({ ...whole, query }, mapping, rules, context);
  // The first pass finds values; the second replaces each of them everywhere.
  redact();
  const redacted = redact();
  const again = preview({ mapping, rules, ...redacted });
  return { ...redacted, isSame: outlineOf(again) === outlineOf(original) };
}

function redactOnce(
  { query, ...whole }: CapturedBody & { query: string },
  mapping: Mapping,
  rules: MappingChannel,
  context: RedactionContext,
): Omit<Redacted, "isSame"> {
  const { bytes: body, headers } = redactBody(whole, context);
  return {
    body,
    query: redactQuery(query, context),
    headers: redactHeaders(headers, mapping, rules, context),
  };
}

const KEPT_HEADERS: ReadonlySet<string> = new Set(["content-type", "user-agent", "accept"]);

/**
 * Keeps only content headers and those from which the mapping reads facts: no header that was signed, no
 * signature.
 */
function redactHeaders(
  headers: Readonly<Record<string, string>>,
  mapping: Mapping,
  { checks }: MappingChannel,
  context: RedactionContext,
): Record<string, string> {
  const proofs = checks.flatMap(proofsOf);
  const places = new Set([...mapping.texts].map((text) => text.toLowerCase()));
  const isFact = (name: string) =>
    places.has(`header:${name}`) && !proofs.some((place) => place.in === "header" && place.name === name);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (name === "content-type") return [[name, value]];
      return KEPT_HEADERS.has(name) || isFact(name) ? [[name, redactText(value, context)]] : [];
    }),
  );
}

/** The places of the credentials that a check reads. */
function proofsOf(rule: CheckRule): readonly PlaceRef[] {
  if (rule.kind === "equals") return [rule.place];
  return "signatures" in rule ? rule.signatures.map(({ place }) => place) : [];
}

/** The literals in a path's conditions, as in `fields[name=order].value`. */
const LITERAL = /=\s*["']?([^\]"']+)["']?\s*\]/g;

function contextOf({ items }: Preview, mapping: Mapping): RedactionContext {
  const events = items.flatMap((item) => item.events);
  const words = new Set(mapping.texts);
  for (const text of mapping.texts) for (const [, literal = ""] of text.matchAll(LITERAL)) words.add(literal);
  for (const { code } of events)
    for (const text of [code.object, code.value, code.name]) if (text !== null) words.add(text);
  const ids = new Set(events.flatMap(idsOf).flatMap((id) => [id, ...id.split("/")]));
  const context: RedactionContext = {
    standIns: createStandIns(),
    isWord: (text) => words.has(text),
    isId: (text) => ids.has(text),
    redact: (name, text) => redactString(name, text, context),
  };
  return context;
}

function idsOf({ document, signer, signers }: Event): string[] {
  return [document, signer, ...(signers ?? [])].flatMap((one) => (one ? [one.id] : []));
}

/**
 * The part that must be equal of two previews: the types of each item's events, and which share an object.
 */
function outlineOf({ items, problems }: Preview): string {
  const numbers = new Map<string, number>();
  const numberOf = (id: string | undefined) => {
    if (id === undefined) return null;
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  };
  return JSON.stringify([
    items.map(({ events, duplicates }) => [
      duplicates.length,
      events.map(({ type, time, document, signer, signers }) => [
        ...[type, time, numberOf(document?.id), numberOf(signer?.id)],
        (signers ?? []).map(({ id, status }) => [numberOf(id), status]),
      ]),
    ]),
    problems.map(({ kind, item, field }) => [kind, item, field]),
  ]);
}
