/**
 * When a destination that fails again and again is left alone. Pure: time is an argument.
 */

/** Closed: `probeAt` is null. Open: nothing is sent but one probe at a time, each after a longer pause. */
export interface Breaker {
  /** Failures in a row. */
  failures: number;
  /** When the next probe may go, milliseconds since 1970; null while closed. */
  probeAt: number | null;
  /** Probes that failed since it opened. */
  probes: number;
}

export interface BreakerRule {
  /** It opens at so many failures in a row. */
  failures: number;
  /** Before the first probe, in milliseconds; each failed probe doubles it. */
  pause: number;
  /** No pause is longer. */
  longest: number;
}

export const DEFAULT_BREAKER: BreakerRule = { failures: 10, pause: 10_000, longest: 600_000 };

export const CLOSED: Breaker = { failures: 0, probeAt: null, probes: 0 };

/**
 * The breaker after a try that ended at `now`. `answered`: the receiver is there, whatever it thought of the event. A failure that
 * was on its way when the breaker opened changes nothing; that of a probe makes the next pause longer.
 */
export function afterTry(breaker: Breaker, answered: boolean, now: number, rule: BreakerRule): Breaker {
  if (answered) return CLOSED;
  const failures = breaker.failures + 1;
  if (breaker.probeAt === null) {
    return failures < rule.failures
      ? { ...breaker, failures }
      : { failures, probeAt: now + rule.pause, probes: 0 };
  }
  if (now < breaker.probeAt) return { ...breaker, failures };
  const probes = breaker.probes + 1;
  return { failures, probes, probeAt: now + Math.min(rule.pause * 2 ** probes, rule.longest) };
}
