import { expect } from "chai";
import type { PageRequest, Snapshot } from "../../src/store/store.ts";
import { pagesOf } from "../../src/store/walk.ts";

describe("walking through a table", () => {
  /** Pages of so many rows, in the given number. */
  function pages(lengths: readonly number[]) {
    const asked: PageRequest[] = [];
    const rows: Snapshot["rows"] = async (_table, page) => {
      const n = asked.push(page);
      const items = Array.from({ length: lengths[n - 1] ?? 0 }, () => ({}) as never);
      return { items, next: n < lengths.length ? `after ${n}` : null };
    };
    return { asked, rows };
  }

  it("goes from page to page, to the last, and passes over empty ones", async () => {
    const { asked, rows } = pages([2, 0, 1]);
    const found = await Array.fromAsync(pagesOf({ rows }, "events"));
    expect(found.map(({ length }) => length)).to.deep.equal([2, 1]);
    expect(asked.map(({ cursor }) => cursor)).to.deep.equal([undefined, "after 1", "after 2"]);
  });

  it("begins behind a cursor", async () => {
    const { asked, rows } = pages([1]);
    await Array.fromAsync(pagesOf({ rows }, "events", "z"));
    expect(asked.map(({ cursor }) => cursor)).to.deep.equal(["z"]);
  });

  it("holds few rows at a time where each may have a body of megabytes", async () => {
    const limits: number[] = [];
    for (const table of ["receipts", "rejections", "events", "links"] as const) {
      const { asked, rows } = pages([1]);
      await Array.fromAsync(pagesOf({ rows }, table));
      limits.push(...asked.map(({ limit }) => limit));
    }
    expect(limits).to.deep.equal([20, 20, 500, 500]);
  });
});
