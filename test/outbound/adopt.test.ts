import { expect } from "chai";
import type { DestinationState } from "../../src/store/port/control.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { aDestination } from "./fixtures.ts";
import { createStage, type Stage } from "./stage.ts";

const MOVING = { at: NEW_YEAR, reason: "moving house" };
const OPEN = { failures: 3, probeAt: NEW_YEAR + 10_000, probes: 0 };
const FRAGILE = aDestination({
  breaker: { failures: 3, pause: 10_000, longest: 60_000 },
  schedule: [3_600_000, 3_600_000],
  concurrency: 3,
});

describe("a destination that other nodes send to as well", () => {
  let stage: Stage;
  let clock: Stage["clock"];
  let store: Stage["store"];
  let tries: Stage["tries"];
  let told: Stage["told"];

  const add = async (count: number) => {
    for (let name = 1; name <= count; name++) await store.add(String(name), NEW_YEAR);
  };
  const hear = async (state: Partial<DestinationState> | null) => {
    stage.dispatcher.applyStates(
      state === null ? [] : [{ name: "crm", paused: null, breaker: null, ...state }],
    );
    await settled();
  };
  const state = () => stage.dispatcher.states()[0];

  beforeEach(() => {
    stage = createStage();
    ({ clock, store, tries, told } = stage);
  });
  afterEach(() => stage.clear());

  it("is paused and resumed by what others keep, and says so once", async () => {
    await add(5);
    await stage.start([FRAGILE]);
    await hear({ paused: MOVING });
    await hear({ paused: MOVING });
    await stage.endAll(200);
    expect(tries).to.have.length(3);
    expect(state()?.paused).to.deep.equal(MOVING);
    await hear(null);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(told.filter((what) => what !== "attempted")).to.deep.equal(["paused", "resumed"]);
    expect(store.calls.saveDestination).to.equal(0);
  });

  it("stays paused where the configuration says so", async () => {
    await add(1);
    await stage.start([{ ...FRAGILE, paused: true }]);
    await hear({ paused: MOVING });
    expect(state()?.paused).to.deep.equal(MOVING);
    await hear(null);
    expect(state()?.paused?.reason).to.include("configuration");
    expect(tries).to.have.length(0);
  });

  it("gets only probes while another node's breaker is open, from the moment that one says", async () => {
    await stage.start([FRAGILE]);
    await hear({ breaker: OPEN });
    await add(5);
    await stage.wake();
    expect(tries).to.have.length(0);
    await hear({ breaker: { ...OPEN, probeAt: NEW_YEAR + 45_000 } });
    await clock.advance(44_999);
    expect(tries).to.have.length(0);
    await clock.advance(1);
    expect(tries).to.have.length(1);
    expect(store.claims.at(-1)).to.include({ probe: true });
    await tries[0]?.end(200);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
    expect(told).to.include.members(["breakerOpened", "breakerClosed"]);
    expect((await store.destinations())[0]?.breaker).to.equal(null);
  });

  it("goes on as soon as another node's probe was answered", async () => {
    await add(5);
    await stage.start([FRAGILE]);
    await stage.endAll(500);
    expect(tries).to.have.length(3);
    await hear(null);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(state()?.breaker).to.equal(null);
  });

  it("is not moved by what it hears while something of its own is on the way to the store", async () => {
    await add(3);
    store.failing.saveDestination = 1;
    await stage.start([FRAGILE]);
    await stage.endAll(500);
    await hear({ paused: MOVING });
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    await clock.advance(250);
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    await hear((await store.destinations())[0] ?? null);
    expect(state()).to.deep.include({ paused: null, breaker: OPEN });
    expect(told.filter((what) => what !== "attempted")).to.deep.equal(["breakerOpened", "keepFailed"]);
  });

  it("makes up for what it heard while the store was writing", async () => {
    await add(3);
    await stage.start([FRAGILE]);
    const release = store.holdSaving();
    const pausing = stage.dispatcher.controlsOf("crm").pause("the wrong house");
    await hear({ paused: MOVING });
    expect(state()?.paused?.reason).to.equal("the wrong house");
    release();
    await pausing;
    expect(state()?.paused).to.deep.equal(MOVING);
  });

  it("stays paused by a person's word that the store did not take, whatever others keep, until it is resumed here", async () => {
    await add(1);
    await stage.start([FRAGILE]);
    await tries[0]?.end(200);
    store.failing.saveDestination = 1;
    await stage.dispatcher
      .controlsOf("crm")
      .pause("moving house")
      .catch(() => {});
    await hear(null);
    expect(state()?.paused?.reason).to.equal("moving house");
    await stage.dispatcher.controlsOf("crm").resume();
    await hear({ paused: MOVING });
    await hear(null);
    expect(state()?.paused).to.equal(null);
  });

  it("tells the store how many may be out, and which are only waiting to be written down", async () => {
    await add(2);
    store.failing.settle = 1;
    await stage.start([{ ...FRAGILE, concurrency: 1 }]);
    expect(store.claims[0]?.capacity).to.deep.equal({ limit: 1, settleMargin: 15_000, finished: [] });
    await tries[0]?.end(200);
    expect(tries).to.have.length(2);
    expect(store.claims[1]?.capacity?.finished.map(({ delivery }) => delivery.id)).to.deep.equal([
      (await store.deliveries())[0]?.id,
    ]);
    await clock.advance(250);
    await tries[1]?.end(200);
    expect(await stage.statuses()).to.deep.equal(["delivered", "delivered"]);
  });

  describe("and that has a rate", () => {
    const RATED = aDestination({ rate: 20, concurrency: 50 });

    it("gets nothing before it is known how many divide it, and then its share", async () => {
      await add(9);
      await stage.start([RATED], { shared: true });
      await clock.advance(60_000);
      expect(tries).to.have.length(0);
      stage.dispatcher.setNodeCount(2);
      await clock.advance(99);
      expect(tries).to.have.length(0);
      await clock.advance(401);
      expect(tries).to.have.length(5);
    });

    it("gets what one that has left leaves over", async () => {
      await add(30);
      await stage.start([RATED], { shared: true });
      stage.dispatcher.setNodeCount(4);
      await clock.advance(1_000);
      expect(tries).to.have.length(5);
      stage.dispatcher.setNodeCount(1);
      await clock.advance(1_000);
      expect(tries).to.have.length(25);
    });
  });
});
