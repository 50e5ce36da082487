import { isUtf8 } from "node:buffer";
import type { Problem } from "../domain/receipt.ts";
import { storableText } from "../domain/text.ts";
import { isPlain, type Path, valueAt, valuesAt } from "../mapping/path.ts";
import type { HeadPlace, PlaceRef } from "../mapping/request-place.ts";
import { charsetOf, charsetOfJson, decodeText } from "./charset.ts";
import { contentOf } from "./content.ts";
import { allValues, type FormField } from "./form.ts";
import type { OpenedRequest, RequestForm, RequestHead } from "./request.ts";
import { atOnce } from "./steps.ts";

/** What stands at a place of a request: as bytes for checks, as text for mappings. Nothing here throws. */

/**
 * All values at a place, in order: the body decompressed, fields decoded. A place has several where a
 * parameter or field is repeated, a header's name ends in `*`, or a path leads to several values. A repeated
 * header is one text.
 */
export function bytesAt(request: OpenedRequest, place: PlaceRef): Uint8Array[] {
  switch (place.in) {
    case "body":
      return [contentOf(request)];
    case "header":
    case "query":
      return bytesInHead(request, place);
    case "field":
      return allValues(atOnce(request.form()), place.name);
    case "payload":
      return scalarsAt(request, place.path).map((text) => Buffer.from(text));
  }
}

/** The same for headers and query parameters, which need no body. */
export function bytesInHead(request: RequestHead, place: HeadPlace): Uint8Array[] {
  return place.in === "header"
    ? headersOf(request, place.name).map((text) => Buffer.from(text, "latin1"))
    : request.query.getAll(place.name).map((text) => Buffer.from(text));
}

/**
 * The first value at a place as text, without a byte order mark; null when there is none. Bytes that are not
 * valid in their charset become U+FFFD; for body and fields that is a problem of the request as well
 * (`textProblems`).
 */
export function textAt(request: OpenedRequest, place: PlaceRef): string | null {
  switch (place.in) {
    case "payload":
      return scalarsAt(request, place.path)[0] ?? null;
    case "body": {
      const content = contentOf(request);
      return decodeAt(request, "body", content, charsetOfJson(content, charsetNamedBy(request)));
    }
    case "field": {
      const form = atOnce(request.form());
      const field = form.fields.find(({ name }) => name === place.name);
      return field === undefined ? null : fieldText(request, form, field);
    }
    case "query":
      return request.query.get(place.name);
    case "header": {
      const [bytes] = bytesInHead(request, place);
      // RFC 9110 leaves the charset of headers open; UTF-8 is recognised by its bytes.
      return bytes ? (isUtf8(bytes) ? UTF8.decode(bytes) : Buffer.from(bytes).toString("latin1")) : null;
    }
  }
}

const UTF8 = new TextDecoder();

/** The charset that the content type names; null: none. */
export function charsetNamedBy(request: Pick<RequestHead, "headers">): string | null {
  return charsetOf(headerOf(request, "content-type") ?? "");
}

/** Characters of a field's name that a problem shows. */
const MAX_NAME_LENGTH = 100;

export function fieldText(request: OpenedRequest, form: RequestForm, field: FormField): string {
  const place = field.isText ? `field:${storableText(field.name.slice(0, MAX_NAME_LENGTH))}` : null;
  return decodeAt(request, place, field.value, field.charset ?? form.charset);
}

/** `place` null: invalid bytes are no problem, since the value need not be text. */
function decodeAt(
  { complaints }: OpenedRequest,
  place: string | null,
  bytes: Uint8Array,
  charset: string | null,
): string {
  const { text, complaint } = decodeText(bytes, charset);
  if (complaint !== null && place !== null) complaints.set(place, complaint);
  return text;
}

/** The texts with invalid bytes among those that were read so far. */
export function textProblems({ complaints }: OpenedRequest): Problem[] {
  return Array.from(complaints, ([field, complaint]) => ({
    kind: "invalid" as const,
    item: null,
    field,
    message: `${field} ${complaint}`,
  }));
}

/** The texts, numbers and truth values at a path of the payload, as texts. */
function scalarsAt(request: OpenedRequest, path: Path): string[] {
  const payload = atOnce(request.payload());
  if (!("value" in payload)) return [];
  const values = isPlain(path) ? [valueAt(payload.value, path)] : valuesAt({ item: payload.value }, path);
  return values.filter((value) => ["string", "number", "boolean"].includes(typeof value)).map(String);
}

/** The header of a name; of a name that ends in `*`, all headers with that beginning, in the order sent. */
function headersOf(request: RequestHead, name: string): string[] {
  if (!name.endsWith("*")) {
    const text = headerOf(request, name);
    return text === null ? [] : [text];
  }
  const beginning = name.slice(0, -1);
  return Object.entries(request.headers).flatMap(([one, text]) => (one.startsWith(beginning) ? [text] : []));
}

function headerOf({ headers }: Pick<RequestHead, "headers">, name: string): string | null {
  return Object.hasOwn(headers, name) ? (headers[name] ?? null) : null;
}
