import type { EventType } from "../domain/event.ts";
import { align } from "./align.ts";
import type { Ledger } from "./ledger.ts";

/** What both sides told of one document or signer, happening by happening. */

export const SIDES = ["old", "new"] as const;
export type Side = (typeof SIDES)[number];

/** One side's telling of a happening: of each of its channels that told it, the row that told it first. */
export interface Occurrence {
  /** The provider's time, else when it was received; milliseconds since 1970. */
  time: number;
  isTimed: boolean;
  rows: readonly number[];
}

export interface Pair {
  old: Occurrence;
  new: Occurrence;
  /** Set where the two are taken for one happening although they differ in it. */
  differs: "time" | "type" | null;
}

/** A happening that one side alone told. */
export interface Only {
  side: Side;
  occurrence: Occurrence;
}

export interface Pairing {
  pairs: readonly Pair[];
  onlys: readonly Only[];
  /** Rows that repeat what their channel had told before. */
  repeats: readonly number[];
  /** Where a side has several channels: rows of two channels that told one happening. */
  within: readonly (readonly [one: number, other: number])[];
}

export interface PairingRules {
  sideOf(channel: number): Side;
  /** Whether a channel of the side has a word for the type. */
  canTell(side: Side, type: EventType): boolean;
  /** How far two channels' times of one happening may be apart, in milliseconds. */
  tolerance: number;
  /** The new side's clock minus the old side's, in milliseconds. */
  clockOffset: number;
  /**
   * How far apart two posts about one happening usually arrive, in milliseconds: it pairs what has no time,
   * and what has a wrong one.
   */
  usualLag: number;
}

/** The rows of each subject, and where they begin. */
export function* subjectsIn(order: Uint32Array, ledger: Ledger) {
  for (let start = 0, end = 0; start < order.length; start = end) {
    const first = order[start] ?? 0;
    for (end = start + 1; end < order.length && ledger.isSameSubject(first, order[end] ?? 0); ) end += 1;
    yield { start, rows: order.subarray(start, end) };
  }
}

/** Times that are as good as equal: some channels have whole seconds. */
export const SAME_TIME_MS = 1_000;

/** `rows` are those of one subject, in the order of `Ledger.sorted`. */
export function pairSubject(rows: ArrayLike<number>, ledger: Ledger, rules: PairingRules): Pairing {
  const pairs: Pair[] = [];
  const onlys: Only[] = [];
  const repeats: number[] = [];
  const within: [number, number][] = [];
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const first = rows[from] ?? 0;
    for (to = from + 1; to < rows.length && ledger.isSameKind(first, rows[to] ?? 0); ) to += 1;
    if (to === from + 1) {
      onlys.push({ side: rules.sideOf(ledger.channelOf(first)), occurrence: occurrenceOf(first, ledger) });
      continue;
    }
    const sides = { old: [] as Occurrence[], new: [] as Occurrence[] };
    for (const { channel, occurrences } of byChannel(rows, from, to, ledger, repeats)) {
      const side = rules.sideOf(channel);
      sides[side] = joined(sides[side], occurrences, rules, within);
    }
    const found = pairKind(sides, ledger, ledger.isUnique(first), rules);
    pairs.push(...found.pairs);
    onlys.push(...found.onlys);
  }
  return { ...acrossTypes(pairs, onlys, ledger, rules), repeats, within };
}

/** What each channel told of one kind; what it told again is a repeat. */
function byChannel(
  rows: ArrayLike<number>,
  from: number,
  to: number,
  ledger: Ledger,
  repeats: number[],
): { channel: number; occurrences: Occurrence[] }[] {
  const channels: { channel: number; occurrences: Occurrence[] }[] = [];
  let last = -1;
  for (let at = from; at < to; at++) {
    const row = rows[at] ?? 0;
    const channel = ledger.channelOf(row);
    const time = ledger.timeOf(row);
    let mine = channels.at(-1);
    if (mine?.channel !== channel) {
      mine = { channel, occurrences: [] };
      channels.push(mine);
      last = -1;
    }
    const isRepeat = last >= 0 && (ledger.isUnique(row) || ledger.timeOf(last) === time);
    if (isRepeat) repeats.push(row);
    else {
      mine.occurrences.push(occurrenceOf(row, ledger));
      last = row;
    }
  }
  return channels;
}

function occurrenceOf(row: number, ledger: Ledger): Occurrence {
  return { time: ledger.timeOf(row), isTimed: ledger.isTimed(row), rows: [row] };
}

/** The occurrences of one more channel of a side, beside those of its channels before. */
function joined(
  before: readonly Occurrence[],
  more: readonly Occurrence[],
  rules: PairingRules,
  within: [number, number][],
): Occurrence[] {
  if (before.length === 0) return [...more];
  const isUnique = before.length === 1 && more.length === 1;
  const aligned = align(before, more, isUnique ? Number.POSITIVE_INFINITY : reachOf(before, more, rules));
  const others = new Map(aligned);
  const taken = new Set(others.values());
  const both = before.map((one) => {
    const other = others.get(one);
    if (!other) return one;
    for (const row of one.rows) within.push([row, other.rows[0] ?? row]);
    return { ...one, rows: [...one.rows, ...other.rows] };
  });
  return [...both, ...more.filter((one) => !taken.has(one))].sort((a, b) => a.time - b.time);
}

