import type { EventType } from "../domain/event.ts";
import { type Column, numbersColumn, wordsColumn } from "./columns.ts";
import { CODE_FIELD } from "./facts.ts";
import type { Ledger } from "./ledger.ts";
import type { TypeCount } from "./report.ts";
import { createCanTell, maskOf, type Scope } from "./scope.ts";
import { firstReceived, type Occurrence, otherSide, type Pair, type Pairing, type Side } from "./subject.ts";

/** A pair that differs in some field. */
export interface Difference {
  pair: Pair;
  /** The first telling of each side that differ. */
  rows: readonly [old: number, other: number];
  /** The fields that differ more than in writing, a bit for each of `FACT_FIELDS`. */
  fields: number;
  severity: "unsafe" | "harmless";
}

/** A happening that one side alone told and the other has a word for. */
export interface Open {
  side: Side;
  /** Its first telling. */
  row: number;
}

type Counts = Omit<TypeCount, "type">;

/** What the subjects show, one after the other, in numbers; of what needs a look the rows are kept. */
export interface Tally {
  add(pairing: Pairing, start: number): void;
  counts(type: EventType): { -readonly [K in keyof Counts]: number };
  readonly types: ReadonlyMap<EventType, Readonly<Counts>>;
  readonly pairs: number;
  readonly happenings: number;
  readonly documents: number;
  readonly compared: number;
  open(): IterableIterator<Open>;
  /** The differences of pairs; beyond `MAX_KEPT` of a severity only their number. */
  readonly differences: readonly Difference[];
  readonly unsafe: number;
  readonly harmless: number;
  /** How often each ignore rule hid a difference, in their order. */
  readonly ignored: readonly number[];
  /** When the new side's post came after the old side's, milliseconds; negative: before. */
  readonly lags: Column;
  /** Repeats by channel. */
  readonly repeats: readonly number[];
  /** Happenings of a side by the channels that told them: `side:type:bits of the channels`. */
  readonly told: ReadonlyMap<string, number>;
  readonly selfDisagreements: Record<Side, number>;
  /** The fields that any telling of a side stated. */
  readonly stated: Record<Side, number>;
  /** Some pairs, spread over all: where their subject begins among the sorted rows. */
  readonly samples: readonly { start: number; pair: Pair }[];
  /** Left out, since they belong to the time before the window. */
  readonly before: number;
}

/** The most rows of each kind that are kept to be listed. */
const MAX_KEPT = 20_000;
const MAX_SAMPLES = 512;

