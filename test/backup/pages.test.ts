import { expect } from "chai";
import { pagesOf } from "../../src/backup/pages.ts";
import type { Snapshot } from "../../src/store/port/backup.ts";
import type { PageRequest } from "../../src/store/port/paging.ts";
import type { Table } from "../../src/store/rows.ts";

describe("reading a table page by page", () => {
  /** Pages with these numbers of rows. */
  function pages(lengths: readonly number[]) {
    const asked: PageRequest[] = [];
    const rows: Snapshot["rows"] = async (_table, page) => {
      const n = asked.push(page);
      const items = Array.from({ length: lengths[n - 1] ?? 0 }, () => ({}) as never);
      return { items, next: n < lengths.length ? `after ${n}` : null };
    };
    return { asked, rows };
  }

  /** The number of rows of each page. */
  async function walk(rows: Snapshot["rows"], table: Table, from?: string): Promise<number[]> {
    const lengths: number[] = [];
    for await (const page of pagesOf({ rows }, table, from)) lengths.push(page.length);
    return lengths;
  }

  it("goes from the first page to the last, and passes over empty ones", async () => {
    const { asked, rows } = pages([2, 0, 1]);
    expect(await walk(rows, "events")).to.deep.equal([2, 1]);
    expect(asked.map(({ cursor }) => cursor)).to.deep.equal([undefined, "after 1", "after 2"]);
  });

  it("begins behind a cursor", async () => {
    const { asked, rows } = pages([1]);
    await walk(rows, "events", "z");
    expect(asked.map(({ cursor }) => cursor)).to.deep.equal(["z"]);
  });

  it("asks for few rows at a time where each may have a body of megabytes", async () => {
    const limits: number[] = [];
    for (const table of ["receipts", "rejections", "events", "links"] as const) {
      const { asked, rows } = pages([1]);
      await walk(rows, table);
      limits.push(...asked.map(({ limit }) => limit));
    }
    expect(limits).to.deep.equal([20, 20, 500, 500]);
  });
});
