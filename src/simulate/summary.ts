import type { Fault } from "./letter.ts";
import type { Played } from "./play.ts";
import { readReply, type TruthLine } from "./truth.ts";

/** What was done, counted. */
export interface Summary {
  documents: number;
  happenings: {
    all: number;
    told: number;
    dropped: number;
    truncated: number;
    /** No chosen channel has a word for them. */
    untellable: number;
  };
  posts: {
    all: number;
    tries: number;
    taken: number;
    dropped: number;
    /** Of the genuine ones, those that were never taken. */
    givenUp: number;
    unsent: number;
    forged: { refused: number; taken: number };
  };
  faults: Record<Fault, number>;
  /** As the bridge said it in its answers. */
  bridge: { events: number; duplicates: number; problems: number };
}

export function summarize(truth: readonly TruthLine[], played: readonly Played[]): Summary {
  const posts = truth.filter((line) => line.kind === "post");
  const happenings = truth.filter((line) => line.kind === "happening");
  const replies = played.map(readReply);
  const forged = posts.filter(({ faults }) => faults.includes("forge"));
  const genuine = posts.filter(({ faults }) => !faults.includes("forge"));
  return {
    documents: truth.filter(({ kind }) => kind === "document").length,
    happenings: {
      all: happenings.length,
      told: count(happenings, ({ told }) => told),
      dropped: count(happenings, ({ dropped }) => dropped),
      truncated: count(happenings, ({ truncated }) => truncated),
      untellable: count(happenings, ({ tellable }) => !tellable),
    },
    posts: {
      all: posts.length,
      tries: sum(posts.map(({ answers }) => answers.length)),
      taken: count(genuine, ({ outcome }) => outcome === "taken"),
      dropped: count(genuine, ({ outcome }) => outcome === "dropped"),
      givenUp: count(genuine, ({ outcome }) => outcome === "given_up"),
      unsent: count(posts, ({ outcome }) => outcome === "unsent"),
      forged: {
        refused: count(forged, ({ outcome }) => outcome === "refused"),
        taken: count(forged, ({ outcome }) => outcome === "taken"),
      },
    },
    faults: countFaults(played),
    bridge: {
      events: sum(replies.map(({ events }) => events)),
      duplicates: sum(replies.map(({ duplicates }) => duplicates)),
      problems: count(replies, ({ problem }) => problem !== null),
    },
  };
}

function countFaults(played: readonly Played[]): Record<Fault, number> {
  const counts = { repeat: 0, reorder: 0, late: 0, forge: 0, drop: 0, truncate: 0, burst: 0 };
  for (const { post } of played) for (const fault of post.faults) counts[fault] += 1;
  return counts;
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Everything genuine was taken, and nothing that was forged. */
export function wentWell({ posts }: Summary): boolean {
  return posts.givenUp + posts.unsent + posts.forged.taken === 0;
}
