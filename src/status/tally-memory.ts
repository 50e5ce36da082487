import { HOUR_MS } from "../concern/words.ts";
import type { Tallies } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";

/**
 * Requests are tallied in the hour in which they came, and may be written down some time later: hours that
 * are older do not change any more.
 */
const UNSETTLED_MS = 3 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The tallies of the last `span` milliseconds. Each look reads only the hours that may have changed; once a
 * day all of them are read again.
 */
export function createTallyMemory(
  store: Pick<Store, "tallies">,
  span: number,
): (now: number) => Promise<Tallies> {
  let settled: Tallies = { requests: [], deliveries: [] };
  /** Hours before this one are in `settled`. */
  let until = 0;
  let readAt = Number.NEGATIVE_INFINITY;

  return async (now) => {
    const end = hourStart(now - UNSETTLED_MS);
    if (Math.abs(now - readAt) >= DAY_MS || end < until) {
      settled = await store.tallies({ from: hourStart(now - span), until: end });
      readAt = now;
    } else if (end > until) settled = joined(settled, await store.tallies({ from: until, until: end }));
    until = end;
    return joined(settled, await store.tallies({ from: end }));
  };
}

function hourStart(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

function joined(one: Tallies, other: Tallies): Tallies {
  return {
    requests: [...one.requests, ...other.requests],
    deliveries: [...one.deliveries, ...other.deliveries],
  };
}
