/**
 * When a destination that fails again and again is left alone. Pure: time is an argument.
 */

/** Closed: `probeAt` is null. Open: nothing is sent but one probe at a time, each after a longer pause. */
export interface Breaker {
  /** Failures in a row, up to the one that opened it and with the probes that failed since. */
  failures: number;
  /**
   * When the next probe may go, milliseconds since 1970; null while closed. While one is out it is past, or, where several nodes
   * share a store, the moment at which that one is given up.
   */
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

/** What a try says of its destination. */
export interface AttemptSignal {
  /** The receiver is there, whatever it thought of the event. */
  answered: boolean;
  /** It was let through an open breaker. */
  probe: boolean;
  /** When it ended, milliseconds since 1970. */
  at: number;
}

/**
 * Whether an answer's status (null: there was no answer) shows that the receiver is there. One that is overloaded (429), gave up
 * waiting (408) or failed itself (5xx) would fail at the next event as well; any other refusal is about this one event.
 */
export function isThere(status: number | null): boolean {
  return status !== null && status < 500 && status !== 429 && status !== 408;
}

/**
 * The breaker after a try. It is the same object when nothing changed: a failure that was on its way when the breaker opened
 * says nothing new, however late it ends. That of a probe makes the next pause longer.
 */
export function afterAttempt(
  breaker: Breaker,
  { answered, probe, at }: AttemptSignal,
  rule: BreakerRule,
): Breaker {
  if (answered) return isQuiet(breaker) ? breaker : CLOSED;
  const failures = breaker.failures + 1;
  if (breaker.probeAt === null) {
    return failures < rule.failures
      ? { ...breaker, failures }
      : { failures, probeAt: at + pauseAfter(0, rule), probes: 0 };
  }
  if (!probe) return breaker;
  const probes = breaker.probes + 1;
  return { failures, probes, probeAt: at + pauseAfter(probes, rule) };
}

function isQuiet({ failures, probeAt }: Breaker): boolean {
  return failures === 0 && probeAt === null;
}

function pauseAfter(probes: number, { pause, longest }: BreakerRule): number {
  return Math.min(pause * 2 ** probes, longest);
}
