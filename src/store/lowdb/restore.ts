import { conflict, isSame } from "../conflict.ts";
import type { Rows, Table } from "../rows.ts";
import type { Shelves, Tables } from "./tables.ts";

/** No row of a table stands here. */
const NO_POSITION = 0;

/** An id is either an event's or that of one that is gone. */
const IS_ELSEWHERE: { readonly [T in Table]?: (tables: Tables, row: Rows[T]) => boolean } = {
  events: ({ tombstones }, { event }) => tombstones.get(event.id) !== undefined,
  tombstones: ({ events }, { id }) => events.get(id) !== undefined,
};

/**
 * Puts rows where a snapshot had them; returns how many were not there yet. Undone when it throws.
 *
 * @throws CountersignError `conflict`.
 */
export function restore<T extends Table>(tables: Tables, name: T, rows: readonly Rows[T][]): number {
  const shelves: Shelves = tables;
  const table = shelves[name];
  const taken = new Set([...table].map(({ position }) => position));
  let added = 0;
  for (const row of rows) {
    const placed = { position: NO_POSITION, ...row };
    const there = table.sameAs(placed);
    if (there && isSame(there, { position: there.position, ...row })) continue;
    if (there || taken.has(placed.position) || IS_ELSEWHERE[name]?.(tables, row)) throw conflict(name, row);
    if (placed.position === NO_POSITION) placed.position = tables.nextPosition();
    table.add(placed);
    taken.add(placed.position);
    tables.goBehind(placed.position);
    added += 1;
  }
  return added;
}
