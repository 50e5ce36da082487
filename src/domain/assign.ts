import type { ChannelKey, CoalesceCandidate } from "./coalesce.ts";

/** Reports with one dedupe key, by different channels at one time: always one happening. */
export type Group = readonly [ChannelKey, ...ChannelKey[]];

/**
 * Assigns groups of reports to events. A group goes to an event within `windowMs`, or to the event that it
 * was merged into while the window was longer, unless a channel of the group has another report of that
 * event. The nearest pairs go first; then a group may move another one to make a place. A group without an
 * entry has no event.
 */
export function assign(
  groups: readonly Group[],
  events: readonly CoalesceCandidate[],
  windowMs: number,
): ReadonlyMap<Group, CoalesceCandidate> {
  const assigned = new Map<Group, CoalesceCandidate>();
  const distance = (group: Group, event: CoalesceCandidate) => Math.abs(event.at - group[0].at);
  const within = (group: Group) =>
    events
      .filter((event) => distance(group, event) <= windowMs || event.reports.includes(group[0]))
      .toSorted((a, b) => distance(group, a) - distance(group, b));
  const rivalsOf = (group: Group, event: CoalesceCandidate) =>
    [...assigned].flatMap(([other, at]) => (at === event && sharesChannel(other, group) ? [other] : []));
  const admits = (event: CoalesceCandidate, group: Group) => !sharesChannel(ownOf(event), group);

  /**
   * Puts the group into an event from which at most one other group has to move, and that one has somewhere
   * to go.
   */
  function squeeze(group: Group, tried: Set<CoalesceCandidate>): boolean {
    for (const event of within(group)) {
      const [rival, ...more] = rivalsOf(group, event);
      if (tried.has(event) || !admits(event, group) || more.length > 0) continue;
      tried.add(event);
      if (rival) assigned.delete(rival);
      if (!rival || squeeze(rival, tried)) {
        assigned.set(group, event);
        return true;
      }
      assigned.set(rival, event);
    }
    return false;
  }

  const pairs = groups
    .flatMap((group) => within(group).map((event) => ({ group, event })))
    .sort((a, b) => distance(a.group, a.event) - distance(b.group, b.event));
  for (const { group, event } of pairs) {
    const isFree = admits(event, group) && rivalsOf(group, event).length === 0;
    if (!assigned.has(group) && isFree) assigned.set(group, event);
  }
  for (const group of groups) if (!assigned.has(group)) squeeze(group, new Set());
  return assigned;
}

/** The reports of the event by its own key. */
export function ownOf({ id, reports }: CoalesceCandidate): readonly ChannelKey[] {
  return reports.filter(({ key }) => key === id);
}

function sharesChannel(a: readonly ChannelKey[], b: readonly ChannelKey[]): boolean {
  return a.some(({ channel }) => b.some((other) => other.channel === channel));
}
