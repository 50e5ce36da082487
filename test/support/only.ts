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

/**
 * The element at `index`, from 0.
 *
 * @throws Error with the list, when it is shorter.
 */
export function nth<T>(list: readonly T[], index: number): T {
  if (index >= list.length)
    throw new Error(`expected an element ${index}, found ${list.length}: ${inspect(list, { depth: 1 })}`);
  return list[index] as T;
}