export function createTally(ledger: Ledger, scope: Scope): Tally {
  const { channels, from, leadFrom, until, settings } = scope;
  const canTell = createCanTell(channels);
  const ignoredMask = maskOf(settings.ignore.map(({ field }) => field));
  const types = new Map<EventType, { -readonly [K in keyof Counts]: number }>();
  const documents = new Set<number>();
  const openRows = wordsColumn();
  const lags = numbersColumn();
  const told = new Map<string, number>();
  const samples = createSamples();
  const isSharedSide = {
    old: channels.filter(({ side }) => side === "old").length > 1,
    new: channels.filter(({ side }) => side === "new").length > 1,
  };
  const state = {
    ...{ pairs: 0, happenings: 0, compared: 0, unsafe: 0, harmless: 0, before: 0 },
    differences: [] as Difference[],
    ignored: settings.ignore.map(() => 0),
    repeats: channels.map(() => 0),
    selfDisagreements: { old: 0, new: 0 },
    stated: { old: 0, new: 0 },
  };

  function counts(type: EventType) {
    const known = types.get(type);
    if (known) return known;
    const added = {
      both: 0,
      oldOnly: 0,
      newOnly: 0,
      byDesign: 0,
      pending: 0,
      outage: 0,
      accepted: 0,
      unexplained: 0,
    };
    types.set(type, added);
    return added;
  }

  /** Whether a happening was first told within the window, and is no remainder of the time before. */
  function isInScope(rows: readonly number[]): boolean {
    const received = firstReceived(rows, ledger);
    const isWithin = received >= from && received < until;
    const isOld = rows.every((row) => ledger.timeOf(row) < leadFrom);
    if (!isWithin || isOld) state.before += 1;
    return isWithin && !isOld;
  }

  function addTold(side: Side, { rows }: Occurrence): void {
    for (const row of rows) {
      state.stated[side] |= ledger.statedBy(row);
      const document = ledger.documentOf(row);
      if (document !== 0) documents.add(document);
    }
    if (!isSharedSide[side]) return;
    const bits = rows.reduce((mask, row) => mask | (1 << ledger.channelOf(row)), 0);
    const key = `${side}:${ledger.typeOf(rows[0] ?? 0)}:${bits}`;
    told.set(key, (told.get(key) ?? 0) + 1);
  }

  function addPair(pair: Pair, start: number): void {
    const rows = [...pair.old.rows, ...pair.new.rows];
    if (!isInScope(rows)) return;
    state.pairs += 1;
    state.happenings += 1;
    counts(ledger.typeOf(pair.old.rows[0] ?? 0)).both += 1;
    addTold("old", pair.old);
    addTold("new", pair.new);
    lags.push(firstReceived(pair.new.rows, ledger) - firstReceived(pair.old.rows, ledger));
    if (pair.differs === null) samples.add(start, pair);
    compare(pair);
  }

  function compare(pair: Pair): void {
    let found: Difference | null = null;
    let isCompared = false;
    let hidden = 0;
    for (const old of pair.old.rows)
      for (const other of pair.new.rows) {
        const mask = comparable(old, other);
        isCompared ||= (ledger.statedBy(old) & ledger.statedBy(other) & mask) !== 0;
        const fields = ledger.differences(old, other) & mask;
        hidden |= fields & ignoredMask;
        const shown = fields & ~ignoredMask;
        if (shown !== 0) found ??= { pair, rows: [old, other], fields: shown, severity: "unsafe" };
      }
    if (isCompared) state.compared += 1;
    for (const [index, { field }] of settings.ignore.entries())
      if (hidden & maskOf([field])) state.ignored[index] = (state.ignored[index] ?? 0) + 1;
    note(found ?? inWritingOrTime(pair));
  }

  function inWritingOrTime(pair: Pair): Difference | null {
    const rows = [pair.old.rows[0] ?? 0, pair.new.rows[0] ?? 0] as const;
    if (pair.differs === "type") return { pair, rows, fields: 0, severity: "unsafe" };
    if (pair.differs === "time") return { pair, rows, fields: 0, severity: "harmless" };
    const isOther =
      ignoredMask === 0 &&
      channels[ledger.channelOf(rows[0])]?.tables === channels[ledger.channelOf(rows[1])]?.tables &&
      ledger.differsInWriting(...rows);
    return isOther ? { pair, rows, fields: 0, severity: "harmless" } : null;
  }

  function note(difference: Difference | null): void {
    if (!difference) return;
    state[difference.severity] += 1;
    if (state[difference.severity] <= MAX_KEPT) state.differences.push(difference);
  }

  /** Codes of different tables are different words for the same. */
  function comparable(old: number, other: number): number {
    const [one, two] = [channels[ledger.channelOf(old)], channels[ledger.channelOf(other)]];
    const both = (one?.fields ?? 0) & (two?.fields ?? 0);
    return one?.tables === two?.tables ? both : both & ~(1 << CODE_FIELD);
  }

  return {
    add({ pairs, onlys, repeats, within }, start) {
      for (const pair of pairs) addPair(pair, start);
      for (const { side, occurrence } of onlys) {
        if (!isInScope(occurrence.rows)) continue;
        const row = occurrence.rows[0] ?? 0;
        const type = ledger.typeOf(row);
        state.happenings += 1;
        addTold(side, occurrence);
        counts(type)[side === "old" ? "oldOnly" : "newOnly"] += 1;
        if (type === "unknown") continue;
        if (canTell(otherSide(side), type)) openRows.push(row * 2 + (side === "old" ? 0 : 1));
        else counts(type).byDesign += 1;
      }
      for (const row of repeats) {
        const channel = ledger.channelOf(row);
        state.repeats[channel] = (state.repeats[channel] ?? 0) + 1;
      }
      for (const [one, other] of within) {
        const side = channels[ledger.channelOf(one)]?.side;
        const differs = ledger.differences(one, other) & comparable(one, other) & ~ignoredMask;
        if (side && differs !== 0) state.selfDisagreements[side] += 1;
      }
    },
    counts,
    types,
    *open() {
      for (let index = 0; index < openRows.length; index++) {
        const value = openRows.at(index);
        yield { side: value % 2 === 0 ? "old" : "new", row: Math.floor(value / 2) };
      }
    },
    lags,
    told,
    get documents() {
      return documents.size;
    },
    get samples() {
      return samples.all();
    },
    get pairs() {
      return state.pairs;
    },
    get happenings() {
      return state.happenings;
    },
    get compared() {
      return state.compared;
    },
    get unsafe() {
      return state.unsafe;
    },
    get harmless() {
      return state.harmless;
    },
    get before() {
      return state.before;
    },
    differences: state.differences,
    ignored: state.ignored,
    repeats: state.repeats,
    selfDisagreements: state.selfDisagreements,
    stated: state.stated,
  };
}

/** Every nth pair, where n doubles whenever there are too many. */
function createSamples() {
  let kept: { start: number; pair: Pair }[] = [];
  let [stride, seen] = [1, 0];
  return {
    add(start: number, pair: Pair) {
      seen += 1;
      if (seen % stride !== 0) return;
      kept.push({ start, pair });
      if (kept.length < MAX_SAMPLES) return;
      kept = kept.filter((_, index) => index % 2 === 1);
      stride *= 2;
    },
    all: () => kept,
  };
}
