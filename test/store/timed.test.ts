import { expect } from "chai";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { timed } from "../../src/store/timed.ts";

describe("a timed store", () => {
  it("returns what the store does, and reports the duration of each call, failed or not", async () => {
    let ticks = 0;
    const stopwatch = () => (ticks += 250);
    const reported: [string, number][] = [];
    const plain = openSqliteStore({ file: ":memory:", token: () => "token" });
    const fault = new Error("away");
    const store = timed({ ...plain, probe: () => Promise.reject(fault) }, stopwatch, (...one) =>
      reported.push(one),
    );

    expect(await store.backlog()).to.deep.equal([]);
    expect(await store.probe().catch((error) => error)).to.equal(fault);
    await store.close();
    expect(reported).to.deep.equal([
      ["backlog", 0.25],
      ["probe", 0.25],
      ["close", 0.25],
    ]);
  });
});
