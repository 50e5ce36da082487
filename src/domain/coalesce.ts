import { assign, type Group, ownOf } from "./assign.ts";
import type { Draft } from "./draft.ts";
import type { Provenance } from "./event.ts";

/**
 * Which event a report means, where a happening can occur many times and several channels tell it at times that differ by
 * seconds. An exact dedupe key always goes first. What is matched by nearness is a guess: it holds for the channel that told it, and
 * is given up as soon as that channel tells two of what was taken for one. The draft that was merged then becomes an event of its
 * own, so that two happenings end as two events in whichever order they are told.
 */

/** One way in which an event was told: which channel, under which dedupe key. */
export interface ChannelKey {
  /** The event's own id, or the key that the channel's report had. */
  key: string;
  channel: string;
  /** When it happened as that channel told it, milliseconds since 1970. */
  at: number;
  /** What was told, to become an event of its own when it turns out to be one; null for the event's own key. */
  origin: Origin | null;
}

/** A report as it came, with where it came from. */
export interface Origin {
  draft: Draft;
  provenance: Provenance;
  /** When its receipt came, milliseconds since 1970. */
  receivedAt: number;
}

/** An event that another report may mean. */
export interface CoalesceCandidate {
  id: string;
  /** When it happened, milliseconds since 1970. */
  at: number;
  /** The channels that have told it; the first that did has its id as the key. */
  reports: readonly ChannelKey[];
}

/** The documents that what was matched by nearness names: it may become an event of its own, and then belongs to one of them. */
export function documentsIn(candidates: readonly CoalesceCandidate[]): string[] {
  return candidates.flatMap(({ reports }) =>
    reports.flatMap(({ origin }) => (origin?.draft.document ? [origin.draft.document.id] : [])),
  );
}

/** A draft as it looks for its event: `key` is its dedupe key. */
export interface Report extends Omit<ChannelKey, "origin"> {
  origin: Origin;
}

/** The event that a report means, or null where it is a new one. */
export interface Match {
  event: string | null;
  /** For a new event: the other channels that told it under the same key before. */
  others: readonly ChannelKey[];
  /** Reports that turn out to be events of their own, each with the other channels that told it under the same key. */
  split: readonly { origin: Origin; others: readonly ChannelKey[] }[];
}

/** More events within the window than this are not compared: the nearest are enough, and nobody does anything so often. */
const MAX_NEAR = 64;

/** The events of one coalesce key, and who told them. Changes as reports are matched. */
export class Coalescer {
  readonly #window: number;
  readonly #events = new Map<string, CoalesceCandidate>();
  /** By dedupe key: the event that was told under it. */
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

  /** A new event, told by this channel and the others. */
  add(id: string, report: Omit<ChannelKey, "origin">, others: readonly ChannelKey[] = []): void {
    const reports = [report, ...others].map(({ channel, at }) => ({ key: id, channel, at, origin: null }));
    this.#put({ id, at: report.at, reports }, reports);
  }

  /** Finds the event that is meant by what was told under no key that is known. */
  match(report: Report): Match {
    const { key, channel } = report;
    const holder = this.#events.get(this.#holders.get(key) ?? "");
    if (holder && !holder.reports.some((one) => one.channel === channel && one.key !== key)) {
      if (!hasChannel(holder, channel)) this.#put(holder, [...holder.reports, report]);
      return { event: holder.id, others: [], split: [] };
    }
    // Where this channel told the holder under another key, what has this key is another happening.
    const group: Group = [report, ...(holder ? this.#detach(holder, key) : [])];
    const { left, event } = this.#settle(group);
    const isNew = left.includes(group);
    const split = left.flatMap((one) => (one === group ? [] : toSplit(one)));
    return { event: isNew ? null : event, others: isNew ? group.slice(1) : [], split };
  }

  /** A channel tells an event by its own key: whatever else of this channel was taken for it is something else. */
  confirm({ key, channel, at }: Omit<ChannelKey, "origin">): Match["split"] {
    const own = this.#events.get(key);
    if (!own) return [];
    const wrong = own.reports.find((one) => one.channel === channel && one.key !== key);
    const [first, ...others] = wrong ? this.#detach(own, wrong.key) : [];
    const now = this.#events.get(key) ?? own;
    if (!hasChannel(now, channel)) this.#put(now, [...now.reports, { key, channel, at, origin: null }]);
    return first ? this.#settle([first, ...others]).left.flatMap(toSplit) : [];
  }

  /** Matches a group, and again what was matched by nearness around it. Returns those for whom there is no event. */
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

  /** The events that a report of that time can mean, and those that others could mean instead if they had to move, and so on. */
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

  /** Takes the reports with this key away from the event. */
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

/** What was matched to the event by nearness. */
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
