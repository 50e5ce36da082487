/**
 * A token bucket that limits the attempts at a destination to a rate. Pure: time is an argument. Each attempt
 * takes one token. Tokens return at the rate, and at most a tenth of a second's worth accumulates, so any
 * span of time has at most the rate's attempts and that burst. Nodes that share a destination divide its
 * rate: each has its own bucket.
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

/** The first bucket of one of `nodes` nodes. Only a lone node begins with a burst: others have had theirs. */
export function firstShare(rate: number, nodes: number, now: number): Bucket {
  return nodes === 1 ? fullBucket(rate, now) : { rate: rate / nodes, tokens: 0, at: now };
}

/** The bucket at another rate from `now` on. Its tokens stay, up to the new burst. */
export function atRate(bucket: Bucket, rate: number, now: number): Bucket {
  return { rate, tokens: Math.min(burstOf(rate), tokensAt(bucket, now)), at: now };
}

/** The number of attempts that may begin at `now`. */
export function allowance(bucket: Bucket, now: number): number {
  return Math.floor(tokensAt(bucket, now) + ROUNDING);
}

/**
 * When the next attempt may begin, in whole milliseconds since 1970; at most `now` if one may begin at once.
 */
export function nextToken(bucket: Bucket, now: number): number {
  const missing = 1 - tokensAt(bucket, now);
  return now + Math.max(0, Math.ceil((missing * 1_000) / bucket.rate - ROUNDING));
}

/** The bucket after `count` attempts began at `now`. */
export function take(bucket: Bucket, count: number, now: number): Bucket {
  return { ...bucket, tokens: tokensAt(bucket, now) - count, at: now };
}

/**
 * A negative span counts as well: a clock that is set back must not stop everything until it has caught up.
 */
function tokensAt({ rate, tokens, at }: Bucket, now: number): number {
  return Math.min(burstOf(rate), tokens + (Math.abs(now - at) * rate) / 1_000);
}

function burstOf(rate: number): number {
  return Math.max(1, Math.floor(rate / 10));
}
