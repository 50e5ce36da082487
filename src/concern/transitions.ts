import { type Concern, severityRank } from "./concern.ts";

/** What changed between two evaluations, for alerts. */
export interface Transition {
  /** `worse`: severer, or its count has a digit more. */
  change: "begun" | "worse" | "over";
  /** As it is now; as it was last, where it is over. */
  concern: Concern;
}

/** In the order of `now`, then what is over in the order of `before`. */
export function transitions(before: readonly Concern[], now: readonly Concern[]): Transition[] {
  const known = new Map(before.map((concern) => [concern.id, concern]));
  const present = new Set(now.map(({ id }) => id));
  return [
    ...now.flatMap((concern): Transition[] => {
      const last = known.get(concern.id);
      if (!last) return [{ change: "begun", concern }];
      return isWorse(last, concern) ? [{ change: "worse", concern }] : [];
    }),
    ...before
      .filter(({ id }) => !present.has(id))
      .map((concern): Transition => ({ change: "over", concern })),
  ];
}

/**
 * The `before` of the next comparison: the concerns of now, each with the worst severity and count that it
 * has had and the earliest time. So a count that goes from 9 to 10 and back again and again is told once.
 */
export function remembered(before: readonly Concern[], now: readonly Concern[]): Concern[] {
  const known = new Map(before.map((concern) => [concern.id, concern]));
  return now.map((concern) => {
    const last = known.get(concern.id);
    if (!last) return concern;
    const isSeverer = severityRank(last.severity) < severityRank(concern.severity);
    return {
      ...concern,
      since: Math.min(last.since, concern.since),
      count: Math.max(last.count, concern.count),
      severity: isSeverer ? last.severity : concern.severity,
    };
  });
}

function isWorse(before: Concern, now: Concern): boolean {
  return (
    severityRank(now.severity) < severityRank(before.severity) || digitsOf(now.count) > digitsOf(before.count)
  );
}

function digitsOf(count: number): number {
  return String(Math.trunc(count)).length;
}
