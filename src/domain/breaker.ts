/** The circuit breaker of a destination. Pure: time is an argument. */

/** Closed: `probeAt` is null. Open: only one probe at a time is sent, each after a longer pause. */
export interface Breaker {
  /** Failures in a row, failed probes included. */
  failures: number;
  /**
   * When the next probe may be sent, milliseconds since 1970; null: closed. While a probe is in flight this
   * is in the past, or, in a store that nodes share, the end of the probe's lease.
   */
  probeAt: number | null;
  /** Failed probes since it opened. */
  probes: number;
  /**
   * What failed last: the endpoint that issues the destination's access tokens; absent: the destination
   * itself.
   */
  failing?: "token_endpoint" | undefined;
  /** When it opened, milliseconds since 1970; absent: it is closed, or an earlier version opened it. */
  openedAt?: number | undefined;
}

/** A time in which a circuit breaker was open. Moments are milliseconds since 1970. */
export interface Opening {
  openedAt: number;
  /** Null: it was not seen to close. */
  closedAt: number | null;
  /** In a row, failed probes included, as far as it is known. */
  failures: number;
  /** Failed ones. */
  probes: number;
  /** As in `Breaker`. */
  failing?: Breaker["failing"];
}

export interface BreakerRule {
  /** The number of failures in a row that opens it. */
  failures: number;
  /** Before the first probe, in milliseconds; each failed probe doubles it. */
  pause: number;
  /** The longest pause, in milliseconds. */
  longest: number;
}

export const DEFAULT_BREAKER: BreakerRule = { failures: 10, pause: 10_000, longest: 600_000 };

export const CLOSED: Breaker = { failures: 0, probeAt: null, probes: 0 };

/** What one attempt means to the circuit breaker. */
export interface AttemptSignal {
  /** The receiver is available, whatever it answered to this event. */
  answered: boolean;
  /** Nothing was sent, since no access token could be had; absent: it was sent. */
  tokenless?: boolean | undefined;
  /** The attempt was a probe through an open breaker. */
  probe: boolean;
  /** When the attempt ended, milliseconds since 1970. */
  at: number;
}

/**
 * Whether a status (null: no answer) shows that the receiver is available. A receiver that is overloaded
 * (429), timed out (408) or failed (5xx) would fail the next event as well; any other refusal is about this
 * one event.
 */
export function isAvailable(status: number | null): boolean {
  return status !== null && status < 500 && status !== 429 && status !== 408;
}

/**
 * The breaker after an attempt; the same object when nothing changed. A failure that was in flight when the
 * breaker opened changes nothing, however late it ends. A failed probe makes the next pause longer. A failure
 * to get an access token counts as well: every attempt needs one, and the breaker spares the deliveries that
 * wait the attempts of their schedules.
 */
export function afterAttempt(
  breaker: Breaker,
  { answered, tokenless = false, probe, at }: AttemptSignal,
  rule: BreakerRule,
): Breaker {
  if (answered) return isQuiet(breaker) ? breaker : CLOSED;
  const failures = breaker.failures + 1;
  const failing = tokenless ? ({ failing: "token_endpoint" } as const) : {};
  if (breaker.probeAt === null) {
    return failures < rule.failures
      ? { ...CLOSED, failures, ...failing }
      : { failures, probeAt: at + pauseAfter(0, rule), probes: 0, openedAt: at, ...failing };
  }
  if (!probe) return breaker;
  const { failing: _, ...open } = breaker;
  const probes = breaker.probes + 1;
  return { ...open, failures, probes, probeAt: at + pauseAfter(probes, rule), ...failing };
}

function isQuiet({ failures, probeAt }: Breaker): boolean {
  return failures === 0 && probeAt === null;
}

function pauseAfter(probes: number, { pause, longest }: BreakerRule): number {
  return Math.min(pause * 2 ** probes, longest);
}
