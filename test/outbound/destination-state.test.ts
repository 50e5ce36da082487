import { expect } from "chai";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { nth } from "../support/only.ts";
import { createDispatcherHarness, type DispatcherHarness } from "./dispatcher-harness.ts";
import { aDestination } from "./fixtures.ts";

const BREAKER = { failures: 3, pause: 10_000, longest: 60_000 };
/** Far apart, so that no retry disturbs. */
const SCHEDULE = [3_600_000, 3_600_000];
const fragile = (given: Parameters<typeof aDestination>[0] = {}) =>
  aDestination({ breaker: BREAKER, schedule: SCHEDULE, concurrency: 3, ...given });

describe("the state of a destination", () => {
  let harness: DispatcherHarness;
  let clock: DispatcherHarness["clock"];
  let store: DispatcherHarness["store"];
  let attempts: DispatcherHarness["attempts"];
  let observed: DispatcherHarness["observed"];

  const add = async (from: number, to: number) => {
    for (let name = from; name <= to; name++) await store.add(String(name), NEW_YEAR);
  };
  const stored = async () => (await store.destinations())[0];
  const storedAttempts = async () => (await store.deliveries()).reduce((sum, one) => sum + one.attempts, 0);
  const callsDuring = async (ms: number) => {
    const before = { ...store.calls };
    await clock.advance(ms);
    return Object.entries(store.calls).filter(([name, count]) => count !== Reflect.get(before, name));
  };

  beforeEach(() => {
    harness = createDispatcherHarness();
    ({ clock, store, attempts, observed } = harness);
  });
  afterEach(() => harness.clear());

  describe("with a receiver that fails again and again", () => {
    beforeEach(async () => {
      await add(1, 9);
      await harness.start([fragile()]);
      for (const one of attempts.slice(0, 3)) one.end(503);
      await settled();
    });

    it("claims nothing more, so that waiting deliveries lose no attempts", async () => {
      expect(observed.filter((what) => what !== "attempted")).to.deep.equal(["breakerOpened"]);
      expect(await callsDuring(9_999)).to.deep.equal([]);
      for (let wakes = 0; wakes < 50; wakes++) await harness.wake();
      expect(harness.begun()).to.deep.equal([1, 2, 3]);
      expect(await storedAttempts()).to.equal(3);
    });

    it("probes with the next due delivery after the pause, then after twice the pause", async () => {
      await clock.advance(10_000);
      expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
      await clock.advance(60_000);
      expect(attempts).to.have.length(4);
      await nth(attempts, 3).end(null);
      expect(await callsDuring(19_999)).to.deep.equal([]);
      await clock.advance(1);
      expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it("settles a probe that fails by that delivery's own schedule", async () => {
      await clock.advance(10_000);
      await nth(attempts, 3).end(500);
      expect((await store.deliveries())[3]).to.include({ attempts: 1, dueAt: clock.now() + 3_600_000 });
    });

    it("closes the breaker when a probe is answered, also with a refusal of that event", async () => {
      await clock.advance(10_000);
      await nth(attempts, 3).end(422);
      expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
      expect(observed).to.include("breakerClosed");
      expect(await stored()).to.deep.equal({ name: "crm", paused: null, breaker: null });
    });

    it("restores the open breaker after a restart", async () => {
      expect((await stored())?.breaker).to.deep.equal({
        ...{ failures: 3, probeAt: NEW_YEAR + 10_000, probes: 0, openedAt: NEW_YEAR },
      });
      await harness.stop();
      await harness.start([fragile()]);
      expect(attempts).to.have.length(3);
      expect(harness.dispatcher.states()[0]?.breaker).to.include({ failures: 3 });
      await clock.advance(10_000);
      expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
    });

    it("writes only when it opens, at probes, and when it closes", async () => {
      expect(store.calls.saveDestination).to.equal(1);
      await clock.advance(10_000);
      await nth(attempts, 3).end(500);
      expect(store.calls.saveDestination).to.equal(2);
      await clock.advance(20_000);
      await nth(attempts, 4).end(200);
      await harness.endAll(200);
      await harness.endAll(200);
      expect(store.calls.saveDestination).to.equal(3);
    });
  });

  it("ignores failures of attempts that began before the breaker opened", async () => {
    await add(1, 9);
    await harness.start([fragile({ concurrency: 5, timeout: 15_000 })]);
    for (const one of attempts.slice(0, 3)) one.end(500);
    await clock.advance(10_000);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5, 6]);
    await nth(attempts, 3).end(null);
    await nth(attempts, 4).end(null);
    expect((await stored())?.breaker).to.include({ probes: 0, failures: 3 });
    await nth(attempts, 5).end(200);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("stays closed for a receiver that answers with refusals", async () => {
    await add(1, 9);
    await harness.start([fragile()]);
    for (let rounds = 0; rounds < 3; rounds++) await harness.endAll(422);
    expect(attempts).to.have.length(9);
    expect(observed).not.to.include("breakerOpened");
    expect(store.calls.saveDestination).to.equal(0);
  });

  it("probes with the next delivery that becomes due, when none was due at the probe's time", async () => {
    await add(1, 3);
    await harness.start([fragile()]);
    await harness.endAll(500);
    await clock.advance(20_000);
    expect(attempts).to.have.length(3);
    await store.add("4", clock.now());
    await store.add("5", clock.now());
    await harness.wake();
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
  });

  it("survives a failed write of its change, and saves the newest once the store is back", async () => {
    await add(1, 3);
    store.failing.saveDestination = 2;
    await harness.start([fragile()]);
    await harness.endAll(500);
    await clock.advance(750);
    expect(observed.filter((what) => what === "keepFailed")).to.have.length(2);
    expect((await stored())?.breaker).to.include({ failures: 3 });
  });

  describe("when an operator pauses it", () => {
    it("claims nothing more, lets attempts in flight end, and makes no store calls", async () => {
      await add(1, 5);
      await harness.start([fragile()]);
      await harness.dispatcher.controlsOf("crm").pause("moving house");
      await harness.endAll(200);
      await harness.wake();
      expect(await harness.statuses()).to.deep.equal([
        "delivered",
        "delivered",
        "delivered",
        "pending",
        "pending",
      ]);
      expect((await stored())?.paused).to.deep.equal({ at: NEW_YEAR, reason: "moving house" });
      expect(await callsDuring(86_400_000)).to.deep.equal([]);
      expect(clock.timers).to.equal(0);
    });

    it("stays paused over a restart, and continues when resumed", async () => {
      await add(1, 2);
      await harness.start([fragile({ paused: false })]);
      await harness.dispatcher.controlsOf("crm").pause("moving house");
      await harness.stop();
      await harness.start([fragile()]);
      await harness.wake();
      expect(attempts).to.have.length(2);
      await harness.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(harness.begun()).to.deep.equal([1, 2, 1, 2]);
      expect((await stored())?.paused).to.equal(null);
      expect(observed).to.deep.equal(["paused", "resumed"]);
    });

    it("leaves other destinations running", async () => {
      await store.add("1", NEW_YEAR);
      await store.add("2", NEW_YEAR, { destination: "archive" });
      await harness.start([fragile(), fragile({ name: "archive" })]);
      await harness.dispatcher.controlsOf("crm").pause("moving house");
      await harness.endAll(200);
      await store.add("3", NEW_YEAR);
      await store.add("4", NEW_YEAR, { destination: "archive" });
      await harness.wake();
      expect(harness.begun()).to.deep.equal([1, 2, 4]);
    });

    it("rejects when the pause cannot be saved, and stays paused until the restart", async () => {
      await add(1, 1);
      await harness.start([fragile()]);
      store.failing.saveDestination = 1;
      const pausing = harness.dispatcher.controlsOf("crm").pause("moving house");
      expect(await pausing.catch((error: Error) => error.message)).to.equal("the database is away");
      await add(2, 2);
      await harness.wake();
      expect(harness.begun()).to.deep.equal([1]);
    });

    it("probes at once behind an open breaker when resumed", async () => {
      await add(1, 5);
      await harness.start([fragile()]);
      await harness.endAll(500);
      await harness.dispatcher.controlsOf("crm").pause("a new server");
      await harness.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
    });

    it("rejects a destination that is not configured", async () => {
      await harness.start([fragile()]);
      const controls = () => harness.dispatcher.controlsOf("nobody");
      expect(controls).to.throw("there is no destination nobody").with.property("code", "not_found");
    });
  });

  describe("when the configuration pauses it", () => {
    it("claims nothing, and is not resumed by hand", async () => {
      await add(1, 1);
      await harness.start([fragile({ paused: true })]);
      const refusal = await harness.dispatcher
        .controlsOf("crm")
        .resume()
        .catch((error) => error);
      expect(refusal).to.include({ code: "bad_request" });
      expect(refusal.message).to.include("the configuration").and.include("crm");
      await harness.wake();
      expect(attempts).to.have.length(0);
      expect(harness.dispatcher.states()[0]?.paused?.reason).to.include("configuration");
    });

    it("continues once the configuration does not pause it any more", async () => {
      await add(1, 1);
      await harness.start([fragile({ paused: true })]);
      await harness.stop();
      await harness.start([fragile()]);
      expect(harness.begun()).to.deep.equal([1]);
    });
  });

  describe("when it answers 410", () => {
    it("parks that delivery and pauses the destination, saying why, over restarts", async () => {
      await add(1, 5);
      await harness.start([fragile({ concurrency: 1 })]);
      await nth(attempts, 0).end(410);
      expect((await store.deliveries())[0]).to.include({ status: "parked", reason: "gone" });
      expect((await stored())?.paused).to.deep.equal({ at: NEW_YEAR, reason: "it answered 410 Gone" });
      await harness.stop();
      await harness.start([fragile({ concurrency: 1 })]);
      expect(harness.begun()).to.deep.equal([1]);
      await harness.dispatcher.controlsOf("crm").resume();
      await settled();
      expect(harness.begun()).to.deep.equal([1, 2]);
    });

    it("keeps an operator's earlier reason", async () => {
      await add(1, 1);
      await harness.start([fragile()]);
      await harness.dispatcher.controlsOf("crm").pause("moving house");
      await nth(attempts, 0).end(410);
      expect((await stored())?.paused?.reason).to.equal("moving house");
    });
  });

  describe("when it has a rate", () => {
    it("claims only as many as the rate permits, and the next when it permits", async () => {
      await add(1, 9);
      await harness.start([fragile({ rate: 20, concurrency: 16 })]);
      expect(harness.begun()).to.deep.equal([1, 2]);
      expect(store.claims.map(({ limit }) => limit)).to.deep.equal([2]);
      expect(clock.timers).to.equal(1);
      await clock.advance(49);
      expect(attempts).to.have.length(2);
      await clock.advance(1);
      expect(harness.begun()).to.deep.equal([1, 2, 3]);
      await clock.advance(300);
      expect(attempts).to.have.length(9);
    });

    it("begins no more attempts a second than its rate, and no fewer while there is work", async () => {
      await add(1, 300);
      const begunAt: number[] = [];
      await harness.start([aDestination({ rate: 50 })], {
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

    it("makes no store calls until the rate permits, however often it is woken", async () => {
      await add(1, 3);
      await harness.start([fragile({ rate: 1 / 60 })]);
      await nth(attempts, 0).end(200);
      const before = store.calls.claim;
      for (let wakes = 0; wakes < 50; wakes++) await harness.wake();
      expect(await callsDuring(59_000)).to.deep.equal([]);
      expect(store.calls.claim).to.equal(before);
      await clock.advance(1_000);
      expect(harness.begun()).to.deep.equal([1, 2]);
    });
  });
});
