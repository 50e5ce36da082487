import { isUtf8 } from "node:buffer";
import type { Problem } from "../domain/receipt.ts";
import { storableText } from "../domain/text.ts";
import type { ReadRule } from "../mapping/compile.ts";
import { isPlain, type Path, valueAt, valuesAt } from "../mapping/path.ts";
import type { PlaceRef, RequestPlace } from "../mapping/request-place.ts";
import { charsetOf, charsetOfJson, decodeText } from "./charset.ts";
import { contentOf } from "./content.ts";
import {
  allValues,
  charsetIn,
  decodingForm,
  type Form,
  type FormField,
  firstValue,
  toPayload,
} from "./form.ts";
import { parsing } from "./json.ts";
import { boundaryOf, decodeMultipart } from "./multipart.ts";
import type { RawRequest } from "./request.ts";
import { atOnce, type Steps } from "./steps.ts";

/** Where a channel's payload is: what `read` says of it. */
export type PayloadRule = Pick<ReadRule, "from" | "as">;

/** The bytes at a place of a request, a body decompressed, a form's field decoded; null when there is none. Of a repeated field or parameter the first. Never throws. */
export function placeIn(request: RawRequest, place: PlaceRef, read: PayloadRule): Uint8Array | null {
  switch (place.in) {
    case "body":
      return contentOf(request);
    case "header":
      return bytesOf(headersOf(request, place.name)[0] ?? null, "latin1");
    case "query":
      return bytesOf(request.query.get(place.name), "utf8");
    case "field":
      return firstValue(formOf(request), place.name);
    case "payload":
      return bytesOf(scalarAt(request, place.path, read), "utf8");
  }
}

/**
 * All that stands at a place: several where a parameter or field comes again, where a header's name ends in `*`, and where a path
 * leads to several values. A repeated header is one text (`RawRequest.headers`). Never throws.
 */
export function everythingIn(request: RawRequest, place: PlaceRef, read: PayloadRule): Uint8Array[] {
  switch (place.in) {
    case "body":
      return [contentOf(request)];
    case "header":
      return headersOf(request, place.name).map((text) => Buffer.from(text, "latin1"));
    case "query":
      return request.query.getAll(place.name).map((text) => Buffer.from(text));
    case "field":
      return allValues(formOf(request), place.name);
    case "payload":
      return scalarsAt(request, place.path, read).map((text) => Buffer.from(text));
  }
}

/**
 * The same as text, without a byte order mark at its beginning. Body and fields are decoded by their charset; what is not
 * valid in it becomes U+FFFD, and a problem of the request (`problemsOf`).
 */
export function textAt(request: RawRequest, place: PlaceRef, read: PayloadRule): string | null {
  switch (place.in) {
    case "payload":
      return scalarAt(request, place.path, read);
    case "body": {
      const content = contentOf(request);
      return decodeAt(request, "body", content, charsetOfJson(content, charsetNamedBy(request)));
    }
    case "field": {
      const form = formOf(request);
      const field = form.fields.find(({ name }) => name === place.name);
      return field === undefined ? null : textOfField(request, form, field);
    }
    case "query":
      return request.query.get(place.name);
    case "header": {
      const bytes = placeIn(request, place, read);
      // RFC 9110 leaves the charset of headers open; who means UTF-8 is recognised by its bytes.
      return bytes && (isUtf8(bytes) ? UTF8.decode(bytes) : Buffer.from(bytes).toString("latin1"));
    }
  }
}

const UTF8 = new TextDecoder();

function charsetNamedBy(request: RawRequest): string | null {
  return charsetOf(headerOf(request, "content-type") ?? "");
}

/** So much of a field's name is shown. */
const MAX_NAME_LENGTH = 100;

function textOfField(request: RawRequest, form: RequestForm, field: FormField): string {
  const place = field.isText ? `field:${storableText(field.name.slice(0, MAX_NAME_LENGTH))}` : null;
  return decodeAt(request, place, field.value, field.charset ?? form.charset);
}

/** What is to be said of each request's texts, by what they are of; kept like payloads. */
const complaints = new WeakMap<Uint8Array, Map<string, string>>();

/** `place` null: nothing is said of it, for it need not be text. */
function decodeAt(
  request: RawRequest,
  place: string | null,
  bytes: Uint8Array,
  charset: string | null,
): string {
  const { text, complaint } = decodeText(bytes, charset);
  if (complaint === null || place === null) return text;
  const content = contentOf(request);
  const known = complaints.get(content) ?? new Map<string, string>();
  complaints.set(content, known.set(place, complaint));
  return text;
}

