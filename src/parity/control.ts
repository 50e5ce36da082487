import type { Classify } from "./assess.ts";
import type { Ledger } from "./ledger.ts";
import { otherSide, type Pair, type PairingRules, pairSubject, SIDES, type Side } from "./subject.ts";

/** A comparison that finds nothing must show that it can find something. */
export interface ControlResult {
  injected: number;
  found: number;
}

/** Losses injected on each side. */
const MAX_LOSSES = 25;

/** A pair, and where the rows of its subject begin among the sorted ones. */
interface Sample {
  start: number;
  pair: Pair;
}

interface ControlParts {
  order: Uint32Array;
  samples: readonly Sample[];
  ledger: Ledger;
  rules: PairingRules;
  classify: Classify;
}

/**
 * Takes one side's telling of some pairs away, in memory, and compares the subject again. Each must be found
 * as an unexplained loss, and nothing else may change. Pairs whose loss would be explained are passed over.
 */
export function injectLosses({ samples, ...parts }: ControlParts): ControlResult {
  let [injected, found] = [0, 0];
  for (const side of SIDES) {
    let here = 0;
    const step = Math.max(1, Math.floor(samples.length / (2 * MAX_LOSSES)));
    for (let index = side === "old" ? 0 : 1; index < samples.length && here < MAX_LOSSES; index += step) {
      const sample = samples[index];
      if (!sample || !wouldCount(sample, side, parts)) continue;
      here += 1;
      if (isFound(sample, side, parts)) found += 1;
    }
    injected += here;
  }
  return { injected, found };
}

/** Whether the loss of this side's telling would be an unexplained one, and the only one of its subject. */
function wouldCount({ start, pair }: Sample, side: Side, parts: Omit<ControlParts, "samples">): boolean {
  const { order, classify, rules, ledger } = parts;
  const open = { side: otherSide(side), row: pair[otherSide(side)].rows[0] ?? 0 };
  if (!rules.canTell(side, ledger.typeOf(open.row)) || classify(open).class !== "unexplained") return false;
  const { onlys } = pairSubject(rowsFrom(order, start, ledger), ledger, rules);
  return onlys.every(
    (one) => !rules.canTell(otherSide(one.side), ledger.typeOf(one.occurrence.rows[0] ?? 0)),
  );
}

function isFound({ start, pair }: Sample, side: Side, parts: Omit<ControlParts, "samples">): boolean {
  const { order, ledger, rules, classify } = parts;
  const rows = rowsFrom(order, start, ledger);
  const rest = rows.filter((row) => !isTelling(row, pair, side, ledger, rules));
  const keysOf = (some: readonly number[]) =>
    new Map(pairSubject(some, ledger, rules).onlys.map((only) => [only.occurrence.rows.join(), only]));
  const before = keysOf(rows);
  const [loss, ...more] = [...keysOf(rest)].flatMap(([key, only]) => (before.has(key) ? [] : [only]));
  if (!loss || more.length > 0 || loss.side === side) return false;
  const row = loss.occurrence.rows[0] ?? 0;
  const isSameKind = ledger.isSameKind(row, pair.old.rows[0] ?? 0);
  return isSameKind && classify({ side: loss.side, row }).class === "unexplained";
}

function rowsFrom(order: Uint32Array, start: number, ledger: Ledger): number[] {
  const first = order[start] ?? 0;
  const rows: number[] = [];
  for (let at = start; at < order.length && ledger.isSameSubject(first, order[at] ?? 0); at++)
    rows.push(order[at] ?? 0);
  return rows;
}

/** Whether a row tells the pair's happening on this side, first or again. */
function isTelling(row: number, pair: Pair, side: Side, ledger: Ledger, { sideOf }: PairingRules): boolean {
  return (
    sideOf(ledger.channelOf(row)) === side &&
    pair[side].rows.some(
      (mine) =>
        ledger.isSameKind(row, mine) &&
        ledger.channelOf(row) === ledger.channelOf(mine) &&
        (ledger.isUnique(row) || ledger.timeOf(row) === ledger.timeOf(mine)),
    )
  );
}
