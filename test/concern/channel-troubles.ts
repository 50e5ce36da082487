import { isFeastDay } from "../../src/concern/feast-days.ts";
import type { Stop } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";
import type { Chance } from "../../src/simulate/chance.ts";
import { workingDay } from "./calendar.ts";
import { type Arrival, inOrder, SOURCES, type Trouble } from "./site.ts";

/** Troubles of channels: each diverts their posts. */

/** From the first moment at which the trouble may begin. */
export type MakeTrouble = (at: number, chance: Chance) => Trouble;

/** The posts of that time are kept back and come at its end, as from a provider that repeats them. */
function keptBack(channel: string, { from, until }: Stop) {
  return (name: string, arrivals: readonly Arrival[]): Arrival[] =>
    name === channel || channel === "*"
      ? inOrder(arrivals.map((one) => (one.at >= from && one.at < until ? { ...one, at: until } : one)))
      : [...arrivals];
}

/** The end of the second working day after a moment. */
function secondDay(at: number): number {
  const nextDay = (moment: number): number => {
    const day = workingDay(Math.ceil(moment / DAY_MS) * DAY_MS, 17);
    return isFeastDay(day) ? nextDay(day) : day;
  };
  return nextDay(nextDay(at));
}

export const silentPeople: MakeTrouble = (at) => {
  const from = workingDay(at, 11);
  const namedBy = secondDay(from);
  const until = namedBy + 30 * HOUR_MS;
  const ids = ["silent:lumin/account"];
  return {
    ids,
    from,
    namedBy,
    until,
    overBy: until + HOUR_MS,
    divert: keptBack("lumin/account", { from, until }),
  };
};

export const silentMachines: MakeTrouble = (at, chance) => {
  const from = at + chance.int(0, 23) * HOUR_MS;
  const until = from + 12 * HOUR_MS;
  return {
    ids: ["silent:docusign/connect"],
    from,
    // Four hours, two of the provider's nightly pause, and one between evaluations.
    namedBy: from + 7 * HOUR_MS,
    until,
    overBy: until + HOUR_MS,
    divert: keptBack("docusign/connect", { from, until }),
  };
};

export const refused: MakeTrouble = (at) => {
  const from = workingDay(at, 10);
  const until = from + 28 * HOUR_MS;
  return {
    ids: ["refused:legalesign/realtime"],
    from,
    namedBy: from + 2 * HOUR_MS,
    until,
    overBy: until + HOUR_MS,
    divert: (channel, arrivals) =>
      channel === "legalesign/realtime"
        ? inOrder([
            ...arrivals.map((one) =>
              one.at >= from && one.at < until ? { ...one, outcome: "refused" as const } : one,
            ),
            // Reprocessed once the secret is right.
            { at: until, outcome: "accepted" as const },
          ])
        : [...arrivals],
  };
};

export const overdueBatch: MakeTrouble = (at) => {
  const from = workingDay(at, 10);
  const until = from + 2 * DAY_MS;
  return {
    ids: ["batch_overdue:legalesign/batch"],
    from,
    namedBy: from + 4 * HOUR_MS,
    until,
    overBy: until + HOUR_MS,
    divert: keptBack("legalesign/batch", { from, until }),
  };
};

/** Of posts that came while the bridge was stopped. */
export const outage: MakeTrouble = (at) => {
  const from = workingDay(at, 12);
  const until = from + 3 * HOUR_MS;
  const stop = { from, until };
  return {
    ids: SOURCES.map((source) => `outage:${source}`),
    from: until,
    namedBy: until,
    until: until + HOUR_MS,
    overBy: until + 3 * DAY_MS,
    stop,
    divert: keptBack("*", stop),
    alter: (situation) => (situation.now >= until ? { ...situation, lastStop: stop } : situation),
  };
};