function pairKind(
  sides: Record<Side, readonly Occurrence[]>,
  ledger: Ledger,
  isUnique: boolean,
  rules: PairingRules,
): Pick<Pairing, "pairs" | "onlys"> {
  const { clockOffset, tolerance } = rules;
  if (sides.old.length === 0 || sides.new.length === 0) return { pairs: [], onlys: onlysOf(sides) };
  const [old, other] = [sides.old[0], sides.new[0]];
  if (isUnique && old && other) {
    const isNear = !old.isTimed || !other.isTimed || apart(old, other, clockOffset) <= tolerance;
    return { pairs: [{ old, new: other, differs: isNear ? null : "time" }], onlys: [] };
  }
  const near = align(sides.old, sides.new, reachOf(sides.old, sides.new, rules), -clockOffset);
  if (near.length === sides.old.length && near.length === sides.new.length)
    return { pairs: near.map(([old, other]) => ({ old, new: other, differs: null })), onlys: [] };
  const left = without(sides, near);
  // A wrong time: what is left over on both sides arrived close to one another.
  const late = align(arrivals(left.old, ledger), arrivals(left.new, ledger), rules.usualLag + tolerance).map(
    ([old, other]) => [old.occurrence, other.occurrence] as const,
  );
  const pairs = [
    ...near.map(([old, other]): Pair => ({ old, new: other, differs: null })),
    ...late.map(([old, other]): Pair => ({ old, new: other, differs: "time" })),
  ];
  return { pairs, onlys: onlysOf(without(left, late)) };
}

function arrivals(occurrences: readonly Occurrence[], ledger: Ledger) {
  return occurrences
    .map((occurrence) => ({ time: firstReceived(occurrence.rows, ledger), occurrence }))
    .sort(byTime);
}

/** When the first of these tellings came, milliseconds since 1970. */
export function firstReceived(rows: readonly number[], ledger: Pick<Ledger, "receivedAt">): number {
  return Math.min(...rows.map(ledger.receivedAt));
}

function reachOf(ones: readonly Occurrence[], others: readonly Occurrence[], rules: PairingRules): number {
  const isTimed = [...ones, ...others].every((one) => one.isTimed);
  return isTimed ? rules.tolerance : Math.max(rules.tolerance, rules.usualLag);
}

/**
 * Of one subject at the very same time, the old side told one thing and the new side another: one happening
 * with another word, not two losses.
 */
function acrossTypes(
  pairs: readonly Pair[],
  onlys: readonly Only[],
  ledger: Ledger,
  rules: PairingRules,
): Pick<Pairing, "pairs" | "onlys"> {
  if (onlys.length < 2) return { pairs, onlys };
  const timed = onlys.filter(
    ({ side, occurrence: { isTimed, rows } }) =>
      isTimed && rules.canTell(otherSide(side), ledger.typeOf(rows[0] ?? 0)),
  );
  const sides = {
    old: timed.flatMap(({ side, occurrence }) => (side === "old" ? [occurrence] : [])).sort(byTime),
    new: timed.flatMap(({ side, occurrence }) => (side === "new" ? [occurrence] : [])).sort(byTime),
  };
  if (sides.old.length === 0 || sides.new.length === 0) return { pairs, onlys };
  const found = align(sides.old, sides.new, SAME_TIME_MS, -rules.clockOffset);
  const taken = new Set(found.flat());
  return {
    pairs: [...pairs, ...found.map(([old, other]): Pair => ({ old, new: other, differs: "type" }))],
    onlys: onlys.filter(({ occurrence }) => !taken.has(occurrence)),
  };
}

function apart(old: Occurrence, other: Occurrence, clockOffset: number): number {
  return Math.abs(other.time - clockOffset - old.time);
}

export function otherSide(side: Side): Side {
  return side === "old" ? "new" : "old";
}

function byTime(one: { time: number }, other: { time: number }): number {
  return one.time - other.time;
}

function without(
  sides: Record<Side, readonly Occurrence[]>,
  pairs: readonly (readonly [Occurrence, Occurrence])[],
): Record<Side, readonly Occurrence[]> {
  if (pairs.length === 0) return sides;
  const taken = new Set(pairs.flat());
  return {
    old: sides.old.filter((one) => !taken.has(one)),
    new: sides.new.filter((one) => !taken.has(one)),
  };
}

function onlysOf(sides: Record<Side, readonly Occurrence[]>): Only[] {
  return SIDES.flatMap((side) => sides[side].map((occurrence) => ({ side, occurrence })));
}
