import { type GroundTruthLine, readReply } from "./ground-truth.ts";
import type { Fault } from "./planned-post.ts";
import type { PostResult } from "./send.ts";

/** The counts of a simulation. */
export interface Summary {
  documents: number;
  happenings: {
    all: number;
    reported: number;
    dropped: number;
    truncated: number;
    /** No chosen channel reports their type. */
    unreportable: number;
  };
  posts: {
    all: number;
    attempts: number;
    accepted: number;
    dropped: number;
    /** Genuine ones that were sent and never accepted. */
    givenUp: number;
    unsent: number;
    forged: { refused: number; accepted: number };
  };
  faults: Record<Fault, number>;
  /** Summed over the bridge's responses. */
  bridge: { events: number; duplicates: number; problems: number };
}

export function summaryOf(truth: readonly GroundTruthLine[], results: readonly PostResult[]): Summary {
  const posts = truth.filter((line) => line.kind === "post");
  const happenings = truth.filter((line) => line.kind === "happening");
  const replies = results.map(readReply);
  const forged = posts.filter(({ faults }) => faults.includes("forge"));
  const genuine = posts.filter(({ faults }) => !faults.includes("forge"));
  return {
    documents: truth.filter(({ kind }) => kind === "document").length,
    happenings: {
      all: happenings.length,
      reported: count(happenings, ({ reported }) => reported),
      dropped: count(happenings, ({ dropped }) => dropped),
      truncated: count(happenings, ({ truncated }) => truncated),
      unreportable: count(happenings, ({ reportable }) => !reportable),
    },
    posts: {
      all: posts.length,
      attempts: sum(posts.map(({ statuses }) => statuses.length)),
      accepted: count(genuine, ({ outcome }) => outcome === "accepted"),
      dropped: count(genuine, ({ outcome }) => outcome === "dropped"),
      givenUp: count(genuine, ({ outcome }) => outcome === "given_up"),
      unsent: count(posts, ({ outcome }) => outcome === "unsent"),
      forged: {
        refused: count(forged, ({ outcome }) => outcome === "refused"),
        accepted: count(forged, ({ outcome }) => outcome === "accepted"),
      },
    },
    faults: countFaults(results),
    bridge: {
      events: sum(replies.map(({ events }) => events)),
      duplicates: sum(replies.map(({ duplicates }) => duplicates)),
      problems: count(replies, ({ problem }) => problem !== null),
    },
  };
}

function countFaults(results: readonly PostResult[]): Record<Fault, number> {
  const counts = { repeat: 0, reorder: 0, late: 0, forge: 0, drop: 0, truncate: 0, burst: 0 };
  for (const { post } of results) for (const fault of post.faults) counts[fault] += 1;
  return counts;
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Every genuine post that was not dropped was accepted, and no forged one. */
export function isSuccess({ posts }: Summary): boolean {
  return posts.givenUp + posts.unsent + posts.forged.accepted === 0;
}
