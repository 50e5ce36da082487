/**
 * How many tries may begin, for a destination that takes only so many a second. Pure: time is an argument.
 * A bucket of tokens: each try takes one, they come back at the rate, and no more than a tenth of a second's worth pile up. So in
 * any span of time no more begin than the rate allows for it, and that small burst beside. Several nodes that send to one
 * destination divide its rate: each has a bucket of its own.
 */

export interface Bucket {
  /** Tokens a second. */
  readonly rate: number;
  /** At the moment `at`. */
  readonly tokens: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Sums of fractions fall short of a whole number by less than this. */
const ROUNDING = 1e-9;

export function fullBucket(rate: number, now: number): Bucket {
  return { rate, tokens: burstOf(rate), at: now };
}

/** The first bucket of one of so many nodes. Only a lone one begins with a burst: the others have had theirs. */
export function firstShare(rate: number, nodes: number, now: number): Bucket {
  return nodes === 1 ? fullBucket(rate, now) : { rate: rate / nodes, tokens: 0, at: now };
}

/** The bucket from `now` on, at another rate: what is in it stays, as far as there is room. */
export function atRate(bucket: Bucket, rate: number, now: number): Bucket {
  return { rate, tokens: Math.min(burstOf(rate), tokensAt(bucket, now)), at: now };
}

/** How many may begin at `now`. */
export function allowance(bucket: Bucket, now: number): number {
  return Math.floor(tokensAt(bucket, now) + ROUNDING);
}

/** When the next may begin, in whole milliseconds since 1970; not later than `now` if one may at once. */
export function nextToken(bucket: Bucket, now: number): number {
  const missing = 1 - tokensAt(bucket, now);
  return now + Math.max(0, Math.ceil((missing * 1_000) / bucket.rate - ROUNDING));
}

/** The bucket after `count` tries began at `now`. */
export function take(bucket: Bucket, count: number, now: number): Bucket {
  return { ...bucket, tokens: tokensAt(bucket, now) - count, at: now };
}

/** A span counts either way: a clock that is set back must not stop everything until it has caught up. */
function tokensAt({ rate, tokens, at }: Bucket, now: number): number {
  return Math.min(burstOf(rate), tokens + (Math.abs(now - at) * rate) / 1_000);
}

function burstOf(rate: number): number {
  return Math.max(1, Math.floor(rate / 10));
}
