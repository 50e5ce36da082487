import type { ReadRule } from "../mapping/compile.ts";
import { valueAt } from "../mapping/path.ts";
import type { PlaceRef, RequestPlace } from "../mapping/place.ts";
import { contentOf } from "./content.ts";
import { decodingForm, type Form, firstValue, toPayload } from "./form.ts";
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
      return bytesOf(headerOf(request, place.name), "latin1");
    case "query":
      return bytesOf(request.query.get(place.name), "utf8");
    case "field":
      return firstValue(formOf(request), place.name);
    case "payload":
      return bytesOf(scalarAt(request, place.path, read), "utf8");
  }
}

/** The same as text. Bytes that are not UTF-8 become U+FFFD, a byte order mark at the beginning is left out. */
export function textAt(request: RawRequest, place: PlaceRef, read: PayloadRule): string | null {
  if (place.in === "payload") return scalarAt(request, place.path, read);
  const bytes = placeIn(request, place, read);
  return bytes && DECODER.decode(bytes);
}

const DECODER = new TextDecoder();

/** A text, number or truth value of the payload, as text; anything else is nothing. */
function scalarAt(request: RawRequest, path: readonly string[], read: PayloadRule): string | null {
  const payload = payloadOf(request, read);
  const value = "value" in payload ? valueAt(payload.value, path) : null;
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : null;
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
  return form.cut ? { absent: "fields" } : { value: toPayload(form) };
}

function* readingJson(request: RawRequest, from: RequestPlace): Steps<Payload> {
  const text = textAt(request, from, { from, as: "json" });
  if (text === null) return { absent: "missing" };
  if (!/\S/.test(text)) return { absent: "empty" };
  yield;
  return yield* parsing(text, request.maxValues);
}

/** Each request's form, in the same way. */
const forms = new WeakMap<Uint8Array, Form>();

/** The request's body as a form: multipart where the content type says so, urlencoded otherwise. */
export function formOf(request: RawRequest): Form {
  return atOnce(readingForm(request));
}

function* readingForm(request: RawRequest): Steps<Form> {
  const content = contentOf(request);
  const known = forms.get(content);
  if (known) return known;
  const boundary = boundaryOf(headerOf(request, "content-type") ?? "");
  const form = boundary === null ? yield* decodingForm(content) : decodeMultipart(content, boundary);
  forms.set(content, form);
  return form;
}

function headerOf(request: RawRequest, name: string): string | null {
  return Object.hasOwn(request.headers, name) ? (request.headers[name] ?? null) : null;
}

function bytesOf(text: string | null, encoding: BufferEncoding): Uint8Array | null {
  return text === null ? null : Buffer.from(text, encoding);
}
