import { type EventType, meaningOf } from "../domain/event.ts";
import {
  type Arrivals,
  arrivalsOf,
  type FoundOutage,
  findOutages,
  type Missing,
  pauseAt,
} from "./arrivals.ts";
import { sorted } from "./columns.ts";
import { type ControlResult, injectLosses } from "./control.ts";
import type { Ledger } from "./ledger.ts";
import { invertedOrders } from "./order.ts";
import { quantile } from "./quantiles.ts";
import type { LossClass } from "./report.ts";
import { createCanTell, type Scope } from "./scope.ts";
import { otherSide, type PairingRules, pairSubject, type Side, subjectsIn } from "./subject.ts";
import { createTally, type Difference, type Open, type Tally } from "./tally.ts";

/** A happening that one side alone told, and why. */
export interface FoundLoss extends Open {
  class: Exclude<LossClass, "by_design">;
  /** The place of the exception among those of the scope; null: none holds for it. */
  exception: number | null;
}

/** The comparison in numbers and rows: nothing of it is text yet. */
export interface Assessment {
  rules: PairingRules;
  tally: Tally;
  arrivals: readonly Arrivals[];
  outages: readonly FoundOutage[];
  /** How much later the new side's post came than the old side's, milliseconds, ascending. */
  lags: Float64Array;
  /** How long a side may take to tell what the other told, milliseconds. */
  pendingAfter: number;
  /** The period of the slowest channel that posts in batches, milliseconds. */
  cadence: number;
  /** Those that are listed: unexplained ones first; of each class the first `MAX_LISTED`. */
  losses: readonly FoundLoss[];
  /** Unsafe ones first; of each severity the first `MAX_DESCRIBED`. */
  differences: readonly Difference[];
  unsafe: number;
  harmless: number;
  control: ControlResult;
}

/** The most losses of a class that are listed. */
export const MAX_LISTED: Readonly<Record<FoundLoss["class"], number>> = {
  unexplained: 10_000,
  accepted: 1_000,
  outage: 1_000,
  pending: 100,
};

/** The most differences of a severity that are listed. */
const MAX_DESCRIBED = { unsafe: 10_000, harmless: 200 } as const;

/** Subjects of one step: some milliseconds of work. */
const SUBJECTS_A_STEP = 2_000;

/** Compares what both sides told. The caller may do other work between two steps. */
export function* assessing(ledger: Ledger, scope: Scope): Generator<void, Assessment, void> {
  const order = ledger.sorted();
  yield;
  const rules = yield* learnRules(order, ledger, scope);
  const tally = createTally(ledger, scope);
  for (const { start, rows } of subjectsIn(order, ledger)) {
    tally.add(pairSubject(rows, ledger, rules), start);
    if (start % SUBJECTS_A_STEP === 0) yield;
  }
  yield;
  const arrivals = arrivalsOf(ledger, scope);
  const cadence = Math.max(0, ...arrivals.map((one) => one.cadence));
  const lags = sorted(tally.lags);
  const pendingAfter = Math.max(slowestLag(lags), MIN_PERIODS * cadence);
  const outages = findOutages(arrivals, missingIn(tally, ledger, scope, rules), rules.tolerance);
  const classify = createClassify({ ledger, scope, rules, pendingAfter, outages });
  const losses = classifyAll(tally, ledger, classify);
  yield;
  const disagreements = withOrder(tally, order, ledger, rules);
  yield;
  const control = injectLosses({ order, samples: tally.samples, ledger, rules, classify });
  return {
    ...{ rules, tally, arrivals, outages, lags, pendingAfter, cadence, losses, control },
    ...disagreements,
  };
}

/** Enough to know a median by. */
const MAX_LEARNED = 50_000;
const MIN_LEARNED = 5;

/**
 * What happens once is recognised without its time, so it shows how far the clocks are apart and how long the
 * posts take.
 */
function* learnRules(order: Uint32Array, ledger: Ledger, scope: Scope): Generator<void, PairingRules, void> {
  const { channels, settings } = scope;
  const rules: PairingRules = {
    sideOf: (channel) => channels[channel]?.side ?? "old",
    canTell: createCanTell(channels),
    tolerance: settings.tolerance,
    clockOffset: 0,
    usualLag: 0,
  };
  const clocks: number[] = [];
  const lags: number[] = [];
  for (const { start, rows } of subjectsIn(order, ledger)) {
    if (!rows.some((row) => ledger.isUnique(row))) continue;
    for (const { old, new: other } of pairSubject(rows, ledger, rules).pairs) {
      const [one, two] = [old.rows[0] ?? 0, other.rows[0] ?? 0];
      if (!ledger.isUnique(one)) continue;
      if (old.isTimed && other.isTimed) clocks.push(other.time - old.time);
      lags.push(Math.abs(ledger.receivedAt(two) - ledger.receivedAt(one)));
    }
    if (lags.length >= MAX_LEARNED) break;
    if (start % SUBJECTS_A_STEP === 0) yield;
  }
  const offsets = Float64Array.from(clocks).sort();
  return {
    ...rules,
    clockOffset: offsets.length < MIN_LEARNED ? 0 : quantile(offsets, 0.5),
    usualLag: quantile(Float64Array.from(lags).sort(), 0.9),
  };
}

