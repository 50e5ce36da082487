import { formatMoment } from "../domain/moment.ts";
import type { Concern } from "./concern.ts";
import { raise } from "./raise.ts";
import type { RetrySchedule, Situation, SourceSituation, Stop } from "./situation.ts";
import { DAY_MS, inWords, MINUTE_MS } from "./words.ts";

const MIN_STOP_MS = MINUTE_MS;
/** What is lost has to be looked after by a person: it is said for so long. */
const LOST_MS = 7 * DAY_MS;
/** So long where the provider does not say how it repeats posts. */
const UNKNOWN_MS = 3 * DAY_MS;

/** What a stop of the bridge costs at each source: what its provider still repeats, and what it gave up. */
export function outageConcerns({ sources, lastStop, now }: Situation): Concern[] {
  if (lastStop === null || lastStop.until - lastStop.from <= MIN_STOP_MS) return [];
  return sources.flatMap((source) => {
    const budget = budgetOf(source, lastStop);
    return now < budget.until ? [outage(source, lastStop, budget)] : [];
  });
}

interface Budget {
  sentence: string;
  advice: string;
  ends: string;
  /** When nothing more is to be said, milliseconds since 1970. */
  until: number;
  isLoss: boolean;
}

function outage({ name }: SourceSituation, { from, until }: Stop, budget: Budget): Concern {
  return raise("outage", {
    subject: { source: name },
    since: from,
    otherwise: budget.isLoss,
    facts: {
      source: name,
      length: inWords(until - from),
      until: formatMoment(until),
      budget: budget.sentence,
      advice: budget.advice,
      ends: budget.ends,
    },
  });
}

const LOOK =
  "Compare the documents at the provider with those here from that time on, and have missing posts repeated where the provider can do that.";
const NOTHING = "Nothing needs to be done, as long as the bridge runs.";

function budgetOf(source: SourceSituation, stop: Stop): Budget {
  const { givesUpAfter } = source.retries;
  if (givesUpAfter === null) return unknownBudget(source, stop);
  return stop.until - stop.from > givesUpAfter
    ? lostBudget(source, givesUpAfter, stop)
    : repeatedBudget(source, givesUpAfter, stop);
}

function unknownBudget({ provider, retries }: SourceSituation, stop: Stop): Budget {
  const until = stop.until + UNKNOWN_MS;
  const sentence = `${provider} does not publish how it repeats posts, so some may be lost.${remarkOf(retries)}`;
  return {
    sentence,
    advice: LOOK,
    ends: `3 days without another stop, ${formatMoment(until)}`,
    until,
    isLoss: false,
  };
}

function lostBudget({ provider, retries }: SourceSituation, givesUpAfter: number, stop: Stop): Budget {
  const until = stop.until + LOST_MS;
  const lostBefore = formatMoment(stop.until - givesUpAfter);
  const sentence = `${provider} gives up after ${inWords(givesUpAfter)}, so what it first posted before ${lostBefore} is lost.${remarkOf(retries)}`;
  return { sentence, advice: LOOK, ends: `the end of a week, ${formatMoment(until)}`, until, isLoss: true };
}

function repeatedBudget({ provider, retries }: SourceSituation, givesUpAfter: number, stop: Stop): Budget {
  const until = stop.until + longestWait(retries, givesUpAfter, stop);
  const repeated = formatMoment(until);
  const gaveUp = formatMoment(stop.from + givesUpAfter);
  const sentence = `${provider} repeats what failed by ${repeated}; what it first posted as the stop began it would give up at ${gaveUp}.${remarkOf(retries)}`;
  return { sentence, advice: NOTHING, ends: `that moment, ${repeated}`, until, isLoss: false };
}

function remarkOf({ remark }: RetrySchedule): string {
  return remark === null ? "" : ` ${remark}.`;
}

/**
 * The longest time after the stop until everything has been repeated once: the pause after the last attempt
 * that can lie in the stop. Where only the whole length is known, that is the bound.
 */
function longestWait({ pauses }: RetrySchedule, givesUpAfter: number, { from, until }: Stop): number {
  if (pauses === null) return givesUpAfter;
  let offset = 0;
  let longest = 0;
  for (const pause of pauses) {
    if (offset > until - from) break;
    longest = Math.max(longest, pause);
    offset += pause;
  }
  return longest;
}
