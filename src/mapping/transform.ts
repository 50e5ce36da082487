import { storableText } from "../domain/text.ts";
import { fromIso, fromRfc2822 } from "./time.ts";

/** A payload's value where a text or a time is expected. */
export type Scalar = string | number | boolean;

export const TEXT_TRANSFORMS = ["text", "lowercase", "boolean"] as const;
export type TextTransform = (typeof TEXT_TRANSFORMS)[number];

export const TIME_TRANSFORMS = ["milliseconds", "seconds", "iso", "rfc2822"] as const;
export type TimeTransform = (typeof TIME_TRANSFORMS)[number];

const TRUE = /^(?:true|1|yes)$/i;
const FALSE = /^(?:false|0|no)$/i;

const TO_TEXT: Readonly<Record<TextTransform, (value: string) => string | null>> = {
  text: (value) => value,
  lowercase: (value) => value.toLowerCase(),
  boolean: (value) => (TRUE.test(value) ? "true" : FALSE.test(value) ? "false" : null),
};

/**
 * The value as text that every store and receiver can hold: half a surrogate pair or a NUL becomes U+FFFD.
 * `boolean` knows true, 1, yes and false, 0, no in any case, and gives `true` or `false`; null: the value is
 * neither.
 */
export function toText(as: TextTransform, value: Scalar): string | null {
  const text = String(value);
  const isPlain = text.isWellFormed() && !text.includes("\0");
  return TO_TEXT[as](isPlain ? text : storableText(text));
}

const TO_TIME: Readonly<Record<TimeTransform, (value: Scalar, zone: string) => number>> = {
  milliseconds: toNumber,
  seconds: (value) => toNumber(value) * 1_000,
  iso: (value, zone) => (typeof value === "string" ? fromIso(value, zone) : Number.NaN),
  rfc2822: (value, zone) => (typeof value === "string" ? fromRfc2822(value, zone) : Number.NaN),
};

/** The last instant of a year with four digits. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Whole milliseconds from 1970 to the end of 9999; NaN for any other value. A text without an offset is in
 * `zone`.
 */
export function toTime(as: TimeTransform, value: Scalar, zone = "UTC"): number {
  const time = Math.round(TO_TIME[as](value, zone));
  return time >= 0 && time <= LAST ? time : Number.NaN;
}

const DECIMAL = /^\d{1,20}(?:\.\d{1,9})?$/;

function toNumber(value: Scalar): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : Number.NaN;
}
