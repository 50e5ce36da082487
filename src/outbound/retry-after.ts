const SECONDS = /^\d+$/;
/** The three forms of an HTTP date (RFC 9110, 5.6.7): IMF-fixdate, RFC 850, and asctime, always GMT. */
const DATE = /^[A-Z][a-z]{2,8},? [\w -]+ \d{2}:\d{2}:\d{2}( GMT| \d{4})$/;

/**
 * The wait of a `Retry-After` header (seconds or an HTTP date) in milliseconds from `now`; 0 for a date in
 * the past. Null: there is no header, or it is malformed.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? "";
  if (SECONDS.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  if (!DATE.test(text)) return null;
  const date = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
