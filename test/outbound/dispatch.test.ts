import { expect } from "chai";
import { createDeliver } from "../../src/outbound/deliver.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled, until } from "../support/clock.ts";
import { aDestination, startReceiver } from "./fixtures.ts";
import { createStage, type Stage } from "./stage.ts";

describe("the dispatcher", () => {
  let stage: Stage;
  let clock: Stage["clock"];
  let store: Stage["store"];
  let tries: Stage["tries"];
  let told: Stage["told"];

  beforeEach(() => {
    stage = createStage();
    ({ clock, store, tries, told } = stage);
  });
  afterEach(() => stage.clear());

  it("tries what was due before it started, in the order recorded", async () => {
    for (const name of ["1", "2", "3"]) await store.add(name, NEW_YEAR);
    await stage.start([aDestination()]);
    expect(stage.begun()).to.deep.equal([1, 2, 3]);
  });

  it("is woken by a commit", async () => {
    await stage.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    expect(stage.begun()).to.deep.equal([]);
    await stage.wake(["crm"]);
    expect(stage.begun()).to.deep.equal([1]);
    await tries[0]?.end(200);
    expect(await stage.statuses()).to.deep.equal(["delivered"]);
    expect(told).to.deep.equal(["attempted"]);
  });

  it("passes over names that it does not know", async () => {
    await stage.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    await stage.wake(["nobody"]);
    expect(stage.begun()).to.deep.equal([]);
    await stage.wake();
    expect(stage.begun()).to.deep.equal([1]);
  });

  it("looks again when it is woken while it claims", async () => {
    await stage.start([aDestination()]);
    const release = store.holdClaims();
    await stage.wake();
    await store.add("1", NEW_YEAR);
    await stage.wake();
    expect(stage.begun()).to.deep.equal([]);
    release();
    await settled();
    expect(stage.begun()).to.deep.equal([1]);
  });

  it("leaves nothing waiting for what the clock had shown before it was set back", async () => {
    await stage.start([aDestination()]);
    await clock.advance(6 * 3_600_000);
    await stage.wake();
    clock.set(NEW_YEAR);
    const ahead = NEW_YEAR + 6 * 3_600_000;
    await store.add("1", ahead, { recordedAt: ahead });
    await stage.wake();
    expect(stage.begun()).to.deep.equal([1]);
    expect(told).to.deep.equal(["broughtForward"]);
    expect(store.setBackSeen).to.deep.equal([false, true]);
  });

  it("asks once after its start, and not again while the clock goes on", async () => {
    await stage.start([aDestination()]);
    for (let i = 0; i < 3; i++) {
      await stage.wake();
      await clock.advance(1_000);
    }
    expect(store.calls.bringForward).to.equal(1);
  });

  it("tries again when the next try is due, and not before", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination({ schedule: [5_000, 300_000] })]);
    await tries[0]?.end(500);
    await clock.advance(4_999);
    expect(tries).to.have.length(1);
    await clock.advance(1);
    expect(tries.map(({ number }) => number)).to.deep.equal([1, 2]);
    await tries[1]?.end(500);
    await clock.advance(300_000);
    await tries[2]?.end(500);
    expect((await store.deliveries())[0]).to.include({
      status: "parked",
      reason: "schedule_exhausted",
      attempts: 3,
    });
  });

  it("gives a replayed delivery the whole schedule again, counting its tries on", async () => {
    await store.add("1", NEW_YEAR, { replayedAfter: 3 });
    await stage.start([aDestination({ schedule: [5_000] })]);
    expect(tries[0]?.number).to.equal(4);
    await tries[0]?.end(500);
    expect((await store.deliveries())[0]).to.include({ status: "pending", dueAt: NEW_YEAR + 5_000 });
    await clock.advance(5_000);
    await tries[1]?.end(500);
    expect((await store.deliveries())[0]).to.include({ status: "parked", attempts: 5 });
  });

  it("parks what the receiver says is gone", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination()]);
    await tries[0]?.end(410);
    expect((await store.deliveries())[0]).to.include({ status: "parked", reason: "gone" });
  });

  it("does not poll: while nothing happens nothing is asked", async () => {
    await store.add("1", NEW_YEAR + 40 * 60_000);
    await stage.start([aDestination()]);
    const before = { ...store.calls };
    await clock.advance(39 * 60_000);
    expect(store.calls).to.deep.equal(before);
    await clock.advance(60_000);
    expect(stage.begun()).to.deep.equal([1]);
  });

  it("sets no timer when nothing waits, and none further ahead than an hour", async () => {
    await stage.start([aDestination()]);
    expect(clock.timers).to.equal(0);
    await store.add("1", NEW_YEAR + 60 * 24 * 3_600_000);
    await stage.wake();
    const before = store.calls.claim;
    await clock.advance(3_600_000);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("does not ask in circles when something is said to be due that is not leased", async () => {
    await store.add("1", NEW_YEAR - 1);
    store.claim = async () => {
      store.calls.claim += 1;
      return [];
    };
    await stage.start([aDestination()]);
    await clock.advance(10_000);
    expect(store.calls.claim).to.be.within(9, 12);
  });

  it("has no more tries side by side than the destination's concurrency, and fills slots that free up", async () => {
    for (let name = 1; name <= 10; name++) await store.add(String(name), NEW_YEAR);
    await stage.start([aDestination({ concurrency: 3 })]);
    expect(stage.begun()).to.deep.equal([1, 2, 3]);
    await stage.wake();
    expect(tries).to.have.length(3);
    await tries[1]?.end(200);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
    expect(store.claims.every(({ limit }) => limit >= 1 && limit <= 3)).to.equal(true);
  });

  it("fills slots that free up together with one claim", async () => {
    for (let name = 1; name <= 8; name++) await store.add(String(name), NEW_YEAR);
    await stage.start([aDestination({ concurrency: 4 })]);
    const before = store.calls.claim;
    await Promise.all(tries.slice(0, 4).map((one) => one.end(200)));
    expect(tries).to.have.length(8);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("lets the next of a lane go as soon as the one before is done, and other lanes never wait", async () => {
    await store.add("1", NEW_YEAR, { lane: "a" });
    await store.add("2", NEW_YEAR, { lane: "a" });
    await store.add("3", NEW_YEAR, { lane: "b" });
    await stage.start([aDestination()]);
    expect(stage.begun()).to.deep.equal([1, 3]);
    await tries[0]?.end(200);
    expect(stage.begun()).to.deep.equal([1, 3, 2]);
  });

  it("lets a destination that hangs at its limit hold up nobody else", async () => {
    for (let name = 1; name <= 10; name++) await store.add(String(name), NEW_YEAR, { destination: "crm" });
    for (let name = 11; name <= 50; name++)
      await store.add(String(name), NEW_YEAR, { destination: "archive" });
    await stage.start([aDestination({ concurrency: 3 }), aDestination({ name: "archive", concurrency: 2 })]);
    const of = (name: string) => tries.filter(({ destination }) => destination === name);
    for (let done = 0; done < 40; done++) await of("archive")[done]?.end(200);
    expect((await stage.statuses()).slice(10)).to.deep.equal(Array(40).fill("delivered"));
    expect(of("crm")).to.have.length(3);
  });

  it("keeps an answer in hand until it is written, whatever the store throws", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination()]);
    store.failing.settle = 3;
    store.fault = () => new TypeError("cannot read properties of undefined");
    await tries[0]?.end(200);
    await clock.advance(250 + 500 + 1_000);
    expect(await stage.statuses()).to.deep.equal(["delivered"]);
    expect(store.calls.settle).to.equal(4);
    expect(tries).to.have.length(1);
    expect(told).to.deep.equal(["settleFailed", "settleFailed", "settleFailed", "attempted"]);
  });

  it("goes on with the next try while how the destination stands is still being written down", async () => {
    await store.add("1", NEW_YEAR);
    const breaker = { failures: 1, pause: 1_000, longest: 1_000 };
    await stage.start([aDestination({ schedule: [5_000], breaker })]);
    const keep = store.holdSaving();
    store.failing.settle = 1;
    await tries[0]?.end(500);
    await clock.advance(5_000);
    await stage.wake();
    keep();
    expect(tries.map(({ number }) => number)).to.deep.equal([1, 2]);
  });

  it("goes on with the next try when the answer before was written although the store said otherwise", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination({ schedule: [100] })]);
    const settle = store.settle.bind(store);
    store.settle = async (settlement) => {
      store.settle = settle;
      await settle(settlement);
      throw store.fault();
    };
    await tries[0]?.end(500);
    await clock.advance(100);
    await stage.wake();
    expect(tries.map(({ number }) => number)).to.deep.equal([1, 2]);
    await clock.advance(150);
    await tries[1]?.end(200);
    expect((await store.deliveries())[0]).to.include({ status: "delivered", attempts: 2 });
  });

  it("says of an answer that was written although the store failed that this is unclear, not that somebody else has it", async () => {
    const unclear: boolean[] = [];
    stage.observe.leaseLost = (lost) => void unclear.push(lost.unclear);
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination()]);
    const settle = store.settle.bind(store);
    store.settle = async (settlement) => {
      store.settle = settle;
      await settle(settlement);
      throw store.fault();
    };
    await tries[0]?.end(200);
    await clock.advance(250);
    expect(unclear).to.deep.equal([true]);
    expect(await stage.statuses()).to.deep.equal(["delivered"]);
  });

  it("writes an answer down by the new lease when the old one ends while it is on its way", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination()]);
    store.failing.settle = 1;
    await tries[0]?.end(200);
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
    expect(await stage.statuses()).to.deep.equal(["delivered"]);
    expect(tries).to.have.length(1);
    expect(told).to.deep.equal(["settleFailed", "attempted"]);
  });

  it("takes on no more than it can hold when answers cannot be written", async () => {
    for (let name = 1; name <= 9; name++) await store.add(String(name), NEW_YEAR);
    await stage.start([aDestination({ concurrency: 2 })]);
    store.failing.settle = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 4; index++) await tries[index]?.end(200);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4]);
    store.failing.settle = 0;
    await clock.advance(5_000);
    expect((await stage.statuses()).slice(0, 4)).to.deep.equal([
      "delivered",
      "delivered",
      "delivered",
      "delivered",
    ]);
    expect(stage.begun()).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("heals by itself after the store was away, without spinning meanwhile", async () => {
    await stage.start([aDestination()]);
    const before = store.calls.claim;
    store.failing.claim = 3;
    await store.add("1", NEW_YEAR);
    await stage.wake();
    for (let wakes = 0; wakes < 100; wakes++) await stage.wake();
    expect(store.calls.claim).to.equal(before + 1);
    await clock.advance(250 + 500 + 1_000);
    expect(stage.begun()).to.deep.equal([1]);
    expect(told).to.deep.equal(["claimFailed", "claimFailed", "claimFailed"]);
    expect(stage.dispatcher.health()[0]).to.include({ alive: true });
  });

  it("asks again when the store cannot say what is due next", async () => {
    store.failing.nextDueAt = 1;
    await stage.start([aDestination()]);
    await store.add("1", NEW_YEAR);
    await clock.advance(250);
    expect(stage.begun()).to.deep.equal([1]);
  });

  it("tells when a lease was lost, and goes on", async () => {
    await store.add("1", NEW_YEAR);
    await stage.start([aDestination()]);
    await store.stealLeases();
    await tries[0]?.end(200);
    expect(told).to.deep.equal(["attempted", "leaseLost"]);
    expect(stage.dispatcher.health()[0]).to.include({ alive: true });
  });

  it("is not alive after an unexpected error, and announces its death beside the observer", async () => {
    await store.add("1", NEW_YEAR);
    const broken = { ...stage.observe, attempted: () => expect.fail("a mistake in the observer") };
    await stage.start([aDestination()], { observe: broken });
    expect(stage.dispatcher.health()).to.deep.equal([
      { destination: "crm", alive: true, claiming: false, lastTickAt: NEW_YEAR },
    ]);
    await tries[0]?.end(200);
    expect(stage.dispatcher.health()[0]).to.include({ alive: false });
    expect(told).to.deep.equal(["died"]);
    expect(stage.deaths).to.deep.equal(["crm"]);
  });

  it("shows that a claim has been hanging, and since when", async () => {
    const release = store.holdClaims();
    await stage.start([aDestination()]);
    await clock.advance(60_000);
    expect(stage.dispatcher.health()[0]).to.include({ alive: true, claiming: true, lastTickAt: NEW_YEAR });
    release();
    await settled();
    expect(stage.dispatcher.health()[0]).to.include({ claiming: false, lastTickAt: NEW_YEAR + 60_000 });
  });

  describe("when it stops", () => {
    it("claims nothing more and waits for what is in flight", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await stage.start([aDestination({ concurrency: 1 })]);
      const stopped = stage.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(5_000);
      await tries[0]?.end(200);
      await stopped;
      await stage.wake();
      expect(await stage.statuses()).to.deep.equal(["delivered", "pending"]);
      expect(tries).to.have.length(1);
      expect(clock.timers).to.equal(0);
    });

    it("cuts off what is in flight when the grace is over, and gives it back without counting a try", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await stage.start([aDestination()]);
      const stopped = stage.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      const open = { status: "pending", attempts: 0, dueAt: clock.now() };
      for (const delivery of await store.deliveries()) expect(delivery).to.include(open);
      expect(store.calls.release).to.equal(1);
      expect(told).to.deep.equal([]);
    });

    it("gives back what a running claim still brings, without beginning it", async () => {
      await stage.start([aDestination()]);
      const release = store.holdClaims();
      await store.add("1", NEW_YEAR);
      await stage.wake();
      const stopped = stage.dispatcher.stop({ graceMs: 10_000 });
      release();
      await stopped;
      expect(tries).to.have.length(0);
      expect((await store.deliveries())[0]).to.include({ attempts: 0, dueAt: NEW_YEAR });
    });

    it("does not hang on a store that is away", async () => {
      for (const name of ["1", "2"]) await store.add(name, NEW_YEAR);
      await stage.start([aDestination()]);
      store.failing.settle = Number.POSITIVE_INFINITY;
      store.failing.release = 1;
      await tries[0]?.end(200);
      const stopped = stage.dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      expect(told).to.include("releaseFailed").and.not.include("attempted").and.not.include("died");
      expect(clock.timers).to.equal(0);
    });
  });

  it("delivers over real connections, each event once, and warns of nothing", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    const receiver = await startReceiver();
    for (let name = 1; name <= 200; name++) await store.add(String(name), NEW_YEAR);
    await stage.start([aDestination({ url: receiver.url })], {
      deliver: createDeliver({ clock, version: "0" }),
    });
    await until(() => store.settled.length === 200);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).to.equal(200);
    expect(receiver.connections).to.be.at.most(16);
    expect(store.calls.claim).to.be.below(200);
    await receiver.close();
    process.off("warning", warn);
    expect(warnings).to.deep.equal([]);
  });
});
