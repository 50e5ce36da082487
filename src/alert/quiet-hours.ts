/** A time of every day in which only what is critical is told. */
export interface QuietHours {
  /** Minutes since midnight. Where `from` is later than `until`, the time goes on after midnight. */
  from: number;
  until: number;
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: string;
}

const WRITTEN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?: +(\S+))?$/;

/** `22:00-07:00 Europe/Berlin`; without a time zone, UTC. Null: the text is none. */
export function parseQuietHours(text: string): QuietHours | null {
  const [, fromHour, fromMinute, untilHour, untilMinute, timeZone = "UTC"] = WRITTEN.exec(text) ?? [];
  if (fromHour === undefined || !isTimeZone(timeZone)) return null;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const until = Number(untilHour) * 60 + Number(untilMinute);
  return from === until ? null : { from, until, timeZone };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** `at`: milliseconds since 1970. */
export function isQuiet({ from, until, timeZone }: QuietHours, at: number): boolean {
  const minute = minuteOfDay(at, timeZone);
  return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function minuteOfDay(at: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return (parts.get("hour") ?? 0) * 60 + (parts.get("minute") ?? 0);
}
