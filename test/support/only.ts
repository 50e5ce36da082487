import { inspect } from "node:util";

/**
 * The only element of a list.
 *
 * @throws Error with the list, when it has none or several.
 */
export function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (list.length !== 1)
    throw new Error(`expected one element, found ${list.length}: ${inspect(list, { depth: 1 })}`);
  return first as T;
}
