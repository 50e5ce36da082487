import { type AttemptSignal, afterAttempt, type Breaker, CLOSED } from "../domain/breaker.ts";
import { allowance, atRate, firstShare, nextToken, take } from "../domain/rate.ts";
import type { DestinationState, Pause } from "../store/port/control.ts";
import type { Destination } from "./destination.ts";

/** How many tries may begin, as far as pause, breaker and rate have a say. */
export interface Permit {
  count: number;
  /** While it is none: when to ask again, milliseconds since 1970; null: when something has happened. */
  retryAt: number | null;
  /** The one that may begin shows whether the receiver is there again. */
  probe: boolean;
}

/** What of a destination is kept over restarts. */
export type SavedState = Pick<DestinationState, "paused" | "breaker">;

type BreakerChange = "opened" | "probed" | "closed";

/** Stands before one destination and says how many tries may begin. Asks nobody, waits for nothing: time is an argument. */
export interface Gate {
  ask(now: number): Permit;
  /** So many tries began by this permit. */
  begin(many: number, permit: Permit, now: number): void;
  /** Nothing was sent by such a permit, so that nothing is known: what it let through may be asked for again. */
  release(permit: Pick<Permit, "probe">): void;
  /** A try ended. Says what that did to the breaker; null: nothing that matters. */
  end(sign: AttemptSignal): BreakerChange | null;
  pause(why: Pause): void;
  /** Whoever resumes says that the receiver is there, so that an open breaker probes at once. */
  resume(now: number): void;
  /** What counts from now on, since it is what was kept, here or by another node. Failures that opened nothing stay counted. */
  applyState(kept: SavedState): void;
  /** So many nodes divide the rate from now on. */
  setNodeCount(nodes: number, now: number): void;
  readonly paused: Pause | null;
  readonly breaker: Breaker;
}

/** Asked again when something has happened: the probe has ended, a person resumes, or the number of nodes is known. */
const NOT_NOW: Permit = { count: 0, retryAt: null, probe: false };

/** `nodes` divide the rate; null: how many is not known yet, so that nothing may begin where there is a rate. */
export function createGate(
  { rate, breaker: rule }: Pick<Destination, "rate" | "breaker">,
  kept: SavedState,
  now: number,
  nodes: number | null = 1,
): Gate {
  let { paused } = kept;
  let breaker = kept.breaker ?? CLOSED;
  /** No probe is farther away than this, unless the clock was set back. */
  const farthest = Math.max(rule.longest, 3_600_000);
  let probing = false;
  let bucket = rate === null || nodes === null ? null : firstShare(rate, nodes, now);

  function askBreaker(now: number): Permit {
    if (breaker.probeAt === null) return { count: Number.POSITIVE_INFINITY, retryAt: null, probe: false };
    if (probing) return NOT_NOW;
    if (now < breaker.probeAt && breaker.probeAt - now <= farthest)
      return { count: 0, retryAt: breaker.probeAt, probe: false };
    return { count: 1, retryAt: null, probe: true };
  }

  /** Of what the breaker permits. */
  function askRate(permit: Permit, now: number): Permit {
    if (rate === null || permit.count === 0) return permit;
    if (bucket === null) return NOT_NOW;
    const count = Math.min(permit.count, allowance(bucket, now));
    return { ...permit, count, retryAt: count > 0 ? null : nextToken(bucket, now) };
  }

  return {
    ask: (now) => (paused === null ? askRate(askBreaker(now), now) : NOT_NOW),
    begin(many, { probe }, now) {
      if (many === 0) return;
      if (probe) probing = true;
      if (bucket !== null) bucket = take(bucket, many, now);
    },
    release({ probe }) {
      if (probe) probing = false;
    },
    end(sign) {
      const before = breaker;
      breaker = afterAttempt(before, sign, rule);
      if (sign.probe) probing = false;
      return changeOf(before, breaker);
    },
    pause(why) {
      paused = why;
    },
    resume(now) {
      paused = null;
      if (breaker.probeAt !== null) breaker = { ...breaker, probeAt: Math.min(breaker.probeAt, now) };
    },
    applyState(kept) {
      paused = kept.paused;
      if (kept.breaker !== null || breaker.probeAt !== null) breaker = kept.breaker ?? CLOSED;
    },
    setNodeCount(nodes, now) {
      if (rate === null) return;
      bucket = bucket === null ? firstShare(rate, nodes, now) : atRate(bucket, rate / nodes, now);
    },
    get paused() {
      return paused;
    },
    get breaker() {
      return breaker;
    },
  };
}

function changeOf(before: Breaker, after: Breaker): BreakerChange | null {
  if (before.probeAt === after.probeAt) return null;
  if (before.probeAt === null) return "opened";
  return after.probeAt === null ? "closed" : "probed";
}
