import { after } from "../cursor.ts";
import type { Snapshot } from "../port/backup.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import type { Rows, Table } from "../rows.ts";
import type { Row } from "./contents.ts";
import { pair, type Tables } from "./tables.ts";

/** A table's rows in their order, and how a place among them is named. */
interface Sorted<R> {
  rows: readonly R[];
  cursorOf(row: R): string;
  isBehind(cursor: string): (row: R) => boolean;
}

/** Rows are never changed, only replaced: to hold on to those of this moment is all it takes. */
export function takeSnapshot(tables: Tables): Snapshot {
  const sorted = sortAll(tables);
  return {
    counts: async () => ({
      receipts: sorted.receipts.rows.length,
      rejections: sorted.rejections.rows.length,
      documents: sorted.documents.rows.length,
      links: sorted.links.rows.length,
      events: sorted.events.rows.length,
      tombstones: sorted.tombstones.rows.length,
      deliveries: sorted.deliveries.rows.length,
      destinations: sorted.destinations.rows.length,
      audit: sorted.audit.rows.length,
    }),
    rows: async (table, page) => pageOf(sorted[table], page),
    damage: async () => [],
    close: async () => {},
  };
}

function sortAll(tables: Tables): { readonly [T in Table]: Sorted<Rows[T]> } {
  const links = [...tables.links].map(({ source, signer, document }) => ({ source, signer, document }));
  const destinations = [...tables.destinations].map(({ state }) => ({ state }));
  return {
    receipts: byPosition(tables.receipts),
    rejections: byPosition(tables.rejections),
    documents: byPosition(tables.documents),
    links: byName(links, ({ source, signer }) => pair(source, signer)),
    events: byPosition(tables.events),
    tombstones: byPosition(tables.tombstones),
    deliveries: byPosition(tables.deliveries),
    destinations: byName(destinations, ({ state }) => state.name),
    audit: byPosition(tables.audit),
  };
}

function byPosition<R extends Row>(rows: Iterable<R>): Sorted<R> {
  return {
    rows: [...rows],
    cursorOf: ({ position }) => position.toString(36),
    isBehind(cursor) {
      const from = after({ cursor });
      return ({ position }) => position > from;
    },
  };
}

/** In the order of the names' bytes, as databases have it. */
function byName<R>(rows: readonly R[], nameOf: (row: R) => string): Sorted<R> {
  const named = rows.map((row) => ({ row, name: Buffer.from(nameOf(row)) }));
  named.sort((a, b) => Buffer.compare(a.name, b.name));
  return {
    rows: named.map(({ row }) => row),
    cursorOf: nameOf,
    isBehind(cursor) {
      const from = Buffer.from(cursor);
      return (row) => Buffer.compare(Buffer.from(nameOf(row)), from) > 0;
    },
  };
}

function pageOf<R>({ rows, cursorOf, isBehind }: Sorted<R>, { cursor, limit }: PageRequest): Page<R> {
  const from = cursor === undefined ? 0 : firstOf(rows, isBehind(cursor));
  const items = rows.slice(from, from + limit);
  const last = items.at(-1);
  return { items, next: last && from + limit < rows.length ? cursorOf(last) : null };
}

/** Where those begin for which it holds, all of them at the end. */
function firstOf<R>(rows: readonly R[], holds: (row: R) => boolean): number {
  let [from, to] = [0, rows.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = rows[middle];
    if (there !== undefined && holds(there)) to = middle;
    else from = middle + 1;
  }
  return from;
}
