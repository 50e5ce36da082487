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
