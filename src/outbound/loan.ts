import type { Loan, Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";

/** A loan outlives the try by this much, for writing down what came of it. Milliseconds. */
const MARGIN = 30_000;
/** So long before a loan's end its try is over, also where the claim was slow and nodes' clocks differ. Milliseconds. */
const OVER = MARGIN / 2;

/** A loan ends, and a probe goes, within so many milliseconds, unless the clock was set back. */
export function longestWait({ timeout, breaker }: Pick<Destination, "timeout" | "breaker">): number {
  return Math.max(timeout + MARGIN, breaker.longest);
}

/** What the store is asked for: up to `limit` loans, of which one may be a `probe`, while those in `over` are only to be written down. */
export function loanRequest(
  { name, concurrency, timeout }: Pick<Destination, "name" | "concurrency" | "timeout">,
  { now, limit, probe, over }: { now: number; limit: number; probe: boolean; over: readonly Loan[] },
): Parameters<Store["claim"]>[0] {
  const until = now + timeout + MARGIN;
  return { destination: name, limit, now, until, probe, room: { most: concurrency, margin: OVER, over } };
}
