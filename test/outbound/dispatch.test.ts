import { expect } from "chai";
import { createDeliver } from "../../src/outbound/deliver.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { nth } from "../support/only.ts";
import { until } from "../support/until.ts";
import { createDispatcherHarness, type DispatcherHarness } from "./dispatcher-harness.ts";
import { aDestination, startReceiver } from "./fixtures.ts";

describe("the dispatcher", () => {
  let harness: DispatcherHarness;
  let clock: DispatcherHarness["clock"];
  let store: DispatcherHarness["store"];
  let attempts: DispatcherHarness["attempts"];
  let observed: DispatcherHarness["observed"];

  beforeEach(() => {
    harness = createDispatcherHarness();
    ({ clock, store, attempts, observed } = harness);
  });
  afterEach(() => harness.clear());

  it("attempts deliveries that were due before its start, in the order recorded", async () => {
    for (const name of ["1", "2", "3"]) await store.add(name, NEW_YEAR);
    await harness.start([aDestination()]);
    expect(harness.begun()).to.deep.equal([1, 2, 3]);
  });

  it("is woken by a commit", async () => {
    await harness.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    expect(harness.begun()).to.deep.equal([]);
    await harness.wake(["crm"]);
    expect(harness.begun()).to.deep.equal([1]);
    await nth(attempts, 0).end(200);
    expect(await harness.statuses()).to.deep.equal(["delivered"]);
    expect(observed).to.deep.equal(["attempted"]);
  });

  it("ignores unknown names", async () => {
    await harness.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    await harness.wake(["nobody"]);
    expect(harness.begun()).to.deep.equal([]);
    await harness.wake();
    expect(harness.begun()).to.deep.equal([1]);
  });

  it("claims again when it is woken during a claim", async () => {
    await harness.start([aDestination()]);
    const release = store.holdClaims();
    await harness.wake();
    await store.add("1", NEW_YEAR);
    await harness.wake();
    expect(harness.begun()).to.deep.equal([]);
    release();
    await settled();
    expect(harness.begun()).to.deep.equal([1]);
  });

  it("brings due times forward after the clock was set back", async () => {
    await harness.start([aDestination()]);
    await clock.advance(6 * 3_600_000);
    await harness.wake();
    clock.set(NEW_YEAR);
    const ahead = NEW_YEAR + 6 * 3_600_000;
    await store.add("1", ahead, { recordedAt: ahead });
    await harness.wake();
    expect(harness.begun()).to.deep.equal([1]);
    expect(observed).to.deep.equal(["broughtForward"]);
    expect(store.setBackSeen).to.deep.equal([false, true]);
  });

  it("does so once after its start, and not again while the clock goes on", async () => {
    await harness.start([aDestination()]);
    for (let i = 0; i < 3; i++) {
      await harness.wake();
      await clock.advance(1_000);
    }
    expect(store.calls.bringForward).to.equal(1);
  });

  it("attempts a delivery again when it is due, and not before", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination({ schedule: [5_000, 300_000] })]);
    await nth(attempts, 0).end(500);
    await clock.advance(4_999);
    expect(attempts).to.have.length(1);
    await clock.advance(1);
    expect(attempts.map(({ number }) => number)).to.deep.equal([1, 2]);
    await nth(attempts, 1).end(500);
    await clock.advance(300_000);
    await nth(attempts, 2).end(500);
    expect((await store.deliveries())[0]).to.include({
      status: "parked",
      reason: "schedule_exhausted",
      attempts: 3,
    });
  });

  it("gives a replayed delivery the whole schedule again, counting its attempts on", async () => {
    await store.add("1", NEW_YEAR, { replayedAfter: 3 });
    await harness.start([aDestination({ schedule: [5_000] })]);
    expect(attempts[0]?.number).to.equal(4);
    await nth(attempts, 0).end(500);
    expect((await store.deliveries())[0]).to.include({ status: "pending", dueAt: NEW_YEAR + 5_000 });
    await clock.advance(5_000);
    await nth(attempts, 1).end(500);
    expect((await store.deliveries())[0]).to.include({ status: "parked", attempts: 5 });
  });

  it("parks a delivery that is answered with 410 Gone", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination()]);
    await nth(attempts, 0).end(410);
    expect((await store.deliveries())[0]).to.include({ status: "parked", reason: "gone" });
  });

  it("does not poll: without events it makes no store calls", async () => {
    await store.add("1", NEW_YEAR + 40 * 60_000);
    await harness.start([aDestination()]);
    const before = { ...store.calls };
    await clock.advance(39 * 60_000);
    expect(store.calls).to.deep.equal(before);
    await clock.advance(60_000);
    expect(harness.begun()).to.deep.equal([1]);
  });

  it("sets no timer when nothing waits, and none further ahead than an hour", async () => {
    await harness.start([aDestination()]);
    expect(clock.timers).to.equal(0);
    await store.add("1", NEW_YEAR + 60 * 24 * 3_600_000);
    await harness.wake();
    const before = store.calls.claim;
    await clock.advance(3_600_000);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("does not spin when a delivery is due that no claim leases", async () => {
    await store.add("1", NEW_YEAR - 1);
    store.claim = async () => {
      store.calls.claim += 1;
      return [];
    };
    await harness.start([aDestination()]);
    await clock.advance(10_000);
    expect(store.calls.claim).to.be.within(9, 12);
  });

  it("has at most as many attempts at once as the concurrency, and refills free slots", async () => {
    for (let name = 1; name <= 10; name++) await store.add(String(name), NEW_YEAR);
    await harness.start([aDestination({ concurrency: 3 })]);
    expect(harness.begun()).to.deep.equal([1, 2, 3]);
    await harness.wake();
    expect(attempts).to.have.length(3);
    await nth(attempts, 1).end(200);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
    expect(store.claims.every(({ limit }) => limit >= 1 && limit <= 3)).to.equal(true);
  });

  it("refills slots that become free together with one claim", async () => {
    for (let name = 1; name <= 8; name++) await store.add(String(name), NEW_YEAR);
    await harness.start([aDestination({ concurrency: 4 })]);
    const before = store.calls.claim;
    await Promise.all(attempts.slice(0, 4).map((one) => one.end(200)));
    expect(attempts).to.have.length(8);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("sends the next of a lane as soon as the one before is done, and other lanes at once", async () => {
    await store.add("1", NEW_YEAR, { lane: "a" });
    await store.add("2", NEW_YEAR, { lane: "a" });
    await store.add("3", NEW_YEAR, { lane: "b" });
    await harness.start([aDestination()]);
    expect(harness.begun()).to.deep.equal([1, 3]);
    await nth(attempts, 0).end(200);
    expect(harness.begun()).to.deep.equal([1, 3, 2]);
  });

  it("sends to other destinations while one hangs at its limit", async () => {
    for (let name = 1; name <= 10; name++) await store.add(String(name), NEW_YEAR, { destination: "crm" });
    for (let name = 11; name <= 50; name++)
      await store.add(String(name), NEW_YEAR, { destination: "archive" });
    await harness.start([
      aDestination({ concurrency: 3 }),
      aDestination({ name: "archive", concurrency: 2 }),
    ]);
    const of = (name: string) => attempts.filter(({ destination }) => destination === name);
    for (let done = 0; done < 40; done++) await nth(of("archive"), done).end(200);
    expect((await harness.statuses()).slice(10)).to.deep.equal(Array(40).fill("delivered"));
    expect(of("crm")).to.have.length(3);
  });

  it("keeps a result until it is stored, whatever the store throws", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination()]);
    store.failing.settle = 3;
    store.fault = () => new TypeError("cannot read properties of undefined");
    await nth(attempts, 0).end(200);
    await clock.advance(250 + 500 + 1_000);
    expect(await harness.statuses()).to.deep.equal(["delivered"]);
    expect(store.calls.settle).to.equal(4);
    expect(attempts).to.have.length(1);
    expect(observed).to.deep.equal(["settleFailed", "settleFailed", "settleFailed", "attempted"]);
  });

  it("begins the next attempt while the destination's state is still being saved", async () => {
    await store.add("1", NEW_YEAR);
    const breaker = { failures: 1, pause: 1_000, longest: 1_000 };
    await harness.start([aDestination({ schedule: [5_000], breaker })]);
    const releaseSaving = store.holdSaving();
    store.failing.settle = 1;
    await nth(attempts, 0).end(500);
    await clock.advance(5_000);
    await harness.wake();
    releaseSaving();
    expect(attempts.map(({ number }) => number)).to.deep.equal([1, 2]);
  });

  it("begins the next attempt when the last result was stored despite an error", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination({ schedule: [100] })]);
    const settle = store.settle.bind(store);
    store.settle = async (settlement) => {
      store.settle = settle;
      await settle(settlement);
      throw store.fault();
    };
    await nth(attempts, 0).end(500);
    await clock.advance(100);
    await harness.wake();
    expect(attempts.map(({ number }) => number)).to.deep.equal([1, 2]);
    await clock.advance(150);
    await nth(attempts, 1).end(200);
    expect((await store.deliveries())[0]).to.include({ status: "delivered", attempts: 2 });
  });

  it("reports a result that was stored despite an error as unclear, not as a lost lease", async () => {
    const unclear: boolean[] = [];
    harness.observe.leaseLost = (lost) => void unclear.push(lost.unclear);
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination()]);
    const settle = store.settle.bind(store);
    store.settle = async (settlement) => {
      store.settle = settle;
      await settle(settlement);
      throw store.fault();
    };
    await nth(attempts, 0).end(200);
    await clock.advance(250);
    expect(unclear).to.deep.equal([true]);
    expect(await harness.statuses()).to.deep.equal(["delivered"]);
  });

  it("settles with the new lease when the old one ends before the result is stored", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination()]);
    store.failing.settle = 1;
    await nth(attempts, 0).end(200);
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const settle = store.settle.bind(store);
    store.settle = async (settlement) => {
      await arrived;
      return settle(settlement);
    };
    await clock.advance(250);
    await clock.advance(((await store.deliveries())[0]?.dueAt ?? 0) - clock.now());
    arrive();
    await settled();
    expect(await harness.statuses()).to.deep.equal(["delivered"]);
    expect(attempts).to.have.length(1);
    expect(observed).to.deep.equal(["settleFailed", "attempted"]);
  });

  it("claims at most twice the concurrency while results cannot be stored", async () => {
    for (let name = 1; name <= 9; name++) await store.add(String(name), NEW_YEAR);
    await harness.start([aDestination({ concurrency: 2 })]);
    store.failing.settle = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 4; index++) await nth(attempts, index).end(200);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4]);
    store.failing.settle = 0;
    await clock.advance(5_000);
    expect((await harness.statuses()).slice(0, 4)).to.deep.equal([
      "delivered",
      "delivered",
      "delivered",
      "delivered",
    ]);
    expect(harness.begun()).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("recovers by itself after a store failure, without spinning meanwhile", async () => {
    await harness.start([aDestination()]);
    const before = store.calls.claim;
    store.failing.claim = 3;
    await store.add("1", NEW_YEAR);
    await harness.wake();
    for (let wakes = 0; wakes < 100; wakes++) await harness.wake();
    expect(store.calls.claim).to.equal(before + 1);
    await clock.advance(250 + 500 + 1_000);
    expect(harness.begun()).to.deep.equal([1]);
    expect(observed).to.deep.equal(["claimFailed", "claimFailed", "claimFailed"]);
    expect(harness.dispatcher.health()[0]).to.include({ alive: true });
  });

  it("asks again when the store fails to say the next due time", async () => {
    store.failing.nextDueAt = 1;
    await harness.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    await clock.advance(250);
    expect(harness.begun()).to.deep.equal([1]);
  });

  it("reports a lost lease, and goes on", async () => {
    await store.add("1", NEW_YEAR);
    await harness.start([aDestination()]);
    await store.stealLeases();
    await nth(attempts, 0).end(200);
    expect(observed).to.deep.equal(["attempted", "leaseLost"]);
    expect(harness.dispatcher.health()[0]).to.include({ alive: true });
  });

  it("is not alive after an unexpected error, and announces its death beside the observer", async () => {
    await store.add("1", NEW_YEAR);
    const broken = { ...harness.observe, attempted: () => expect.fail("a mistake in the observer") };
    await harness.start([aDestination()], { observe: broken });
    expect(harness.dispatcher.health()).to.deep.equal([
      { destination: "crm", alive: true, claiming: false, lastTickAt: NEW_YEAR },
    ]);
    await nth(attempts, 0).end(200);
    expect(harness.dispatcher.health()[0]).to.include({ alive: false });
    expect(observed).to.deep.equal(["died"]);
    expect(harness.deaths).to.deep.equal(["crm"]);
  });

  it("shows a hanging claim, and since when", async () => {
    const release = store.holdClaims();
    await harness.start([aDestination()]);
    await clock.advance(60_000);
    expect(harness.dispatcher.health()[0]).to.include({ alive: true, claiming: true, lastTickAt: NEW_YEAR });
    release();
    await settled();
    expect(harness.dispatcher.health()[0]).to.include({ claiming: false, lastTickAt: NEW_YEAR + 60_000 });
  });

  describe("when it stops", () => {
    it("claims nothing more and waits for attempts in flight", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await harness.start([aDestination({ concurrency: 1 })]);
      const stopped = harness.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(5_000);
      await nth(attempts, 0).end(200);
      await stopped;
      await harness.wake();
      expect(await harness.statuses()).to.deep.equal(["delivered", "pending"]);
      expect(attempts).to.have.length(1);
      expect(clock.timers).to.equal(0);
    });

    it("aborts attempts in flight after the grace, and releases them uncounted", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await harness.start([aDestination()]);
      const stopped = harness.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      const open = { status: "pending", attempts: 0, dueAt: clock.now() };
      for (const delivery of await store.deliveries()) expect(delivery).to.include(open);
      expect(store.calls.release).to.equal(1);
      expect(observed).to.deep.equal([]);
    });

    it("releases the leases of a running claim without attempting them", async () => {
      await harness.start([aDestination()]);
      const release = store.holdClaims();
      await store.add("1", NEW_YEAR);
      await harness.wake();
      const stopped = harness.dispatcher.stop({ graceMs: 10_000 });
      release();
      await stopped;
      expect(attempts).to.have.length(0);
      expect((await store.deliveries())[0]).to.include({ attempts: 0, dueAt: NEW_YEAR });
    });

    it("ends although the store fails", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await harness.start([aDestination()]);
      store.failing.settle = Number.POSITIVE_INFINITY;
      store.failing.release = 1;
      await nth(attempts, 0).end(200);
      const stopped = harness.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      expect(observed).to.include("releaseFailed").and.not.include("attempted").and.not.include("died");
      expect(clock.timers).to.equal(0);
    });
  });

  it("delivers over real connections, each event once, and warns of nothing", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    const receiver = await startReceiver();
    for (let name = 1; name <= 200; name++) await store.add(String(name), NEW_YEAR);
    await harness.start([aDestination({ url: receiver.url })], {
      deliver: createDeliver({ clock, version: "0" }),
    });
    await until(() => store.settled.length === 200, "200 deliveries are settled");
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).to.equal(200);
    expect(receiver.connections).to.be.at.most(16);
    expect(store.calls.claim).to.be.below(200);
    await receiver.close();
    process.off("warning", warn);
    expect(warnings).to.deep.equal([]);
  });
});
