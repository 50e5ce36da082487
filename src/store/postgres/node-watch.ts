import type { Member } from "./membership.ts";

/** A node whose connection was lost, and which lives, has its lock again within this time. */
const DEAD_AFTER_MS = 1_000;
/**
 * When the connection of this node was lost, so were those of the others, perhaps: after a failure of the
 * server they take a while to connect again.
 */
const RECONNECTED_AFTER_MS = 10_000;

/** Tells dead nodes from those that are connecting again. Instants are milliseconds of any one clock. */
export interface NodeWatch {
  /** The connection of this node was lost and is back: for a while nobody is taken for dead. */
  reconnected(now: number): void;
  /** Takes what the server knows now. A node that was lost counts until it is dead. */
  look(members: readonly Member[], now: number): void;
  /** The number of nodes, this one included. */
  count(): number;
  /** The numbers of the nodes that have been without their locks for long enough. */
  dead(): readonly number[];
}

export function createNodeWatch(): NodeWatch {
  let trustedFrom = Number.NEGATIVE_INFINITY;
  let count = 1;
  let dead: readonly number[] = [];
  /** When each node without a lock was first seen so. */
  let lostSince = new Map<number, number>();
  const seenAlive = new Set<number>();
  return {
    reconnected(now) {
      trustedFrom = now + RECONNECTED_AFTER_MS;
    },
    look(members, now) {
      const isTrusted = now >= trustedFrom;
      for (const { id, alive } of members) if (alive) seenAlive.add(id);
      const lost = isTrusted ? members.filter(({ alive }) => !alive) : [];
      lostSince = new Map(lost.map(({ id }) => [id, lostSince.get(id) ?? now]));
      dead = [...lostSince].flatMap(([id, since]) => (now - since >= DEAD_AFTER_MS ? [id] : []));
      const isGone = ({ id }: Member) => lostSince.has(id) && (dead.includes(id) || !seenAlive.has(id));
      count = Math.max(1, members.filter((one) => !isGone(one)).length);
    },
    count: () => count,
    dead: () => dead,
  };
}
