import { instantIn } from "./zone.ts";

/** Parsers of times. Each returns milliseconds since 1970, or NaN where the text is no such time. */

/**
 * A local date and time as if it were UTC, and its offset from UTC, both in milliseconds. `offset` null: not
 * given.
 */
interface WallTime {
  wall: number;
  offset: number | null;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s?(Z|[+-]\d\d:?(?:\d\d)?)?$/i;

/** ISO 8601, also with a space for the T or without seconds. A time without an offset is in `zone`. */
export function fromIso(text: string, zone: string): number {
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = 0, offset] = match;
  const wall = wallOf([year, month, day, hour, minute, `${second}.${fraction}`].map(Number));
  return toInstant({ wall, offset: offset === undefined ? null : offsetOf(offset) }, zone);
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const RFC_2822 =
  /^(?:(?:mon|tue|wed|thu|fri|sat|sun)\w{0,6},?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]{0,6}\s+(\d{4})\s+(\d\d?):(\d\d)(?::(\d\d))?(?:\s*(?:(?:GMT|UTC?)\s?)?([+-]\d{1,2}:?(?:\d\d)?)|\s+(GMT|UTC?|Z))?$/i;

/**
 * RFC 2822, such as `Mon, 02 Mar 2026 15:44:00 +0530`, also with `GMT+5:30` for the offset. A time without an
 * offset is in `zone`. Zone names other than GMT, UT, UTC and Z are refused: IST is India's, Ireland's and
 * Israel's.
 */
export function fromRfc2822(text: string, zone: string): number {
  const match = RFC_2822.exec(text);
  if (!match) return Number.NaN;
  const [, day, month = "", year, hour, minute, second = 0, offset, universal] = match;
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  const wall = wallOf([year, number, day, hour, minute, second].map(Number));
  return toInstant({ wall, offset: universal ? 0 : offset === undefined ? null : offsetOf(offset) }, zone);
}

function toInstant({ wall, offset }: WallTime, zone: string): number {
  if (Number.isNaN(wall)) return wall;
  return offset === null ? instantIn(zone, wall) : wall - offset;
}

/** `Z`, `+02`, `+0200`, `+2:00`. */
function offsetOf(text: string): number {
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d{1,2}):?(\d\d)?$/.exec(text) ?? [];
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
}

function wallOf([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]): number {
  const exists =
    year >= 1970 && // Date.UTC would take 99 for 1999
    isDay(year, month, day) &&
    hour < 24 &&
    minute < 60 &&
    second < 61;
  return exists ? Date.UTC(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1_000 : Number.NaN;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the day exists: the 30th of February would silently become the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0));
}
