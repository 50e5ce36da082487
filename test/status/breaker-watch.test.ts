import { expect } from "chai";
import { afterAttempt, type Breaker, CLOSED } from "../../src/domain/breaker.ts";
import { createBreakerWatch } from "../../src/status/breaker-watch.ts";
import type { Notes } from "../../src/store/port/notes.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";

const RULE = { failures: 2, pause: 10_000, longest: 60_000 };
const FAILED = { answered: false, probe: false };

function aWatch(store: Notes = openSqliteStore({ file: ":memory:", token: () => "token" })) {
  const clock = { now: 1_000 };
  const watch = createBreakerWatch(store, () => clock.now);
  const states = new Map<string, Breaker>();
  /** An attempt, as a destination learns from it. */
  const attempt = (destination: string, signal: { answered: boolean; probe: boolean }) => {
    const before = states.get(destination) ?? CLOSED;
    const after = afterAttempt(before, { ...signal, at: clock.now }, RULE);
    states.set(destination, after);
    watch.changed(destination, before, after);
  };
  const open = (destination: string) => {
    attempt(destination, FAILED);
    attempt(destination, FAILED);
  };
  const close = (destination: string) => attempt(destination, { answered: true, probe: true });
  const openingsOf = async (destination: string) => (await watch.openings()).get(destination) ?? [];
  return { store, clock, watch, states, attempt, open, close, openingsOf };
}

describe("the history of circuit breakers", () => {
  it("has no destination whose breaker stayed closed", async () => {
    const { attempt, watch } = aWatch();
    attempt("crm", FAILED);
    attempt("crm", { answered: true, probe: false });
    expect([...(await watch.openings())]).to.deep.equal([]);
  });

  it("has when each opened and closed, with its failures and failed probes, the newest first", async () => {
    const { clock, open, close, attempt, openingsOf } = aWatch();
    open("crm");
    clock.now = 20_000;
    attempt("crm", { answered: false, probe: true });
    expect(await openingsOf("crm")).to.deep.equal([
      { openedAt: 1_000, closedAt: null, failures: 2, probes: 0 },
    ]);
    clock.now = 50_000;
    close("crm");
    clock.now = 90_000;
    open("crm");
    open("erp");
    expect(await openingsOf("crm")).to.deep.equal([
      { openedAt: 90_000, closedAt: null, failures: 2, probes: 0 },
      { openedAt: 1_000, closedAt: 50_000, failures: 3, probes: 1 },
    ]);
    expect(await openingsOf("erp")).to.have.length(1);
  });

  it("is kept over a restart, after which the same opening is closed", async () => {
    const before = aWatch();
    before.open("crm");
    await before.watch.write();
    const after = aWatch(before.store);
    after.clock.now = 70_000;
    after.states.set("crm", before.states.get("crm") ?? CLOSED);
    after.close("crm");
    expect(await after.openingsOf("crm")).to.deep.equal([
      { openedAt: 1_000, closedAt: 70_000, failures: 2, probes: 0 },
    ]);
  });

  it("is written later where the store took nothing, in the order told", async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    let isAway = true;
    const changeNotes: Notes["changeNotes"] = async (changes) => {
      if (isAway) throw new Error("the disk is full");
      return store.changeNotes(changes);
    };
    const { clock, open, close, watch, openingsOf } = aWatch({ ...store, changeNotes });
    open("crm");
    clock.now = 2_000;
    close("crm");
    expect(await watch.write().catch((error) => error.message)).to.equal("the disk is full");
    isAway = false;
    await watch.write();
    expect(await openingsOf("crm")).to.deep.equal([
      { openedAt: 1_000, closedAt: 2_000, failures: 2, probes: 0 },
    ]);
  });

  it("keeps the thirty newest of each destination", async () => {
    const { clock, open, close, openingsOf } = aWatch();
    for (let n = 1; n <= 33; n += 1) {
      clock.now = n * 1_000;
      open("crm");
      close("crm");
    }
    const openings = await openingsOf("crm");
    expect(openings.map(({ openedAt }) => openedAt / 1_000)).to.deep.equal(
      Array.from({ length: 30 }, (_, n) => 33 - n),
    );
  });

  it("leaves out an opening of an earlier version, which noted no beginning", async () => {
    const { watch } = aWatch();
    watch.changed("crm", { failures: 10, probeAt: 5, probes: 2 }, CLOSED);
    expect([...(await watch.openings())]).to.deep.equal([]);
  });
});
