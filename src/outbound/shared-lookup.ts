import type { LookupFunction } from "node:net";

/**
 * Joins simultaneous look-ups of the same name: all callers get the answer of one. The system's resolver has
 * four threads for the whole process and cannot be interrupted, so the attempts of one destination whose name
 * does not resolve in time would keep all others from new connections. Answers are not cached.
 */
export function sharedLookup(lookup: LookupFunction): LookupFunction {
  const waiting = new Map<string, Parameters<LookupFunction>[2][]>();
  return (hostname, options, callback) => {
    const key = JSON.stringify([hostname, options]);
    const others = waiting.get(key);
    if (others) return void others.push(callback);

    const all = [callback];
    waiting.set(key, all);
    const answerAll: typeof callback = (...answer) => {
      waiting.delete(key);
      for (const one of all) one(...answer);
    };
    try {
      lookup(hostname, options, answerAll);
    } catch (error) {
      answerAll(error as NodeJS.ErrnoException, "");
    }
  };
}
