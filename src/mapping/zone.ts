import { z } from "zod";

/** A zone of the IANA list, as mapping files write it. */
export const ZoneText = z
  .string()
  .refine(isZone, { error: "is no time zone: write one of the IANA list, such as Europe/London" })
  .meta({ examples: ["Europe/London", "America/New_York"] });

/** An abbreviation is none, even where the engine takes it for one: it can mean several. */
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
 * When the clocks on the walls of a zone show a date and a time, given as if it were UTC; both in milliseconds since 1970. A time that
 * they show twice, when they are set back, is the first of the two; one that they leap over is as much later as they leap (what RFC 5545,
 * 3.3.5 says of both).
 */
export function instantIn(zone: string, wall: number): number {
  if (zone === "UTC") return wall;
  const [before, after] = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  const shown = [before, after].filter((offset) => offsetAt(zone, wall - offset) === offset);
  return wall - (shown.length > 0 ? Math.max(...shown) : before);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes as long as a thousand uses of it. Throws for what is no zone. */
function offsetsOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  formats.set(zone, format);
  return format;
}

const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/;

/** What the zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(zone: string, instant: number): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(offsetsOf(zone).format(instant)) ?? [];
  const ahead = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return ahead * 1_000 * (sign === "-" ? -1 : 1);
}