/** A slower channel may take as long as nearly all its posts did, and so many of its periods at least. */
const MIN_PERIODS = 3;

/** One of a thousand is longer, whichever side it was that came later. */
function slowestLag(ascending: Float64Array): number {
  let [low, high] = [0, ascending.length - 1];
  const earliest = () => Math.abs(ascending[low] ?? 0);
  const latest = () => Math.abs(ascending[high] ?? 0);
  for (let left = Math.floor(ascending.length / 1_000); left > 0; left--) {
    if (earliest() > latest()) low += 1;
    else high -= 1;
  }
  return Math.max(earliest(), latest());
}

function* missingIn(tally: Tally, ledger: Ledger, scope: Scope, rules: PairingRules): Generator<Missing> {
  const tellers = createTellers(scope);
  for (const { side, row } of tally.open())
    yield {
      time: timeByBridge(row, side, ledger, rules),
      channels: tellers(otherSide(side), ledger.typeOf(row)),
    };
}

/** The channels of a side that have a word for a type, by number. */
function createTellers({ channels }: Pick<Scope, "channels">) {
  const known = new Map<string, readonly number[]>();
  return (side: Side, type: EventType): readonly number[] => {
    const key = `${side}:${type}`;
    const there = known.get(key);
    if (there) return there;
    const found = channels.flatMap((one, index) => (one.side === side && one.tells.has(type) ? [index] : []));
    known.set(key, found);
    return found;
  };
}

/** Of a clock that is ahead of the other side's, the time by that one: it is nearer to the bridge's. */
function timeByBridge(row: number, side: Side, ledger: Ledger, { clockOffset }: PairingRules): number {
  if (!ledger.isTimed(row)) return ledger.receivedAt(row);
  return side === "new" ? ledger.timeOf(row) - clockOffset : ledger.timeOf(row);
}

export type Classify = (open: Open) => Pick<FoundLoss, "class" | "exception">;

function createClassify({
  ledger,
  scope,
  rules,
  pendingAfter,
  outages,
}: {
  ledger: Ledger;
  scope: Scope;
  rules: PairingRules;
  pendingAfter: number;
  outages: readonly FoundOutage[];
}): Classify {
  const tellers = createTellers(scope);
  const byChannel = scope.channels.map((_, channel) => outages.filter((one) => one.channel === channel));
  const { exceptions, channels, until } = scope;
  return ({ side, row }) => {
    const missing = otherSide(side);
    const type = ledger.typeOf(row);
    if (until - ledger.receivedAt(row) < pendingAfter) return { class: "pending", exception: null };
    const time = timeByBridge(row, side, ledger, rules);
    const could = tellers(missing, type);
    const isOut = (channel: number) => pauseAt(byChannel[channel] ?? [], time, rules.tolerance) !== null;
    if (could.length > 0 && could.every(isOut)) return { class: "outage", exception: null };
    const source = channels[ledger.channelOf(row)]?.source;
    const exception = exceptions.findIndex(
      (one) => one.type === type && one.missing === missing && one.source === source,
    );
    return exception < 0 ? { class: "unexplained", exception: null } : { class: "accepted", exception };
  };
}

const CLASS_ORDER = ["unexplained", "accepted", "outage", "pending"] as const;

/** Counts all, and lists the first of each class. */
function classifyAll(tally: Tally, ledger: Ledger, classify: Classify): FoundLoss[] {
  const listed: Record<FoundLoss["class"], FoundLoss[]> = {
    unexplained: [],
    accepted: [],
    outage: [],
    pending: [],
  };
  for (const open of tally.open()) {
    const found = { ...open, ...classify(open) };
    tally.counts(ledger.typeOf(open.row))[found.class] += 1;
    if (listed[found.class].length < MAX_LISTED[found.class]) listed[found.class].push(found);
  }
  return CLASS_ORDER.flatMap((one) => listed[one]);
}

/** A time that differs is harmless, unless it puts what happened to a document into another order. */
function withOrder(
  tally: Tally,
  order: Uint32Array,
  ledger: Ledger,
  rules: PairingRules,
): Pick<Assessment, "differences" | "unsafe" | "harmless"> {
  const suspects = tally.differences.filter(
    ({ pair, severity }) => pair.differs === "time" && severity === "harmless",
  );
  const inverted = invertedOrders(suspects, order, ledger, rules);
  const all = tally.differences.map((one) =>
    inverted.has(one) ? { ...one, severity: "unsafe" as const } : one,
  );
  const differences = (["unsafe", "harmless"] as const).flatMap((severity) =>
    all.filter((one) => one.severity === severity).slice(0, MAX_DESCRIBED[severity]),
  );
  return {
    differences,
    unsafe: tally.unsafe + inverted.size,
    harmless: tally.harmless - inverted.size,
  };
}

/** A document or a signer ends with it. */
export function isTerminal(type: EventType): boolean {
  const meaning = meaningOf(type);
  return meaning?.status != null && TERMINAL[meaning.about].has(meaning.status);
}

const TERMINAL = {
  document: new Set<string>(["completed", "declined", "canceled", "expired", "failed"]),
  signer: new Set<string>(["signed", "declined"]),
};
