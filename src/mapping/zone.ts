import { z } from "zod";

/** The IANA name of a time zone. */
export const ZoneText = z
  .string()
  .refine(isZone, { error: "is no time zone: write one of the IANA list, such as Europe/London" })
  .meta({ examples: ["Europe/London", "America/New_York"] });

/** Abbreviations are refused, even where the engine accepts them: one can mean several zones. */
function isZone(name: string): boolean {
  try {
    return (
      (name === "UTC" || /^[A-Z][A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+$/.test(name)) &&
      offsetsOf(name) !== undefined
    );
  } catch {
    return false;
  }
}

const DAY_MS = 86_400_000;

/**
 * The instant of a local date and time, given as if it were UTC; both in milliseconds since 1970. A time that
 * occurs twice, when clocks are set back, is the first; one that is skipped moves later by the skip (RFC
 * 5545, 3.3.5).
 */
export function instantIn(zone: string, wall: number): number {
  if (zone === "UTC") return wall;
  const [before, after] = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  const shown = [before, after].filter((offset) => offsetAt(zone, wall - offset) === offset);
  return wall - (shown.length > 0 ? Math.max(...shown) : before);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Memoized, since making one takes as long as a thousand uses. Throws for an unknown zone. */
function offsetsOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  formats.set(zone, format);
  return format;
}

const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/;

/** The zone's offset from UTC at an instant, in milliseconds. */
function offsetAt(zone: string, instant: number): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(offsetsOf(zone).format(instant)) ?? [];
  const ahead = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return ahead * 1_000 * (sign === "-" ? -1 : 1);
}
