import { expect } from "chai";
import { type ListRequest, ORDERS, type Order, type SearchedPage } from "../../src/store/port/paging.ts";

/** Compares lists with the rows that they should have. */

/** A row that a list may have, in the order recorded. */
export interface Row {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
}

export type Find<Item> = (page: ListRequest) => Promise<SearchedPage<Item>>;

/** All items of a list, page by page. */
export async function allOf<Item>(find: Find<Item>, limit: number, order?: Order): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: SearchedPage<Item> = await find({ limit, cursor, order });
    expect(page.items.length, "items of a page").to.be.at.most(limit);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

/** Expects these rows, each once and in this order or the other way round, on pages short and long. */
export async function expectRows<Item>(
  find: Find<Item>,
  idOf: (item: Item) => string,
  rows: readonly Row[],
  message: string,
): Promise<void> {
  const oldestFirst = rows.map(({ id }) => id);
  for (const order of ORDERS)
    for (const limit of [3, 100]) {
      const ids = (await allOf(find, limit, order)).map(idOf);
      const expected = order === "oldest" ? oldestFirst : oldestFirst.toReversed();
      expect(ids, `${message}, ${order} first, ${limit} a page`).to.deep.equal(expected);
    }
}

/** The same of a list with a range of times, which may be in the order of times or of positions. */
export async function expectRowsInRange<Item>(
  find: Find<Item>,
  idOf: (item: Item) => string,
  rows: readonly Row[],
  message: string,
): Promise<void> {
  const byTime = rows.toSorted((one, other) => one.at - other.at);
  for (const order of ORDERS)
    for (const limit of [3, 100]) {
      const ids = (await allOf(find, limit, order)).map(idOf);
      const allowed = [rows, byTime].map((some) => {
        const listed = some.map(({ id }) => id);
        return order === "oldest" ? listed : listed.toReversed();
      });
      expect(allowed, `${message}, ${order} first, ${limit} a page`).to.deep.include(ids);
    }
}

/** No filter, each one alone, each two of them together, and all. */
export function combinationsOf<Filter extends object>(filters: Required<Filter>): Partial<Filter>[] {
  const entries = Object.entries(filters);
  const pairs = entries.flatMap((one, n) => entries.slice(n + 1).map((other) => [one, other]));
  const chosen = [[], ...entries.map((one) => [one]), ...pairs, entries];
  return chosen.map((some) => Object.fromEntries(some) as Partial<Filter>);
}

/** Whether a time lies in a range. */
export function isWithin(at: number, { from = 0, until = Number.POSITIVE_INFINITY }): boolean {
  return from <= at && at < until;
}

/** Expects that a list without a row in its way takes no filter for another: each leaves some rows out. */
export function expectSome(rows: readonly Row[], all: readonly Row[], message: string): void {
  expect(rows.length, message).to.be.greaterThan(0).and.lessThan(all.length);
}
