import type { ReadRule } from "../mapping/compile.ts";
import { isPlain, type Path, valueAt, valuesAt } from "../mapping/path.ts";
import type { PlaceRef, RequestPlace } from "../mapping/place.ts";
import { allValues, decodingForm, type Form, firstValue, toPayload } from "./form.ts";
import { parsing } from "./json.ts";
import { boundaryOf, decodeMultipart } from "./multipart.ts";
import type { RawRequest } from "./request.ts";
import { atOnce, type Steps } from "./steps.ts";

/** Where a channel's payload is: what `read` says of it. */
export type PayloadRule = Pick<ReadRule, "from" | "as">;

/** The bytes at a place of a request, a form's field decoded; null when there is none. Of a repeated field or parameter the first. Never throws. */
export function placeIn(request: RawRequest, place: PlaceRef, read: PayloadRule): Uint8Array | null {
  switch (place.in) {
    case "body":
      return request.body;
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
      return [request.body];
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

/** The same as text. Bytes that are not UTF-8 become U+FFFD, a byte order mark at the beginning is left out. */
export function textAt(request: RawRequest, place: PlaceRef, read: PayloadRule): string | null {
  if (place.in === "payload") return scalarAt(request, place.path, read);
  const bytes = placeIn(request, place, read);
  return bytes && DECODER.decode(bytes);
}

const DECODER = new TextDecoder();

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

/** Each request's payload, read when it is first asked for; by its bytes, which every view of a request shares. */
const payloads = new WeakMap<Uint8Array, { read: PayloadRule; payload: Payload }>();

/** The payload before anybody looks for items in it. Read once, however many ask: to verify, and of each item. */
export function payloadOf(request: RawRequest, read: PayloadRule): Payload {
  return atOnce(readingPayload(request, read));
}

/** The same, in steps. */
export function* readingPayload(request: RawRequest, read: PayloadRule): Steps<Payload> {
  const known = payloads.get(request.body);
  if (known?.read === read) return known.payload;
  yield;
  if (read.as === "form" || read.from.in === "field") yield* readingForm(request);
  yield;
  const payload = read.as === "form" ? readForm(request) : yield* readingJson(request, read.from);
  payloads.set(request.body, { read, payload });
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
  return yield* parsing(text);
}

/** Each request's form, in the same way. */
const forms = new WeakMap<Uint8Array, Form>();

/** The request's body as a form: multipart where the content type says so, urlencoded otherwise. */
export function formOf(request: RawRequest): Form {
  return atOnce(readingForm(request));
}

function* readingForm(request: RawRequest): Steps<Form> {
  const known = forms.get(request.body);
  if (known) return known;
  const boundary = boundaryOf(headerOf(request, "content-type") ?? "");
  const form =
    boundary === null ? yield* decodingForm(request.body) : decodeMultipart(request.body, boundary);
  forms.set(request.body, form);
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
