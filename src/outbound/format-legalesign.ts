import type { Event, EventType, KnownType } from "../domain/event.ts";
import { LEGALESIGN_CODES } from "../domain/legalesign-codes.ts";
import { type Encoded, uriPart } from "./encode.ts";

/**
 * Events of any provider as Legalesign's legacy webhooks post them, for systems that already read these:
 * forms with numeric codes, whose meaning depends on the object beside them. Events without a code are not
 * supported. https://apidocs.legalesign.com/docs/webhooks
 */

/**
 * What Legalesign posts "upon" something: the sending, the signing (when the final PDF exists, which implies
 * that the document is completed) and the rejection. A receiver of these posts expects nothing else: to one
 * that reads the number alone, a signer's 40 (signed) would be a document's (removed).
 */
const UPON: ReadonlySet<EventType> = new Set<KnownType>([
  "document.sent",
  "document.downloadable",
  "document.declined",
]);

/** Whether an "upon …" post exists for the type; of `unknown` events only Legalesign's own have a code. */
export function hasUponCode(type: EventType): boolean {
  return UPON.has(type) || type === "unknown";
}

/** Whether the batch has a code for events of this type; for `unknown` only Legalesign's own have one. */
export function hasBatchCode(type: EventType): boolean {
  return hasOwnCode(type) || type === "unknown";
}

function hasOwnCode(type: EventType): type is keyof typeof LEGALESIGN_CODES {
  return type in LEGALESIGN_CODES;
}

export function isKnownToUpon(event: Event): boolean {
  return event.document !== null && uponCode(event) !== null;
}

export function isKnownToBatch(event: Event): boolean {
  return batchItem(event) !== null;
}

/** The form of an "upon …" post. Throws for an event that `isKnownToUpon` excludes. */
export function encodeUpon(event: Event): Encoded {
  const { document } = event;
  const code = uponCode(event);
  if (!document || code === null) throw new Error(`the format legalesign-upon has no code for ${event.type}`);
  const [tag = "", tag1 = "", tag2 = ""] = document.tags;
  return form({
    name: document.title ?? "",
    event: code,
    resource_uri: resourceUri("document", document.id),
    uuid: document.id,
    tag,
    tag1,
    tag2,
  });
}

/** The form of a batch, its items in the given order. Throws for an event that `isKnownToBatch` excludes. */
export function encodeBatch(events: readonly Event[]): Encoded {
  const items = events.map((event) => {
    const item = batchItem(event);
    if (item) return writeItem(item);
    throw new Error(`the format legalesign-batch has no code for this ${event.type}`);
  });
  return form({ data: `[${items.join(", ")}]` });
}

function form(fields: Readonly<Record<string, string>>): Encoded {
  const body = Buffer.from(new URLSearchParams(fields).toString());
  return { body, contentType: "application/x-www-form-urlencoded" };
}

/** An unknown event keeps the code that Legalesign gave it, in the same kind of post. */
function uponCode({ type, provider, code }: Event): string | null {
  if (UPON.has(type)) return codeOf(type);
  const isOwn = type === "unknown" && provider === "legalesign" && code.object === "document";
  return isOwn && code.name === null ? code.value : null;
}

interface BatchItem {
  value: string;
  timestamp: string;
  resource_uri: string;
  name: string;
}

function batchItem(event: Event): BatchItem | null {
  const uri = uriOf(event);
  const word = batchWord(event);
  if (uri === null || word === null) return null;
  return { ...word, timestamp: `${event.time.slice(0, 19)}+00:00`, resource_uri: uri };
}

/** An unknown event keeps the value and the name that Legalesign gave it, in the same kind of post. */
function batchWord({ type, provider, code }: Event): Pick<BatchItem, "value" | "name"> | null {
  const value = codeOf(type);
  if (value !== null) return { value, name: "status" };
  const isOwn = type === "unknown" && provider === "legalesign" && code.name !== null;
  return isOwn && code.name !== null ? { value: code.value, name: code.name } : null;
}

function codeOf(type: EventType): string | null {
  return hasOwnCode(type) ? String(LEGALESIGN_CODES[type]) : null;
}

/** Of what the event is about; null: it is not known. */
function uriOf({ type, code, document, signer }: Event): string | null {
  const object = type === "unknown" ? code.object : type.split(".", 1)[0];
  if (object === "document") return document && resourceUri(object, document.id);
  return object === "signer" && signer ? resourceUri(object, signer.id) : null;
}

function resourceUri(object: "document" | "signer", id: string): string {
  return `/api/v1/${object}/${uriPart(id)}/`;
}

/** With the members and the spaces that Legalesign writes. */
function writeItem({ value, timestamp, resource_uri, name }: BatchItem): string {
  const members = Object.entries({ value, timestamp, resource_uri, name });
  return `{${members.map(([key, text]) => `"${key}": ${JSON.stringify(text)}`).join(", ")}}`;
}
