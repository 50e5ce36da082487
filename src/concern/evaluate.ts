import { bridgeConcerns } from "./bridge.ts";
import { channelRule } from "./channels.ts";
import { byHarm, type Concern } from "./concern.ts";
import { contextOf, type Habits, type Rule } from "./context.ts";
import { deliveryConcerns } from "./deliveries.ts";
import { documentRule } from "./documents.ts";
import { outageConcerns } from "./outage.ts";
import { parityConcerns } from "./parity.ts";
import { readingConcerns } from "./reading.ts";
import type { Situation } from "./situation.ts";
import { standbyConcerns } from "./standby.ts";

/** A rule that is quick at any size of its part of the situation. */
const quick = (rule: (situation: Situation) => Concern[]): Rule =>
  // biome-ignore lint/correctness/useYield: it is one step
  function* ({ situation }) {
    return rule(situation);
  };

const RULES: readonly Rule[] = [
  channelRule,
  quick(readingConcerns),
  quick(standbyConcerns),
  documentRule,
  quick(deliveryConcerns),
  quick(outageConcerns),
  quick(bridgeConcerns),
  quick(parityConcerns),
];

/**
 * What needs a person in this situation, by harm. `habits` may be handed from one evaluation to the next, so
 * that each channel's is learned once for each of its silences.
 */
export function evaluate(situation: Situation, habits: Habits = new Map()): Concern[] {
  const steps = evaluating(situation, habits);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The steps of `evaluate`, a few milliseconds each: the caller may do other work between two of them. */
export function* evaluating(
  situation: Situation,
  habits: Habits = new Map(),
): Generator<void, Concern[], void> {
  const context = contextOf(situation, habits);
  const concerns: Concern[] = [];
  for (const rule of RULES) {
    concerns.push(...(yield* rule(context)));
    yield;
  }
  return concerns.toSorted(byHarm);
}
