/** Moments, milliseconds since 1970, as people read them: in UTC, to the second, `2026-01-31 12:00:00`. */

export function formatMoment(at: number): string {
  return new Date(at).toISOString().replace("T", " ").slice(0, -5);
}

/** The same, without the day where that is the day of `beside`. */
export function formatMomentBeside(at: number, beside: number): string {
  const text = formatMoment(at);
  const time = text.slice(-8);
  return text === `${formatMoment(beside).slice(0, -8)}${time}` ? time : text;
}

/** A date, and perhaps a time, and perhaps a zone. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/i;
/** Since 1973: fewer digits are a year, or seconds. */
const MILLISECONDS = /^\d{12,15}$/;

/**
 * Milliseconds since 1970 of an ISO 8601 date or time, or of a text that is that number; null when the text
 * is neither. Without a zone it is in UTC, as `formatMoment` writes it.
 */
export function parseMoment(text: string): number | null {
  if (MILLISECONDS.test(text)) return Number(text);
  const [, date, time = "00:00", zone = "Z"] = MOMENT.exec(text) ?? [];
  if (date === undefined || !isDate(date)) return null;
  const at = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(at) ? null : at;
}

/** False for 31 February, which `Date.parse` takes for a day in March. */
function isDate(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
