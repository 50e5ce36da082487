import type { ReadRule } from "../mapping/compile.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { charsetNamedBy, fieldText, textAt } from "./at-place.ts";
import { contentOf, unsaidCoding } from "./content.ts";
import { charsetIn, decodingForm, MAX_FIELDS, toPayload } from "./form.ts";
import { DEFAULT_MAX_VALUES, type Json, MAX_LEVELS, parsing } from "./json.ts";
import { boundaryOf, decodeMultipart } from "./multipart.ts";
import type { OpenedRequest, Payload, RawRequest, RequestForm } from "./request.ts";
import { atOnce, LONG_BYTES, once, type Steps } from "./steps.ts";

/** Where a channel's payload is, and how it is written. */
export type PayloadRule = Pick<ReadRule, "from" | "as">;

/** The request with its form and payload, which are decoded when first asked for. Nothing is decoded here. */
export function openRequest(raw: RawRequest, read: PayloadRule): OpenedRequest {
  const request: OpenedRequest = {
    ...raw,
    complaints: new Map(),
    form: once(() => decodingRequestForm(contentOf(raw), raw.headers)),
    payload: once(() => decodingPayload(request, read)),
  };
  return request;
}

/** The content as a form: multipart where the content type says so, urlencoded otherwise. */
export function* decodingRequestForm(
  content: Uint8Array,
  headers: RawRequest["headers"],
): Steps<RequestForm> {
  const boundary = boundaryOf(headers["content-type"] ?? "");
  const form = boundary === null ? yield* decodingForm(content) : decodeMultipart(content, boundary);
  return { ...form, charset: charsetNamedBy({ headers }) ?? charsetIn(form) };
}

function* decodingPayload(request: OpenedRequest, { from, as }: PayloadRule): Steps<Payload> {
  const isLong = contentOf(request).length >= LONG_BYTES;
  if (isLong) yield;
  if (as === "form" || from.in === "field") yield* request.form();
  if (isLong) yield;
  const payload = as === "form" ? formPayload(request) : yield* decodingJson(request, from, isLong);
  if (isLong) yield;
  return payload;
}

function formPayload(request: OpenedRequest): Payload {
  const form = atOnce(request.form());
  if (form.cut) return absent(`the form has more than ${MAX_FIELDS} fields`);
  return { value: toPayload(form, (field) => fieldText(request, form, field)) };
}

function* decodingJson(request: OpenedRequest, from: PayloadRule["from"], isLong: boolean): Steps<Payload> {
  const text = textAt(request, from);
  if (text === null) return absent(`the request has no ${formatPlace(from)}`);
  if (!/\S/.test(text)) return { absent: `${formatPlace(from)} is empty`, isEmpty: true };
  if (isLong) yield;
  const json = yield* parsing(text, request.maxValues);
  return "value" in json ? json : absent(`${formatPlace(from)} ${whyUnread(json.absent, request)}`);
}

function absent(why: string): Payload {
  return { absent: why, isEmpty: false };
}

type Unread = Extract<Json, { absent: unknown }>["absent"];

function whyUnread(reason: Unread, request: RawRequest): string {
  switch (reason) {
    case "levels":
      return `is nested more than ${MAX_LEVELS} deep`;
    case "values":
      return `holds more than ${request.maxValues ?? DEFAULT_MAX_VALUES} values`;
    case "unreadable": {
      const coding = unsaidCoding(request);
      return coding === null ? "is not JSON" : `is not JSON: ${coding}`;
    }
  }
}
