import { assign, type Group, ownOf } from "./assign.ts";
import type { Draft } from "./draft.ts";
import type { Provenance } from "./event.ts";

/**
 * Matches reports to events, where a happening can occur many times and channels report it at times that
 * differ by seconds. An exact dedupe key always goes first. A match by nearness is a guess: it holds for the
 * channel that made the report, and is given up when that channel reports both happenings. The merged report
 * then becomes an event of its own, so that two happenings end as two events in whichever order their reports
 * come.
 */

/** One report of an event: by which channel, under which dedupe key. */
export interface ChannelKey {
  /** The event's own id, or the dedupe key of the channel's report. */
  key: string;
  channel: string;
  /** When it happened according to the channel, milliseconds since 1970. */
  at: number;
  /** The report itself, in case it turns out to be an event of its own; null for the event's own key. */
  origin: Origin | null;
}

/** A report as it came, with its receipt. */
export interface Origin {
  draft: Draft;
  provenance: Provenance;
  /** When its receipt came, milliseconds since 1970. */
  receivedAt: number;
}

/** A recorded event that a draft may duplicate. */
export interface CoalesceCandidate {
  id: string;
  /** When it happened, milliseconds since 1970. */
  at: number;
  /** Its reports. That of the channel that reported it first has the event's id as key. */
  reports: readonly ChannelKey[];
}

/**
 * The documents that the merged reports name: such a report may become an event of its own, about its
 * document.
 */
export function documentsIn(candidates: readonly CoalesceCandidate[]): string[] {
  return candidates.flatMap(({ reports }) =>
    reports.flatMap(({ origin }) => (origin?.draft.document ? [origin.draft.document.id] : [])),
  );
}

/** A draft that looks for its event; `key` is its dedupe key. */
export interface Report extends Omit<ChannelKey, "origin"> {
  origin: Origin;
}

export interface Match {
  /** The event that the report duplicates; null: it is a new event. */
  event: string | null;
  /** For a new event: earlier reports of it, by other channels under the same key. */
  others: readonly ChannelKey[];
  /**
   * Merged reports that turn out to be events of their own, each with the other channels' reports under the
   * same key.
   */
  split: readonly { origin: Origin; others: readonly ChannelKey[] }[];
}

/** The nearest events within the window that are compared: nothing happens more often than this. */
const MAX_NEAR = 64;

/** The events of one coalesce key with their reports. Changes as reports are matched. */
export class Coalescer {
  readonly #window: number;
  readonly #events = new Map<string, CoalesceCandidate>();
  /** By dedupe key: the event that was reported under it. */
  readonly #holders = new Map<string, string>();

  constructor(candidates: readonly CoalesceCandidate[], windowMs: number) {
    this.#window = windowMs;
    for (const event of candidates) this.#put(event, event.reports);
  }

  /** The events with their reports as they are now. */
  get events(): readonly CoalesceCandidate[] {
    return [...this.#events.values()];
  }

  has(id: string): boolean {
    return this.#events.has(id);
  }

  /** Adds a new event, reported by this channel and the others. */
  add(id: string, report: Omit<ChannelKey, "origin">, others: readonly ChannelKey[] = []): void {
    const reports = [report, ...others].map(({ channel, at }) => ({ key: id, channel, at, origin: null }));
    this.#put({ id, at: report.at, reports }, reports);
  }

  /** Finds the event of a report whose dedupe key no event has. */
  match(report: Report): Match {
    const { key, channel } = report;
    const holder = this.#events.get(this.#holders.get(key) ?? "");
    if (holder && !holder.reports.some((one) => one.channel === channel && one.key !== key)) {
      if (!hasChannel(holder, channel)) this.#put(holder, [...holder.reports, report]);
      return { event: holder.id, others: [], split: [] };
    }
    // This channel reported the holder under another key, so this key belongs to another happening.
    const group: Group = [report, ...(holder ? this.#detach(holder, key) : [])];
    const { left, event } = this.#settle(group);
    const isNew = left.includes(group);
    const split = left.flatMap((one) => (one === group ? [] : toSplit(one)));
    return { event: isNew ? null : event, others: isNew ? group.slice(1) : [], split };
  }

  /**
   * A channel reports an event by its own key: an earlier report of this channel that was merged into it is
   * another one.
   */
  confirm({ key, channel, at }: Omit<ChannelKey, "origin">): Match["split"] {
    const own = this.#events.get(key);
    if (!own) return [];
    const wrong = own.reports.find((one) => one.channel === channel && one.key !== key);
    const [first, ...others] = wrong ? this.#detach(own, wrong.key) : [];
    const now = this.#events.get(key) ?? own;
    if (!hasChannel(now, channel)) this.#put(now, [...now.reports, { key, channel, at, origin: null }]);
    return first ? this.#settle([first, ...others]).left.flatMap(toSplit) : [];
  }

  /** Matches a group, and again the merged reports around it. `left`: the groups without an event. */
  #settle(group: Group): { left: readonly Group[]; event: string | null } {
    const events = this.#near(group[0].at);
    const groups = [group, ...events.flatMap(groupsOf)];
    const assigned = assign(groups, events, this.#window);
    for (const event of events) {
      const attached = groups.filter((one) => assigned.get(one) === event);
      this.#put(event, [...ownOf(event), ...attached.flat()]);
    }
    return {
      left: groups.filter((one) => !assigned.has(one)),
      event: assigned.get(group)?.id ?? null,
    };
  }

  /**
   * The events near that time, those near the reports merged into them, and so on: a match can move another.
   */
  #near(at: number): CoalesceCandidate[] {
    const found = new Set<CoalesceCandidate>();
    const times = [at];
    for (const time of times) {
      const near: CoalesceCandidate[] = [];
      for (const event of this.#events.values())
        if (Math.abs(event.at - time) <= this.#window && !found.has(event)) near.push(event);
      for (const event of near.sort((a, b) => Math.abs(a.at - time) - Math.abs(b.at - time))) {
        if (found.size === MAX_NEAR) return [...found];
        found.add(event);
        times.push(...groupsOf(event).map(([first]) => first.at));
      }
    }
    return [...found];
  }

  #put(event: CoalesceCandidate, reports: readonly ChannelKey[]): void {
    this.#events.set(event.id, { ...event, reports });
    for (const { key } of reports) this.#holders.set(key, event.id);
  }

  /** Removes the reports with this key from the event, and returns them. */
  #detach(event: CoalesceCandidate, key: string): readonly ChannelKey[] {
    const isOfKey = (one: ChannelKey) => one.key === key;
    this.#holders.delete(key);
    this.#put(
      event,
      event.reports.filter((one) => !isOfKey(one)),
    );
    return event.reports.filter(isOfKey);
  }
}

function hasChannel({ reports }: CoalesceCandidate, channel: string): boolean {
  return reports.some((one) => one.channel === channel);
}

/** The reports merged into the event by nearness, by key. */
function groupsOf({ id, reports }: CoalesceCandidate): Group[] {
  const byKey = Map.groupBy(
    reports.filter(({ key }) => key !== id),
    ({ key }) => key,
  );
  return [...byKey.values()].flatMap(([first, ...others]) => (first ? [[first, ...others] as const] : []));
}

function toSplit([first, ...others]: Group): Match["split"] {
  return first.origin ? [{ origin: first.origin, others }] : [];
}
