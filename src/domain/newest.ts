import type { Document } from "./document.ts";
import type { Draft } from "./draft.ts";

/** How facts that come out of order are merged. */

const TERMINAL: ReadonlySet<string> = new Set([
  "completed",
  "declined",
  "canceled",
  "expired",
  "failed",
  "signed",
]);

/** Whether a status, of a document or a signer, ends what it is about. Null: no status is known. */
export function isTerminal(status: string | null): boolean {
  return status !== null && TERMINAL.has(status);
}

/** Whether the draft is older than the document's newest event. */
export function isStale({ newest }: Document, { time }: Draft): boolean {
  return time !== null && time < newest;
}

/**
 * The stated value, or the known one where the statement is stale. Null stands for "does not say" on both
 * sides.
 */
export function latest<T>(known: T | null, stated: T | null, stale: boolean): T | null {
  return stale ? (known ?? stated) : (stated ?? known);
}

/** A time further ahead of its receipt is a mistake, and makes nothing else old. */
const MAX_AHEAD_MS = 24 * 3_600_000;

/** The draft's time, milliseconds since 1970; 0 where it gives none or an impossible one. */
export function plausibleTime({ time }: Draft, now: number): number {
  return time === null || time > now + MAX_AHEAD_MS ? 0 : time;
}