/** Bytes of a request that were not understood as text, as far as it was read. */
export function problemsOf(request: RawRequest): Problem[] {
  const found = complaints.get(contentOf(request)) ?? [];
  return Array.from(found, ([field, complaint]) => ({
    kind: "invalid" as const,
    item: null,
    field,
    message: `${field} ${complaint}`,
  }));
}

/** A text, number or truth value of the payload, as text; anything else is nothing. */
function scalarAt(request: RawRequest, path: Path, read: PayloadRule): string | null {
  return scalarsAt(request, path, read)[0] ?? null;
}

function scalarsAt(request: RawRequest, path: Path, read: PayloadRule): string[] {
  const payload = payloadOf(request, read);
  if (!("value" in payload)) return [];
  const values = isPlain(path) ? [valueAt(payload.value, path)] : valuesAt({ item: payload.value }, path);
  return values.filter((value) => ["string", "number", "boolean"].includes(typeof value)).map(String);
}

/** What the payload holds, or why there is none. */
export type Payload =
  | { value: unknown }
  | { absent: "missing" | "empty" | "unreadable" | "levels" | "values" | "fields" };

/** Each request's payload, read when it is first asked for; by the bytes of its content, which every view of a request shares. */
const payloads = new WeakMap<Uint8Array, { read: PayloadRule; payload: Payload }>();

/** The payload before anybody looks for items in it. Read once, however many ask: to verify, and of each item. */
export function payloadOf(request: RawRequest, read: PayloadRule): Payload {
  return atOnce(readingPayload(request, read));
}

/** The same, in steps. */
export function* readingPayload(request: RawRequest, read: PayloadRule): Steps<Payload> {
  const content = contentOf(request);
  const known = payloads.get(content);
  if (known?.read === read) return known.payload;
  yield;
  if (read.as === "form" || read.from.in === "field") yield* readingForm(request);
  yield;
  const payload = read.as === "form" ? readForm(request) : yield* readingJson(request, read.from);
  payloads.set(content, { read, payload });
  yield;
  return payload;
}

function readForm(request: RawRequest): Payload {
  const form = formOf(request);
  if (form.cut) return { absent: "fields" };
  return { value: toPayload(form, (field) => textOfField(request, form, field)) };
}

function* readingJson(request: RawRequest, from: RequestPlace): Steps<Payload> {
  const text = textAt(request, from, { from, as: "json" });
  if (text === null) return { absent: "missing" };
  if (!/\S/.test(text)) return { absent: "empty" };
  yield;
  return yield* parsing(text, request.maxValues);
}

/** A form with the charset of its fields, where they name none of their own; null: UTF-8. */
type RequestForm = Form & { charset: string | null };

/** Each request's form, in the same way. */
const forms = new WeakMap<Uint8Array, RequestForm>();

/** The request's body as a form: multipart where the content type says so, urlencoded otherwise. */
export function formOf(request: RawRequest): RequestForm {
  return atOnce(readingForm(request));
}

function* readingForm(request: RawRequest): Steps<RequestForm> {
  const content = contentOf(request);
  const known = forms.get(content);
  if (known) return known;
  const boundary = boundaryOf(headerOf(request, "content-type") ?? "");
  const decoded = boundary === null ? yield* decodingForm(content) : decodeMultipart(content, boundary);
  const form = { ...decoded, charset: charsetNamedBy(request) ?? charsetIn(decoded) };
  forms.set(content, form);
  return form;
}

/** The header of this name; of a name that ends in `*` all that begin so, in the order in which they came. */
function headersOf(request: RawRequest, name: string): string[] {
  if (!name.endsWith("*")) {
    const text = headerOf(request, name);
    return text === null ? [] : [text];
  }
  const beginning = name.slice(0, -1);
  return Object.entries(request.headers).flatMap(([one, text]) => (one.startsWith(beginning) ? [text] : []));
}

function headerOf(request: RawRequest, name: string): string | null {
  return Object.hasOwn(request.headers, name) ? (request.headers[name] ?? null) : null;
}

function bytesOf(text: string | null, encoding: BufferEncoding): Uint8Array | null {
  return text === null ? null : Buffer.from(text, encoding);
}
