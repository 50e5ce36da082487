const SECONDS = /^\d+$/;
/** The three forms of an HTTP date (RFC 9110, 5.6.7): IMF-fixdate, RFC 850 and asctime; only the last has no zone and means GMT. */
const DATE = /^[A-Z][a-z]{2,8},? [\w -]+ \d{2}:\d{2}:\d{2}( GMT| \d{4})$/;

/**
 * What a `Retry-After` header asks for, in milliseconds from `now`: seconds or an HTTP date. A date in the past asks for 0;
 * null when there is none or it cannot be read. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? "";
  if (SECONDS.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  if (!DATE.test(text)) return null;
  const date = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
