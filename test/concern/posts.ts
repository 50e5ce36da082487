import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import type { Chance } from "../../src/simulate/chance.ts";
import { busynessAt, londonTime } from "./calendar.ts";

/** When the posts of the simulated channels come, milliseconds since 1970, in order. */

export interface Span {
  from: number;
  until: number;
}

/** Each hour of a busy day has its share; days differ by up to a half. */
function atWork({ from, until }: Span, perHour: number, chance: Chance): number[] {
  const moments: number[] = [];
  let pace = 1;
  for (let hour = from; hour < until; hour += HOUR_MS) {
    if (londonTime(hour).hour === 0) pace = chance.int(60, 140) / 100;
    moments.push(...within(hour, poisson(perHour * pace * busynessAt(hour), chance), chance));
  }
  return moments;
}

/** What people do with documents, as realtime posts: single, and by day. */
export function realtimePosts(span: Span, chance: Chance): number[] {
  return atWork(span, 8, chance);
}

const BATCH_MS = 6 * MINUTE_MS;

/**
 * The same happenings in a batch every six minutes; an empty one is not posted, and none from 1 to 3 at
 * night.
 */
export function batchPosts(happenings: readonly number[]): number[] {
  const marks = happenings.map((at) => Math.floor(at / BATCH_MS + 1) * BATCH_MS);
  const later = marks.map((mark) => {
    const { hour } = londonTime(mark);
    return hour === 1 || hour === 2 ? Math.ceil(mark / HOUR_MS + (3 - hour)) * HOUR_MS : mark;
  });
  return [...new Set(later)];
}

/** Documents with several signers: each gives two to six posts within ten minutes. */
export function burstPosts(span: Span, chance: Chance): number[] {
  const posts = atWork(span, 4, chance).flatMap((at) =>
    Array.from({ length: chance.int(2, 6) }, () => at + chance.int(0, 10 * MINUTE_MS)),
  );
  return posts.sort((one, other) => one - other);
}

/** Three or four documents a day, each with ten posts over five hours. */
export function documentPosts(span: Span, chance: Chance): number[] {
  const posts = atWork(span, 0.4, chance).flatMap((at) =>
    Array.from({ length: 10 }, () => at + chance.int(0, 5 * HOUR_MS)),
  );
  return posts.sort((one, other) => one - other).filter((at) => at < span.until);
}

/** Machines that post day and night, but for a pause of the provider from two to four. */
export function machinePosts({ from, until }: Span, chance: Chance): number[] {
  const moments: number[] = [];
  for (let hour = from; hour < until; hour += HOUR_MS) {
    const local = londonTime(hour).hour;
    if (local !== 2 && local !== 3) moments.push(...within(hour, poisson(20, chance), chance));
  }
  return moments;
}

/** Three posts in a week of work. */
export function quietPosts(span: Span, chance: Chance): number[] {
  return atWork(span, 3 / 43, chance);
}

/** A campaign of some dozens of posts every nine days or so, and hardly anything between. */
export function campaignPosts(span: Span, chance: Chance): number[] {
  const posts = atWork(span, 1 / 43, chance);
  for (let hour = span.from; hour < span.until; hour += HOUR_MS)
    if (busynessAt(hour) > 0.8 && chance.happens(1 / 45))
      for (let count = chance.int(40, 80); count > 0; count--) posts.push(hour + chance.int(0, 3 * HOUR_MS));
  return posts.sort((one, other) => one - other).filter((at) => at < span.until);
}

/** Strangers: one request now and then, and once a month forty within five minutes. */
export function strangers({ from, until }: Span, chance: Chance): number[] {
  const posts: number[] = [];
  for (let day = from; day < until; day += DAY_MS) {
    const at = day + chance.int(0, DAY_MS);
    if (chance.happens(1 / 20)) posts.push(at);
    if (chance.happens(1 / 30))
      posts.push(...Array.from({ length: 40 }, () => at + chance.int(0, 5 * MINUTE_MS)));
  }
  return posts.sort((one, other) => one - other);
}

function within(hour: number, count: number, chance: Chance): number[] {
  return Array.from({ length: count }, () => hour + chance.int(0, HOUR_MS - 1)).sort(
    (one, other) => one - other,
  );
}

/** Knuth's method: multiplies draws until they fall below e to the minus mean. */
function poisson(mean: number, chance: Chance): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = drawOf(chance); product > limit; product *= drawOf(chance)) count += 1;
  return count;
}

function drawOf(chance: Chance): number {
  return chance.int(1, 1_000_000) / 1_000_001;
}
