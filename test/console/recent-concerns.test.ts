import { expect } from "chai";
import type { Concern } from "../../src/concern/concern.ts";
import { createRecentConcerns } from "../../src/console/recent-concerns.ts";
import { createManualClock, settled } from "../support/clock.ts";

/** Searches that a test ends: the nth finds n concerns. */
function searches() {
  const open: ((ok: boolean) => void)[] = [];
  let count = 0;
  const concerns = () => {
    count += 1;
    const found = Array.from({ length: count }, () => ({}) as Concern);
    return new Promise<readonly Concern[]>((resolve, reject) => {
      open.push((ok) => (ok ? resolve(found) : reject(new Error("the store is away"))));
    });
  };
  return { concerns, end: (ok = true) => open.shift()?.(ok), count: () => count };
}

describe("recent concerns", () => {
  const faults: unknown[] = [];
  const failed = (error: unknown) => void faults.push(error);
  const create = (known: readonly Concern[] | null = null) => {
    const clock = createManualClock(1_000_000);
    const search = searches();
    const { find: recent, changed } = createRecentConcerns({
      ...{ concerns: search.concerns, clock, failed },
      knownConcerns: () => known,
    });
    return { clock, search, recent, changed };
  };

  it("are waited for at first, once for all who ask", async () => {
    const { search, recent } = create();
    const [one, other] = [recent(), recent()];
    search.end();
    expect([(await one).length, (await other).length, search.count()]).to.deep.equal([1, 1, 1]);
  });

  it("are at first those that the bridge knows, where the search takes long", async () => {
    const known = Array.from({ length: 7 }, () => ({}) as Concern);
    const { clock, search, recent } = create(known);
    const slow = recent();
    await clock.advance(200);
    expect(await slow).to.have.length(7);
    search.end();
    await settled();
    expect(await recent()).to.have.length(1);
    const quick = create(known);
    const first = quick.recent();
    quick.search.end();
    expect(await first).to.have.length(1);
  });

  it("are those found last while a search takes long, and then the new ones", async () => {
    const { clock, search, recent } = create();
    const first = recent();
    search.end();
    await first;
    await clock.advance(1_000);
    const second = recent();
    await clock.advance(20);
    expect(await second).to.have.length(1);
    search.end();
    await settled();
    expect(await recent()).to.have.length(2);
  });

  it("are new at once where the search is quick", async () => {
    const { clock, search, recent } = create();
    const first = recent();
    search.end();
    await first;
    await clock.advance(1_000);
    const second = recent();
    search.end();
    expect(await second).to.have.length(2);
  });

  it("are not searched for again before two hundred times as long as the last search took", async () => {
    const { clock, search, recent } = create();
    const first = recent();
    await clock.advance(3_000);
    search.end();
    await first;
    await settled();
    await clock.advance(599_000);
    await recent();
    expect(search.count()).to.equal(1);
    await clock.advance(1_000);
    void recent();
    expect(search.count()).to.equal(2);
    search.end();
  });

  it("are searched for at once after somebody has changed something", async () => {
    const { clock, search, recent, changed } = create();
    const first = recent();
    await clock.advance(3_000);
    search.end();
    await first;
    await settled();
    changed();
    const second = recent();
    search.end();
    expect(await second).to.have.length(2);
  });

  it("reject as the search does, and are searched for at the next call", async () => {
    const { search, recent } = create();
    const first = recent();
    search.end(false);
    expect(await first.catch((error) => error.message)).to.equal("the store is away");
    await settled();
    const second = recent();
    search.end();
    expect(await second).to.have.length(2);
    expect(faults).to.have.length(0);
  });
});
