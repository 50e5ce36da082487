import type { DestinationState } from "../store/port/control.ts";
import type { ListedDelivery } from "../store/port/reads.ts";

/** A delivery as the admin API shows it: with what its destination's schedule and state mean for it. */
export interface DeliveryView extends ListedDelivery {
  /**
   * The number of attempts after which the schedule has run out, those before a replay included; null: the
   * destination is not configured.
   */
  maxAttempts: number | null;
  /**
   * When the next attempt is due at the earliest, milliseconds since 1970; null: one is under way, none will
   * be made, or it depends on another delivery or on a person.
   */
  nextAttemptAt: number | null;
}

export interface DeliveryViewParts {
  /** How many attempts a destination's schedule has; null: the destination is not configured. */
  attemptsOf(destination: string): number | null;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
  /** Milliseconds since 1970. */
  now(): number;
}

export function viewDelivery(delivery: ListedDelivery, parts: DeliveryViewParts): DeliveryView {
  const { destination, replayedAfter } = delivery;
  const attempts = parts.attemptsOf(destination);
  const state = parts.states().find(({ name }) => name === destination);
  return {
    ...delivery,
    maxAttempts: attempts === null ? null : (replayedAfter ?? 0) + attempts,
    nextAttemptAt: state === undefined ? null : nextAttemptAt(delivery, state, parts.now()),
  };
}

function nextAttemptAt(
  { status, dueAt, leased }: ListedDelivery,
  { paused, breaker }: DestinationState,
  now: number,
): number | null {
  if (status !== "pending" || dueAt === null || paused) return null;
  // A lease that has ended is of a process that died.
  if (leased && dueAt > now) return null;
  return Math.max(dueAt, breaker?.probeAt ?? 0);
}
