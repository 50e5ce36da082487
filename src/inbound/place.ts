import type { PlaceRef } from "../mapping/place.ts";
import { decodeForm, type Form, firstValue } from "./form.ts";
import { boundaryOf, decodeMultipart } from "./multipart.ts";
import type { RawRequest } from "./request.ts";

/** The bytes at a place of a request, a form's field decoded; null when the request has no such place. Of a repeated field or parameter the first. */
export function placeIn(request: RawRequest, place: PlaceRef): Uint8Array | null {
  switch (place.in) {
    case "body":
      return request.body;
    case "header":
      return bytesOf(headerOf(request, place.name), "latin1");
    case "query":
      return bytesOf(request.query.get(place.name), "utf8");
    case "field":
      return firstValue(formOf(request), place.name);
  }
}

/** The same as text. Bytes that are not UTF-8 become U+FFFD, a byte order mark at the beginning is left out. */
export function textAt(request: RawRequest, place: PlaceRef): string | null {
  const bytes = placeIn(request, place);
  return bytes && DECODER.decode(bytes);
}

const DECODER = new TextDecoder();

/** Each request's form, read when it is first asked for; by its bytes, which every view of a request shares. */
const forms = new WeakMap<Uint8Array, Form>();

/** The request's body as a form: multipart where the content type says so, urlencoded otherwise. */
export function formOf(request: RawRequest): Form {
  const known = forms.get(request.body);
  if (known) return known;
  const boundary = boundaryOf(headerOf(request, "content-type") ?? "");
  const form = boundary === null ? decodeForm(request.body) : decodeMultipart(request.body, boundary);
  forms.set(request.body, form);
  return form;
}

function headerOf(request: RawRequest, name: string): string | null {
  return Object.hasOwn(request.headers, name) ? (request.headers[name] ?? null) : null;
}

function bytesOf(text: string | null, encoding: BufferEncoding): Uint8Array | null {
  return text === null ? null : Buffer.from(text, encoding);
}
