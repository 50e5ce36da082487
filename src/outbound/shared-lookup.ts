import type { LookupFunction } from "node:net";

/**
 * The same look-up, one for each name at a time: who asks for a name that is being looked up gets that answer too. The system's resolver has four
 * threads for the whole process and cannot be interrupted, so without this the tries of one destination, whose name does not resolve
 * in time, would keep all others from new connections. Nothing is remembered.
 */
export function sharedLookup(lookup: LookupFunction): LookupFunction {
  const waiting = new Map<string, Parameters<LookupFunction>[2][]>();
  return (hostname, options, callback) => {
    const key = JSON.stringify([hostname, options]);
    const others = waiting.get(key);
    if (others) return void others.push(callback);

    const all = [callback];
    waiting.set(key, all);
    const tell: typeof callback = (...answer) => {
      waiting.delete(key);
      for (const one of all) one(...answer);
    };
    try {
      lookup(hostname, options, tell);
    } catch (error) {
      tell(error as NodeJS.ErrnoException, "");
    }
  };
}
