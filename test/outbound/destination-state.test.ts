import { expect } from "chai";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { aDestination } from "./fixtures.ts";
import { createStage, type Stage } from "./stage.ts";

const BREAKER = { failures: 3, pause: 10_000, longest: 60_000 };
/** Far apart, so that no try of the schedule's own disturbs. */
const SCHEDULE = [3_600_000, 3_600_000];
const fragile = (given: Parameters<typeof aDestination>[0] = {}) =>
  aDestination({ breaker: BREAKER, schedule: SCHEDULE, concurrency: 3, ...given });

describe("how a destination stands", () => {
  let stage: Stage;
  let clock: Stage["clock"];
  let store: Stage["store"];
  let tries: Stage["tries"];
  let told: Stage["told"];

  const add = async (from: number, to: number) => {
    for (let name = from; name <= to; name++) await store.add(String(name), NEW_YEAR);
  };
  const kept = async () => (await store.destinations())[0];
  const attempts = async () => (await store.deliveries()).reduce((sum, one) => sum + one.attempts, 0);
  const callsDuring = async (ms: number) => {
    const before = { ...store.calls };
    await clock.advance(ms);
    return Object.entries(store.calls).filter(([name, count]) => count !== Reflect.get(before, name));
  };

  beforeEach(() => {
    stage = createStage();
    ({ clock, store, tries, told } = stage);
  });
  afterEach(() => stage.clear());

  describe("with a receiver that fails again and again", () => {
    beforeEach(async () => {
      await add(1, 9);
      await stage.start([fragile()]);
      for (const one of tries.slice(0, 3)) one.end(503);
      await settled();
    });

    it("claims nothing more, so that what waits does not burn its tries", async () => {
      expect(told.filter((what) => what !== "attempted")).to.deep.equal(["breakerOpened"]);
      expect(await callsDuring(9_999)).to.deep.equal([]);
      for (let wakes = 0; wakes < 50; wakes++) await stage.wake();
      expect(stage.begun()).to.deep.equal([1, 2, 3]);
      expect(await attempts()).to.equal(3);
    });

    it("probes with the next due delivery after the pause, one at a time, then after twice the pause", async () => {
      await clock.advance(10_000);
      expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
      await clock.advance(60_000);
      expect(tries).to.have.length(4);
      await tries[3]?.end(null);
      expect(await callsDuring(19_999)).to.deep.equal([]);
      await clock.advance(1);
      expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it("settles a probe that fails by that delivery's own schedule", async () => {
      await clock.advance(10_000);
      await tries[3]?.end(500);
      expect((await store.deliveries())[3]).to.include({ attempts: 1, dueAt: clock.now() + 3_600_000 });
    });

    it("goes on as before when a probe is answered, if only with a refusal of that one event", async () => {
      await clock.advance(10_000);
      await tries[3]?.end(422);
      expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
      expect(told).to.include("breakerClosed");
      expect(await kept()).to.deep.equal({ name: "crm", paused: null, breaker: null });
    });

    it("keeps that over a restart", async () => {
      expect((await kept())?.breaker).to.deep.equal({ failures: 3, probeAt: NEW_YEAR + 10_000, probes: 0 });
      await stage.stop();
      await stage.start([fragile()]);
      expect(tries).to.have.length(3);
      expect(stage.dispatcher.states()[0]?.breaker).to.include({ failures: 3 });
      await clock.advance(10_000);
      expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
    });

    it("writes only when it opens, at probes, and when it closes", async () => {
      expect(store.calls.saveDestination).to.equal(1);
      await clock.advance(10_000);
      await tries[3]?.end(500);
      expect(store.calls.saveDestination).to.equal(2);
      await clock.advance(20_000);
      await tries[4]?.end(200);
      await stage.endAll(200);
      await stage.endAll(200);
      expect(store.calls.saveDestination).to.equal(3);
    });
  });

  it("is not moved by failures that were on their way when the breaker opened, even while a probe is out", async () => {
    await add(1, 9);
    await stage.start([fragile({ concurrency: 5, timeout: 15_000 })]);
    for (const one of tries.slice(0, 3)) one.end(500);
    await clock.advance(10_000);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5, 6]);
    await tries[3]?.end(null);
    await tries[4]?.end(null);
    expect((await kept())?.breaker).to.include({ probes: 0, failures: 3 });
    await tries[5]?.end(200);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("stays closed for a receiver that refuses every event but is there", async () => {
    await add(1, 9);
    await stage.start([fragile()]);
    for (let rounds = 0; rounds < 3; rounds++) await stage.endAll(422);
    expect(tries).to.have.length(9);
    expect(told).not.to.include("breakerOpened");
    expect(store.calls.saveDestination).to.equal(0);
  });

  it("probes with whatever becomes due next, when nothing was due at the probe's time", async () => {
    await add(1, 3);
    await stage.start([fragile()]);
    await stage.endAll(500);
    await clock.advance(20_000);
    expect(tries).to.have.length(3);
    await store.add("4", clock.now());
    await store.add("5", clock.now());
    await stage.wake();
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
  });

  it("goes on when a change cannot be written down, and writes the newest once the store is back", async () => {
    await add(1, 3);
    store.failing.saveDestination = 2;
    await stage.start([fragile()]);
    await stage.endAll(500);
    await clock.advance(750);
    expect(told.filter((what) => what === "keepFailed")).to.have.length(2);
    expect((await kept())?.breaker).to.include({ failures: 3 });
  });

  describe("when a person pauses it", () => {
    it("claims nothing more, lets what is in flight end, and asks the store for nothing", async () => {
      await add(1, 5);
      await stage.start([fragile()]);
      await stage.dispatcher.controlsOf("crm").pause("moving house");
      await stage.endAll(200);
      await stage.wake();
      expect(await stage.statuses()).to.deep.equal([
        "delivered",
        "delivered",
        "delivered",
        "pending",
        "pending",
      ]);
      expect((await kept())?.paused).to.deep.equal({ at: NEW_YEAR, reason: "moving house" });
      expect(await callsDuring(86_400_000)).to.deep.equal([]);
      expect(clock.timers).to.equal(0);
    });

    it("stays paused over a restart, and goes on where it was when resumed", async () => {
      await add(1, 2);
      await stage.start([fragile({ paused: false })]);
      await stage.dispatcher.controlsOf("crm").pause("moving house");
      await stage.stop();
      await stage.start([fragile()]);
      await stage.wake();
      expect(tries).to.have.length(2);
      await stage.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(stage.begun()).to.deep.equal([1, 2, 1, 2]);
      expect((await kept())?.paused).to.equal(null);
      expect(told).to.deep.equal(["paused", "resumed"]);
    });

    it("leaves the others alone", async () => {
      await store.add("1", NEW_YEAR);
      await store.add("2", NEW_YEAR, { destination: "archive" });
      await stage.start([fragile(), fragile({ name: "archive" })]);
      await stage.dispatcher.controlsOf("crm").pause("moving house");
      await stage.endAll(200);
      await store.add("3", NEW_YEAR);
      await store.add("4", NEW_YEAR, { destination: "archive" });
      await stage.wake();
      expect(stage.begun()).to.deep.equal([1, 2, 4]);
    });

    it("says so when that cannot be kept, and holds until the restart all the same", async () => {
      await add(1, 1);
      await stage.start([fragile()]);
      store.failing.saveDestination = 1;
      const pausing = stage.dispatcher.controlsOf("crm").pause("moving house");
      expect(await pausing.catch((error: Error) => error.message)).to.equal("the database is away");
      await add(2, 2);
      await stage.wake();
      expect(stage.begun()).to.deep.equal([1]);
    });

    it("has an open breaker probe at once when resumed", async () => {
      await add(1, 5);
      await stage.start([fragile()]);
      await stage.endAll(500);
      await stage.dispatcher.controlsOf("crm").pause("a new server");
      await stage.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
    });

    it("knows no destination that is not configured", async () => {
      await stage.start([fragile()]);
      const controls = () => stage.dispatcher.controlsOf("nobody");
      expect(controls).to.throw("there is no destination nobody").with.property("code", "not_found");
    });
  });

  describe("when the configuration pauses it", () => {
    it("claims nothing, and is not resumed by hand", async () => {
      await add(1, 1);
      await stage.start([fragile({ paused: true })]);
      const refusal = await stage.dispatcher
        .controlsOf("crm")
        .resume()
        .catch((error) => error);
      expect(refusal).to.include({ code: "bad_request" });
      expect(refusal.message).to.include("the configuration").and.include("crm");
      await stage.wake();
      expect(tries).to.have.length(0);
      expect(stage.dispatcher.states()[0]?.paused?.reason).to.include("configuration");
    });

    it("goes on once the configuration does not say so any more", async () => {
      await add(1, 1);
      await stage.start([fragile({ paused: true })]);
      await stage.stop();
      await stage.start([fragile()]);
      expect(stage.begun()).to.deep.equal([1]);
    });
  });

  describe("when it answers 410", () => {
    it("parks that delivery and pauses the destination, saying why, over restarts", async () => {
      await add(1, 5);
      await stage.start([fragile({ concurrency: 1 })]);
      await tries[0]?.end(410);
      expect((await store.deliveries())[0]).to.include({ status: "parked", reason: "gone" });
      expect((await kept())?.paused).to.deep.equal({ at: NEW_YEAR, reason: "it answered 410 Gone" });
      await stage.stop();
      await stage.start([fragile({ concurrency: 1 })]);
      expect(stage.begun()).to.deep.equal([1]);
      await stage.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(stage.begun()).to.deep.equal([1, 2]);
    });

    it("keeps a person's reason when that came first", async () => {
      await add(1, 1);
      await stage.start([fragile()]);
      await stage.dispatcher.controlsOf("crm").pause("moving house");
      await tries[0]?.end(410);
      expect((await kept())?.paused?.reason).to.equal("moving house");
    });
  });

  describe("when it has a rate", () => {
    it("claims only as many as may begin, and the next when it may", async () => {
      await add(1, 9);
      await stage.start([fragile({ rate: 20, concurrency: 16 })]);
      expect(stage.begun()).to.deep.equal([1, 2]);
      expect(store.claims.map(({ limit }) => limit)).to.deep.equal([2]);
      expect(clock.timers).to.equal(1);
      await clock.advance(49);
      expect(tries).to.have.length(2);
      await clock.advance(1);
      expect(stage.begun()).to.deep.equal([1, 2, 3]);
      await clock.advance(300);
      expect(tries).to.have.length(9);
    });

    it("begins no more than that in any second, and no less while there is work", async () => {
      await add(1, 300);
      const begunAt: number[] = [];
      await stage.start([aDestination({ rate: 50 })], {
        deliver: async (_destination, _event, number) => {
          begunAt.push(clock.now() - NEW_YEAR);
          return {
            number,
            startedAt: clock.now(),
            duration: 0,
            cause: "answered",
            status: 200,
            answer: null,
            retryAfter: null,
          };
        },
      });
      await clock.advance(5_900);
      expect(begunAt).to.have.length(300);
      const inSecond = (from: number) => begunAt.filter((at) => at >= from && at < from + 1_000).length;
      for (const from of begunAt) expect(inSecond(from)).to.be.at.most(55);
      expect(inSecond(2_000)).to.equal(50);
    });

    it("asks the store for nothing until the next may begin, however often it is woken", async () => {
      await add(1, 3);
      await stage.start([fragile({ rate: 1 / 60 })]);
      await tries[0]?.end(200);
      const before = store.calls.claim;
      for (let wakes = 0; wakes < 50; wakes++) await stage.wake();
      expect(await callsDuring(59_000)).to.deep.equal([]);
      expect(store.calls.claim).to.equal(before);
      await clock.advance(1_000);
      expect(stage.begun()).to.deep.equal([1, 2]);
    });
  });
});
