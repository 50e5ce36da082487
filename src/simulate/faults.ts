import type { Chance } from "./chance.ts";
import { FAULTS, type Fault, type PlannedPost } from "./planned-post.ts";

/** The share of faultless posts that each fault changes: at least one post, as long as any is left. */
const SHARE: Readonly<Record<Fault, number>> = {
  repeat: 0.1,
  reorder: 0.05,
  late: 0.03,
  forge: 0.05,
  drop: 0.03,
  truncate: 0.03,
  burst: 0.2,
};

const HOUR_MS = 3_600_000;

type FaultInjector = (posts: readonly PlannedPost[], chance: Chance) => PlannedPost[];

/** The posts with these faults in some of them. No post has two faults. */
export function injectFaults(
  posts: readonly PlannedPost[],
  faults: readonly Fault[],
  chance: Chance,
): PlannedPost[] {
  const chosen = FAULTS.filter((fault) => faults.includes(fault));
  return chosen.reduce((sent, fault) => INJECTORS[fault](sent, chance), [...posts]);
}

const INJECTORS: Readonly<Record<Fault, FaultInjector>> = {
  repeat: perPost("repeat", (post, chance) => {
    const wait = chance.happens(0.5) ? chance.int(0, 60_000) : chance.int(HOUR_MS, 30 * HOUR_MS);
    const again = { ...post, id: `${post.id}-repeat`, at: post.at + wait };
    return [post, mark(again, "repeat")];
  }),
  reorder,
  late: perPost("late", (post, chance) => [
    mark({ ...post, at: post.at + chance.int(6 * HOUR_MS, 30 * HOUR_MS) }, "late"),
  ]),
  forge: perPost("forge", (post, chance) => [post, forgeryOf(post, chance)]),
  drop: perPost("drop", (post) => [mark(post, "drop")]),
  truncate: perPost("truncate", (post, chance) => {
    const rest = post.body.slice(0, chance.int(Math.ceil(post.unreadableLength / 2), post.unreadableLength));
    return [mark({ ...post, body: rest }, "truncate")];
  }),
  burst,
};

/** Changes some of the posts that have no fault yet, each by itself. */
function perPost(
  fault: Fault,
  inject: (post: PlannedPost, chance: Chance) => readonly PlannedPost[],
): FaultInjector {
  return (posts, chance) => {
    const chosen = choose(posts, fault, chance);
    return posts.flatMap((post) => (chosen.has(post) ? inject(post, chance) : [post]));
  };
}

function choose(posts: readonly PlannedPost[], fault: Fault, chance: Chance): Set<PlannedPost> {
  const whole = posts.filter(({ faults }) => faults.length === 0);
  return new Set(chance.sample(whole, Math.max(1, Math.round(whole.length * SHARE[fault]))));
}

function mark(post: PlannedPost, fault: Fault): PlannedPost {
  return { ...post, faults: [...post.faults, fault] };
}

/**
 * Reports the same of invented documents and signers, so that a forgery that is let in shows as an event of
 * nothing.
 */
function forgeryOf(post: PlannedPost, chance: Chance): PlannedPost {
  const ids = post.happenings.flatMap(({ document, signer }) => [document, signer ?? document]);
  const body = [...new Set(ids)].reduce((text, id) => text.replaceAll(id, invented(id, chance)), post.body);
  const at = post.at + chance.int(0, 60_000);
  return mark({ ...post, id: `${post.id}-forged`, at, body, happenings: [] }, "forge");
}

function invented(id: string, chance: Chance): string {
  return id.includes("-") ? chance.uuid() : chance.hex(id.length);
}

/**
 * Sends a post after the next one of its lane: every second post at most, so that two swaps cannot cancel
 * out.
 */
function reorder(posts: readonly PlannedPost[], chance: Chance): PlannedPost[] {
  const next = new Map<PlannedPost, PlannedPost>();
  for (const lane of Map.groupBy(posts, (post) => post.lane).values()) {
    const inOrder = lane.filter(({ faults }) => faults.length === 0).toSorted((a, b) => a.at - b.at);
    for (let i = 0; i + 1 < inOrder.length; i += 2) {
      const [post, follower] = inOrder.slice(i, i + 2);
      if (post && follower) next.set(post, follower);
    }
  }
  const chosen = choose([...next.keys()], "reorder", chance);
  return posts.map((post) => {
    const follower = chosen.has(post) && next.get(post);
    return follower ? mark({ ...post, at: follower.at + 1 }, "reorder") : post;
  });
}

/** Sends consecutive posts at the moment of the last of them. */
function burst(posts: readonly PlannedPost[], chance: Chance): PlannedPost[] {
  const whole = posts.filter(({ faults }) => faults.length === 0).toSorted((a, b) => a.at - b.at);
  const count = Math.max(2, Math.round(whole.length * SHARE.burst));
  const first = chance.int(0, Math.max(0, whole.length - count));
  const together = new Set(whole.slice(first, first + count));
  const at = Math.max(...[...together].map((post) => post.at));
  return posts.map((post) => (together.has(post) ? mark({ ...post, at }, "burst") : post));
}
