import { storableText } from "../domain/text.ts";

/** What a payload holds where a text or a time is asked for. */
export type Scalar = string | number | boolean;

export const TEXT_TRANSFORMS = ["text", "lowercase", "boolean"] as const;
export type TextTransform = (typeof TEXT_TRANSFORMS)[number];

export const TIME_TRANSFORMS = ["milliseconds", "seconds", "iso"] as const;
export type TimeTransform = (typeof TIME_TRANSFORMS)[number];

const TRUE = /^(?:true|1|yes)$/i;
const FALSE = /^(?:false|0|no)$/i;

const TO_TEXT: Readonly<Record<TextTransform, (value: string) => string | null>> = {
  text: (value) => value,
  lowercase: (value) => value.toLowerCase(),
  boolean: (value) => (TRUE.test(value) ? "true" : FALSE.test(value) ? "false" : null),
};

/**
 * The value as text that every store and receiver can hold: half a surrogate pair or a NUL becomes U+FFFD. `boolean` knows true, 1, yes and false, 0, no in any case, and gives
 * `true` or `false`; null: it is neither.
 */
export function toText(as: TextTransform, value: Scalar): string | null {
  const text = String(value);
  const isPlain = text.isWellFormed() && !text.includes("\0");
  return TO_TEXT[as](isPlain ? text : storableText(text));
}

const TO_TIME: Readonly<Record<TimeTransform, (value: Scalar) => number>> = {
  milliseconds: toNumber,
  seconds: (value) => toNumber(value) * 1_000,
  iso: (value) => (typeof value === "string" ? fromIso(value) : Number.NaN),
};

/** The last instant that four digits of a year can tell. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The value as whole milliseconds since 1970, to the end of the year 9999; NaN when it is no such time. */
export function toTime(as: TimeTransform, value: Scalar): number {
  const time = Math.round(TO_TIME[as](value));
  return time >= 0 && time <= LAST ? time : Number.NaN;
}

const DECIMAL = /^\d{1,20}(?:\.\d{1,9})?$/;

function toNumber(value: Scalar): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : Number.NaN;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s?(?:Z|([+-])(\d\d):?(\d\d)?)?$/i;

/** ISO 8601, with a space for the T and without seconds as well; without an offset it is UTC. */
function fromIso(text: string): number {
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = 0, sign, hours = 0, minutes = 0] =
    match;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const clock = (Number(hour) * 60 + Number(minute)) * 60 + Number(second) + Number(`0.${fraction}`);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === "-" ? -1 : 1);
  const exists =
    Number(year) >= 1970 && // Date.UTC would take 99 for 1999
    isDay(Number(year), Number(month), Number(day)) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 61;
  return exists ? midnight + (clock - offset) * 1_000 : Number.NaN;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the day is in the calendar: the 30th of February would silently become the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0));
}
