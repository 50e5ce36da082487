import { type AttemptSignal, afterAttempt, type Breaker, CLOSED } from "../domain/breaker.ts";
import { allowance, atRate, type Bucket, firstShare, nextToken, take } from "../domain/rate.ts";
import type { DestinationState, Pause } from "../store/port/control.ts";
import type { Destination } from "./destination.ts";

/** Attempts that may start now, as far as pause, circuit breaker and rate allow. */
export interface Permit {
  count: number;
  /** When `count` is 0, the earliest time to ask again, milliseconds since 1970; null: wait to be woken. */
  retryAt: number | null;
  /** The one attempt goes through an open breaker and shows whether the receiver is back. */
  probe: boolean;
}

/** The part of a destination's state that is persisted. */
export type SavedState = Pick<DestinationState, "paused" | "breaker">;

type BreakerChange = "opened" | "probed" | "closed";

/** Admission control of one destination: joins pause, circuit breaker and rate. Time is an argument. */
export interface Gate {
  ask(now: number): Permit;
  /** Takes `count` attempts off the permit. */
  begin(count: number, permit: Pick<Permit, "probe">, now: number): void;
  /** Returns the probe of a permit whose delivery was not sent: the next delivery may be the probe. */
  release(permit: Pick<Permit, "probe">): void;
  /** Counts an attempt that ended. Null: the breaker is as before, or has only counted the failure. */
  end(signal: AttemptSignal): BreakerChange | null;
  pause(why: Pause): void;
  /** An open breaker probes at once: the operator who resumes says that the receiver is back. */
  resume(now: number): void;
  /**
   * Replaces pause and breaker by the saved ones. Failures of a breaker that is closed in both stay counted.
   */
  applyState(saved: SavedState): void;
  /** From now on the destination's rate is divided by this number of nodes. */
  setNodeCount(nodes: number, now: number): void;
  readonly paused: Pause | null;
  readonly breaker: Breaker;
}

/** Until a probe ends, an operator resumes, or the number of nodes is known. */
const NOT_NOW: Permit = { count: 0, retryAt: null, probe: false };

/** No probe is further ahead than this or the breaker's longest pause, unless the clock was set back. */
const MAX_PROBE_WAIT_MS = 3_600_000;

/** `nodes` divide the rate; null: their number is not known yet, so a rate permits nothing. */
export function createGate(
  { rate, breaker: rule }: Pick<Destination, "rate" | "breaker">,
  saved: SavedState,
  now: number,
  nodes: number | null = 1,
): Gate {
  let { paused } = saved;
  let breaker = saved.breaker ?? CLOSED;
  let probing = false;
  let bucket = rate === null || nodes === null ? null : firstShare(rate, nodes, now);
  const maxProbeWait = Math.max(rule.longest, MAX_PROBE_WAIT_MS);

  return {
    ask(now) {
      if (paused !== null) return NOT_NOW;
      const permit = breakerPermit(breaker, { probing, maxProbeWait, now });
      return rate === null ? permit : withinRate(permit, bucket, now);
    },
    begin(count, { probe }, now) {
      if (count === 0) return;
      if (probe) probing = true;
      if (bucket !== null) bucket = take(bucket, count, now);
    },
    release({ probe }) {
      if (probe) probing = false;
    },
    end(signal) {
      const before = breaker;
      breaker = afterAttempt(before, signal, rule);
      if (signal.probe) probing = false;
      return changeOf(before, breaker);
    },
    pause(why) {
      paused = why;
    },
    resume(now) {
      paused = null;
      if (breaker.probeAt !== null) breaker = { ...breaker, probeAt: Math.min(breaker.probeAt, now) };
    },
    applyState(saved) {
      paused = saved.paused;
      if (saved.breaker !== null || breaker.probeAt !== null) breaker = saved.breaker ?? CLOSED;
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

function breakerPermit(
  { probeAt }: Breaker,
  { probing, maxProbeWait, now }: { probing: boolean; maxProbeWait: number; now: number },
): Permit {
  if (probeAt === null) return { count: Number.POSITIVE_INFINITY, retryAt: null, probe: false };
  if (probing) return NOT_NOW;
  if (now < probeAt && probeAt - now <= maxProbeWait) return { count: 0, retryAt: probeAt, probe: false };
  return { count: 1, retryAt: null, probe: true };
}

function withinRate(permit: Permit, bucket: Bucket | null, now: number): Permit {
  if (permit.count === 0) return permit;
  if (bucket === null) return NOT_NOW;
  const count = Math.min(permit.count, allowance(bucket, now));
  return { ...permit, count, retryAt: count > 0 ? null : nextToken(bucket, now) };
}

function changeOf(before: Breaker, after: Breaker): BreakerChange | null {
  if (before.probeAt === after.probeAt) return null;
  if (before.probeAt === null) return "opened";
  return after.probeAt === null ? "closed" : "probed";
}
