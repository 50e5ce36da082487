import { expect } from "chai";
import type { DestinationState } from "../../src/store/port/control.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { nth } from "../support/only.ts";
import { createDispatcherHarness, type DispatcherHarness } from "./dispatcher-harness.ts";
import { aDestination } from "./fixtures.ts";

const MOVING = { at: NEW_YEAR, reason: "moving house" };
const OPEN = { failures: 3, probeAt: NEW_YEAR + 10_000, probes: 0, openedAt: NEW_YEAR };
const FRAGILE = aDestination({
  breaker: { failures: 3, pause: 10_000, longest: 60_000 },
  schedule: [3_600_000, 3_600_000],
  concurrency: 3,
});

describe("a destination that other nodes send to as well", () => {
  let harness: DispatcherHarness;
  let clock: DispatcherHarness["clock"];
  let store: DispatcherHarness["store"];
  let attempts: DispatcherHarness["attempts"];
  let observed: DispatcherHarness["observed"];

  const add = async (count: number) => {
    for (let name = 1; name <= count; name++) await store.add(String(name), NEW_YEAR);
  };
  const applyState = async (state: Partial<DestinationState> | null) => {
    harness.dispatcher.applyStates(
      state === null ? [] : [{ name: "crm", paused: null, breaker: null, ...state }],
    );
    await settled();
  };
  const state = () => harness.dispatcher.states()[0];

  beforeEach(() => {
    harness = createDispatcherHarness();
    ({ clock, store, attempts, observed } = harness);
  });
  afterEach(() => harness.clear());

  it("is paused and resumed by the state that another node saves, and notifies once", async () => {
    await add(5);
    await harness.start([FRAGILE]);
    await applyState({ paused: MOVING });
    await applyState({ paused: MOVING });
    await harness.endAll(200);
    expect(attempts).to.have.length(3);
    expect(state()?.paused).to.deep.equal(MOVING);
    await applyState(null);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(observed.filter((what) => what !== "attempted")).to.deep.equal(["paused", "resumed"]);
    expect(store.calls.saveDestination).to.equal(0);
  });

  it("stays paused where the configuration says so", async () => {
    await add(1);
    await harness.start([{ ...FRAGILE, paused: true }]);
    await applyState({ paused: MOVING });
    expect(state()?.paused).to.deep.equal(MOVING);
    await applyState(null);
    expect(state()?.paused?.reason).to.include("configuration");
    expect(attempts).to.have.length(0);
  });

  it("gets only probes while another node's breaker is open, from its probe time on", async () => {
    await harness.start([FRAGILE]);
    await applyState({ breaker: OPEN });
    await add(5);
    await harness.wake();
    expect(attempts).to.have.length(0);
    await applyState({ breaker: { ...OPEN, probeAt: NEW_YEAR + 45_000 } });
    await clock.advance(44_999);
    expect(attempts).to.have.length(0);
    await clock.advance(1);
    expect(attempts).to.have.length(1);
    expect(store.claims.at(-1)).to.include({ probe: true });
    await nth(attempts, 0).end(200);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
    expect(observed).to.include.members(["breakerOpened", "breakerClosed"]);
    expect((await store.destinations())[0]?.breaker).to.equal(null);
  });

  it("is sent to again as soon as another node's probe was answered", async () => {
    await add(5);
    await harness.start([FRAGILE]);
    await harness.endAll(500);
    expect(attempts).to.have.length(3);
    await applyState(null);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(state()?.breaker).to.equal(null);
  });

  it("ignores states of others while its own state is being saved", async () => {
    await add(3);
    store.failing.saveDestination = 1;
    await harness.start([FRAGILE]);
    await harness.endAll(500);
    await applyState({ paused: MOVING });
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    await clock.advance(250);
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    await applyState((await store.destinations())[0] ?? null);
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    expect(observed.filter((what) => what !== "attempted")).to.deep.equal(["breakerOpened", "keepFailed"]);
  });

  it("applies a state that came during its own write after that write", async () => {
    await add(3);
    await harness.start([FRAGILE]);
    const release = store.holdSaving();
    const pausing = harness.dispatcher.controlsOf("crm").pause("the wrong house");
    await applyState({ paused: MOVING });
    expect(state()?.paused?.reason).to.equal("the wrong house");
    release();
    await pausing;
    expect(state()?.paused).to.deep.equal(MOVING);
  });

  it("stays paused by an unsaved pause of this node until it is resumed here", async () => {
    await add(1);
    await harness.start([FRAGILE]);
    await nth(attempts, 0).end(200);
    store.failing.saveDestination = 1;
    await harness.dispatcher
      .controlsOf("crm")
      .pause("moving house")
      .catch(() => {});
    await applyState(null);
    expect(state()?.paused?.reason).to.equal("moving house");
    await harness.dispatcher.controlsOf("crm").resume();
    await applyState({ paused: MOVING });
    await applyState(null);
    expect(state()?.paused).to.equal(null);
  });

  it("gives the store its concurrency and the leases that only await their settlement", async () => {
    await add(2);
    store.failing.settle = 1;
    await harness.start([{ ...FRAGILE, concurrency: 1 }]);
    expect(store.claims[0]?.capacity).to.deep.equal({ limit: 1, settleMargin: 15_000, finished: [] });
    await nth(attempts, 0).end(200);
    expect(attempts).to.have.length(2);
    expect(store.claims[1]?.capacity?.finished.map(({ delivery }) => delivery.id)).to.deep.equal([
      (await store.deliveries())[0]?.id,
    ]);
    await clock.advance(250);
    await nth(attempts, 1).end(200);
    expect(await harness.statuses()).to.deep.equal(["delivered", "delivered"]);
  });

  describe("that has a rate", () => {
    const RATED = aDestination({ rate: 20, concurrency: 50 });

    it("gets no attempt before the number of nodes is known, and then this node's share", async () => {
      await add(9);
      await harness.start([RATED], { shared: true });
      await clock.advance(60_000);
      expect(attempts).to.have.length(0);
      harness.dispatcher.setNodeCount(2);
      await clock.advance(99);
      expect(attempts).to.have.length(0);
      await clock.advance(401);
      expect(attempts).to.have.length(5);
    });

    it("gets the share of a node that has left", async () => {
      await add(30);
      await harness.start([RATED], { shared: true });
      harness.dispatcher.setNodeCount(4);
      await clock.advance(1_000);
      expect(attempts).to.have.length(5);
      harness.dispatcher.setNodeCount(1);
      await clock.advance(1_000);
      expect(attempts).to.have.length(25);
    });
  });
});
