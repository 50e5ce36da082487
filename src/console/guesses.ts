/** Limits how often somebody may try to sign in. */

export interface Guesses {
  /** How long this address must wait before it may try, milliseconds; 0: it may. */
  waitOf(address: string): number;
  failed(address: string): void;
}

const SPAN_MS = 5 * 60_000;
/** Of one address in a span. */
const MAX_OF_ADDRESS = 10;
/** Of all in a span, so that many addresses are no way around. */
const MAX_OF_ALL = 200;

export function createGuesses(now: () => number): Guesses {
  /** The moments of failures, oldest first: at most `MAX_OF_ALL`. */
  let failures: { at: number; address: string }[] = [];

  return {
    waitOf(address) {
      failures = failures.filter(({ at }) => Math.abs(now() - at) < SPAN_MS);
      const own = failures.filter((one) => one.address === address);
      const waits = [
        own.length >= MAX_OF_ADDRESS ? own[0] : null,
        failures.length >= MAX_OF_ALL ? failures[0] : null,
      ];
      return Math.max(0, ...waits.map((first) => (first ? first.at + SPAN_MS - now() : 0)));
    },
    failed(address) {
      failures.push({ at: now(), address });
      if (failures.length > MAX_OF_ALL) failures.shift();
    },
  };
}
