import { expect } from "chai";
import { createNodeWatch } from "../../../src/store/postgres/node-watch.ts";

const alive = (id: number) => ({ id, alive: true });
const lost = (id: number) => ({ id, alive: false });

describe("the watch over other nodes", () => {
  it("takes a node for dead that has been without its lock for a second, and not before", () => {
    const watch = createNodeWatch();
    watch.look([alive(1), lost(2)], 0);
    watch.look([alive(1), lost(2)], 999);
    expect(watch.dead()).to.deep.equal([]);
    watch.look([alive(1), lost(2)], 1_000);
    expect(watch.dead()).to.deep.equal([2]);
  });

  it("counts a node until it is dead, and not at all when it was never seen alive", () => {
    const watch = createNodeWatch();
    watch.look([alive(1), alive(2), lost(3)], 0);
    expect(watch.count()).to.equal(2);
    watch.look([alive(1), lost(2), lost(3)], 1);
    expect(watch.count()).to.equal(2);
    watch.look([alive(1), lost(2), lost(3)], 1_001);
    expect(watch.count()).to.equal(1);
  });

  it("begins again with a node that had its lock back in between", () => {
    const watch = createNodeWatch();
    watch.look([alive(1), lost(2)], 0);
    watch.look([alive(1), alive(2)], 500);
    watch.look([alive(1), lost(2)], 1_000);
    watch.look([alive(1), lost(2)], 1_999);
    expect(watch.dead()).to.deep.equal([]);
    watch.look([alive(1), lost(2)], 2_000);
    expect(watch.dead()).to.deep.equal([2]);
  });

  it("forgets a dead node that others have removed", () => {
    const watch = createNodeWatch();
    for (const now of [0, 1_000]) watch.look([alive(1), lost(2)], now);
    watch.look([alive(1)], 1_500);
    expect(watch.dead()).to.deep.equal([]);
  });

  it("for ten seconds after its own connection is back takes nobody for dead, and counts all", () => {
    const watch = createNodeWatch();
    watch.reconnected(0);
    for (const now of [0, 5_000, 9_999]) {
      watch.look([alive(1), lost(2)], now);
      expect([watch.count(), watch.dead()]).to.deep.equal([2, []]);
    }
    watch.look([alive(1), lost(2)], 10_000);
    expect([watch.count(), watch.dead()]).to.deep.equal([1, []]);
    watch.look([alive(1), lost(2)], 11_000);
    expect(watch.dead()).to.deep.equal([2]);
  });
});
