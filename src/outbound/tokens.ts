import type { Clock } from "../domain/clock.ts";
import type { TokenError } from "./failure.ts";
import type { Grant, RequestToken } from "./token-request.ts";

/** An access token in memory, and nowhere else. Instants are milliseconds since 1970. */
export interface Token {
  text: string;
  fetchedAt: number;
  /** From then on a new one is fetched, shortly before its end. */
  renewAt: number;
  endsAt: number;
  /** It replaced one that the destination had answered with 401. */
  isReplacement: boolean;
}

/** The access tokens of one destination. One request for a token serves all that wait for it. */
export interface Tokens {
  /**
   * The token that is kept, or a new one.
   *
   * @throws TokenError, also when `signal` is aborted while it waits.
   */
  get(signal: AbortSignal): Promise<Token>;
  /**
   * Another token after the destination answered 401 to this one. Null: this one replaced a refused one a
   * moment ago, so another would not help. @throws TokenError
   */
  renew(refused: Token, signal: AbortSignal): Promise<Token | null>;
}

interface TokensParts {
  request: RequestToken;
  clock: Clock;
  /** Limit on one request for a token, in milliseconds. */
  timeout: number;
  /** The error of an attempt that stopped waiting. */
  late(): TokenError;
}

/** For a server that does not say how long its token is valid (RFC 6749, 5.1, only recommends it). */
const DEFAULT_LIFETIME_MS = 300_000;
/** A token is renewed this long before its end, or after nine tenths of a shorter life. */
const MAX_MARGIN_MS = 60_000;
const MAX_LIFETIME_MS = 365 * 86_400_000;
/** A destination that refuses every token does not cause a request for each attempt. */
const REPLACEMENT_MS = 60_000;

export function createTokens(parts: TokensParts): Tokens {
  const { clock } = parts;
  let kept: Token | null = null;
  let fetching: SharedFetch | null = null;

  async function fetch(signal: AbortSignal, isReplacement: boolean): Promise<Token> {
    fetching ??= shareFetch(parts, {
      fetched(grant) {
        kept = tokenOf(grant, clock.now(), isReplacement);
        return kept;
      },
      ended() {
        fetching = null;
      },
    });
    return fetching.wait(signal);
  }

  return {
    async get(signal) {
      if (kept && clock.now() < kept.renewAt) return kept;
      try {
        return await fetch(signal, false);
      } catch (error) {
        // It is renewed before its end, so that a short failure of the token endpoint does no harm.
        if (kept && clock.now() < kept.endsAt && !signal.aborted) return kept;
        throw error;
      }
    },
    async renew(refused, signal) {
      if (kept && kept !== refused) return kept;
      if (refused.isReplacement && clock.now() - refused.fetchedAt < REPLACEMENT_MS) return null;
      kept = null;
      return fetch(signal, true);
    },
  };
}

function tokenOf({ token, lifetime }: Grant, now: number, isReplacement: boolean): Token {
  const life = Math.min(lifetime ?? DEFAULT_LIFETIME_MS, MAX_LIFETIME_MS);
  const margin = Math.min(MAX_MARGIN_MS, life / 10);
  return {
    text: token,
    fetchedAt: now,
    renewAt: now + life - margin,
    endsAt: now + life,
    isReplacement,
  };
}

interface SharedFetch {
  wait(signal: AbortSignal): Promise<Token>;
}

/** One request, which ends when it is answered, at its limit, or when nothing waits for it any more. */
function shareFetch(
  { request, clock, timeout, late }: TokensParts,
  { fetched, ended }: { fetched(grant: Grant): Token; ended(): void },
): SharedFetch {
  const controller = new AbortController();
  const cancelTimer = clock.after(timeout, () => controller.abort());
  let isOver = false;
  let waiting = 0;
  const end = () => {
    if (isOver) return;
    isOver = true;
    cancelTimer();
    ended();
  };
  const result = request(controller.signal).then(fetched).finally(end);
  result.catch(() => {});

  return {
    async wait(signal) {
      const stopped = Promise.withResolvers<never>();
      const stop = () => stopped.reject(late());
      waiting += 1;
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop);
      try {
        return await Promise.race([stopped.promise, result]);
      } finally {
        signal.removeEventListener("abort", stop);
        waiting -= 1;
        if (waiting === 0) {
          end();
          controller.abort();
        }
      }
    },
  };
}
