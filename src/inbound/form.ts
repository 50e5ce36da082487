/** Forms as bytes, since providers sign the decoded value of a field, which need not be valid text. */

import { STEP_BYTES, type Steps } from "./steps.ts";

/** The fields of a form in the order sent; names may repeat. */
export interface Form {
  fields: readonly FormField[];
  /** The form has more fields than `MAX_FIELDS`; the rest is skipped. */
  cut: boolean;
}

export interface FormField {
  name: string;
  value: Uint8Array;
  /** The charset that the field itself names; null: that of the form. */
  charset: string | null;
  /** Whether the value is text: parts of a multipart form can be files. */
  isText: boolean;
}

/**
 * More fields than any form has. Bounds the memory of a body of separators, which is read before it is
 * verified.
 */
export const MAX_FIELDS = 10_000;

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/** Some senders write it before UTF-8; it is no part of the first name. */
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** Reads `application/x-www-form-urlencoded`, in time linear to its length. */
export function* decodingForm(body: Uint8Array): Steps<Form> {
  const bytes = asBuffer(body);
  const fields: FormField[] = [];
  let pause = STEP_BYTES;
  const isMarked = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  for (let start = isMarked ? BYTE_ORDER_MARK.length : 0; start < bytes.length; ) {
    if (start >= pause) {
      pause = start + STEP_BYTES;
      yield;
    }
    if (bytes[start] === AMPERSAND) {
      start += 1;
      continue;
    }
    if (fields.length === MAX_FIELDS) return { fields, cut: true };
    const end = positionOf(AMPERSAND, bytes, start);
    fields.push(yield* decodingField(bytes.subarray(start, end)));
    start = end + 1;
  }
  return { fields, cut: false };
}

/** The value of the first field with this name; null: none. */
export function firstValue(form: Form, name: string): Uint8Array | null {
  return form.fields.find((field) => field.name === name)?.value ?? null;
}

/** The values of all fields with this name, in order. */
export function allValues(form: Form, name: string): Uint8Array[] {
  return form.fields.flatMap((field) => (field.name === name ? [field.value] : []));
}

/** The charset in the form's own field for it (RFC 7578, section 4.6); null: none. */
export function charsetIn(form: Form): string | null {
  const value = firstValue(form, "_charset_");
  return value && value.length > 0 && value.length <= 40 ? asBuffer(value).toString("latin1") : null;
}

/** The form as a payload: each name with its text, a repeated name with a list. */
export function toPayload(
  form: Form,
  textOf: (field: FormField) => string = ({ value }) => asBuffer(value).toString("utf8"),
): Record<string, string | string[]> {
  const members = new Map<string, string | string[]>();
  for (const field of form.fields) {
    const text = textOf(field);
    const before = members.get(field.name);
    if (Array.isArray(before)) before.push(text);
    else members.set(field.name, before === undefined ? text : [before, text]);
  }
  return Object.fromEntries(members);
}

function* decodingField(pair: Buffer): Steps<FormField> {
  const equals = positionOf(EQUALS, pair, 0);
  const name = yield* decodingPart(pair.subarray(0, equals));
  const value = yield* decodingPart(pair.subarray(equals + 1));
  return { name: name.toString("utf8"), value, charset: null, isText: true };
}

/** Decodes `+` to a space and `%XX` to a byte; a `%` without two hexadecimal digits stays. */
function* decodingPart(part: Buffer): Steps<Buffer> {
  if (!part.includes(PERCENT) && !part.includes(PLUS)) return part;
  const decoded = Buffer.allocUnsafe(part.length);
  const lastEscape = part.length - 3;
  let length = 0;
  for (let i = 0; i < part.length; ) {
    for (const end = Math.min(i + STEP_BYTES, part.length); i < end; i++) {
      let byte = part[i] ?? 0;
      if (byte === PLUS) byte = SPACE;
      else if (byte === PERCENT && i <= lastEscape) {
        const escaped = (digitOf(part[i + 1] ?? 0) << 4) | digitOf(part[i + 2] ?? 0);
        if (escaped >= 0) {
          byte = escaped;
          i += 2;
        }
      }
      decoded[length++] = byte;
    }
    if (i >= STEP_BYTES) yield;
  }
  return decoded.subarray(0, length);
}

/**
 * The value of each byte as a hexadecimal digit; -1: none, and any value computed with it is negative too.
 */
const DIGITS = Int8Array.from({ length: 256 }, (_, byte) =>
  "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase()),
);

function digitOf(byte: number): number {
  return DIGITS[byte] ?? -1;
}

/** The next position of the byte, or the end. */
function positionOf(byte: number, bytes: Buffer, from: number): number {
  const found = bytes.indexOf(byte, from);
  return found < 0 ? bytes.length : found;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
