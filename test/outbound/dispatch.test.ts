import { expect } from "chai";
import type { Attempt } from "../../src/domain/delivery.ts";
import { createDeliver, type Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import { NEW_YEAR } from "../builders.ts";
import { createManualClock, type ManualClock, settled, until } from "../clock.ts";
import { FakeStore } from "./fake-store.ts";
import { aDestination, startReceiver } from "./fixtures.ts";

/** A try that a test ends by hand. */
interface Try {
  destination: string;
  event: string;
  number: number;
  end(status: number): Promise<void>;
}

describe("the dispatcher", () => {
  let clock: ManualClock;
  let store: FakeStore;
  let tries: Try[];
  let told: (keyof Observer)[];
  let dispatcher: Dispatcher;

  const deliverByHand: Deliver = (destination, event, number, signal) =>
    new Promise((resolve) => {
      const startedAt = clock.now();
      const end = (ending: Pick<Attempt, "cause" | "status">) =>
        resolve({
          number,
          startedAt,
          duration: clock.now() - startedAt,
          answer: null,
          retryAfter: null,
          ...ending,
        });
      signal?.addEventListener("abort", () => end({ cause: "interrupted", status: null }));
      tries.push({
        destination: destination.name,
        event: event.id,
        number,
        async end(status) {
          end({ cause: "answered", status });
          await settled();
        },
      });
    });

  const observe: Observer = {
    attempted: () => told.push("attempted"),
    loanLost: () => told.push("loanLost"),
    claimFailed: () => told.push("claimFailed"),
    settleFailed: () => told.push("settleFailed"),
    giveBackFailed: () => told.push("giveBackFailed"),
    died: () => told.push("died"),
  };

  const create = (destinations: readonly Destination[], deliver = deliverByHand, observer = observe) => {
    dispatcher = createDispatcher({
      store,
      destinations,
      deliver,
      clock,
      random: () => 0,
      observe: observer,
    });
    return dispatcher;
  };
  const start = async (...given: Parameters<typeof create>) => {
    create(...given).start();
    await settled();
  };
  const wake = async (names?: readonly string[]) => {
    dispatcher.wake(names);
    await settled();
  };
  const running = () => tries.map(({ event }) => Number(event.slice(4)));
  const statuses = () => store.deliveries.map(({ status }) => status);

  beforeEach(() => {
    clock = createManualClock(NEW_YEAR);
    store = new FakeStore();
    tries = [];
    told = [];
  });
  afterEach(async () => {
    const stopped = dispatcher.stop({ graceMs: 0 });
    await clock.advance(1);
    await stopped;
  });

  it("tries what was due before it started, in the order recorded", async () => {
    for (const name of ["1", "2", "3"]) store.add(name, NEW_YEAR);
    await start([aDestination()]);
    expect(running()).to.deep.equal([1, 2, 3]);
  });

  it("is woken by a commit", async () => {
    await start([aDestination()]);
    store.add("1", NEW_YEAR);
    expect(running()).to.deep.equal([]);
    await wake(["crm"]);
    expect(running()).to.deep.equal([1]);
    await tries[0]?.end(200);
    expect(statuses()).to.deep.equal(["delivered"]);
    expect(told).to.deep.equal(["attempted"]);
  });

  it("passes over names that it does not know", async () => {
    await start([aDestination()]);
    store.add("1", NEW_YEAR);
    await wake(["nobody"]);
    expect(running()).to.deep.equal([]);
    await wake();
    expect(running()).to.deep.equal([1]);
  });

  it("looks again when it is woken while it claims", async () => {
    await start([aDestination()]);
    const release = store.holdClaims();
    await wake();
    store.add("1", NEW_YEAR);
    await wake();
    expect(running()).to.deep.equal([]);
    release();
    await settled();
    expect(running()).to.deep.equal([1]);
  });

  it("tries again when the next try is due, and not before", async () => {
    store.add("1", NEW_YEAR);
    await start([aDestination({ schedule: [5_000, 300_000] })]);
    await tries[0]?.end(500);
    await clock.advance(4_999);
    expect(tries).to.have.length(1);
    await clock.advance(1);
    expect(tries.map(({ number }) => number)).to.deep.equal([1, 2]);
    await tries[1]?.end(500);
    await clock.advance(300_000);
    await tries[2]?.end(500);
    expect(store.deliveries[0]).to.include({ status: "parked", reason: "schedule_exhausted", attempts: 3 });
  });

  it("gives a replayed delivery the whole schedule again, counting its tries on", async () => {
    store.add("1", NEW_YEAR, { replayedAfter: 3 });
    await start([aDestination({ schedule: [5_000] })]);
    expect(tries[0]?.number).to.equal(4);
    await tries[0]?.end(500);
    expect(store.deliveries[0]).to.include({ status: "pending", dueAt: NEW_YEAR + 5_000 });
    await clock.advance(5_000);
    await tries[1]?.end(500);
    expect(store.deliveries[0]).to.include({ status: "parked", attempts: 5 });
  });

  it("parks what the receiver says is gone", async () => {
    store.add("1", NEW_YEAR);
    await start([aDestination()]);
    await tries[0]?.end(410);
    expect(store.deliveries[0]).to.include({ status: "parked", reason: "gone" });
  });

  it("does not poll: while nothing happens nothing is asked", async () => {
    store.add("1", NEW_YEAR + 40 * 60_000);
    await start([aDestination()]);
    const before = { ...store.calls };
    await clock.advance(39 * 60_000);
    expect(store.calls).to.deep.equal(before);
    await clock.advance(60_000);
    expect(running()).to.deep.equal([1]);
  });

  it("sets no timer when nothing waits, and none further ahead than an hour", async () => {
    await start([aDestination()]);
    expect(clock.timers).to.equal(0);
    store.add("1", NEW_YEAR + 60 * 24 * 3_600_000);
    await wake();
    const before = store.calls.claim;
    await clock.advance(3_600_000);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("does not ask in circles when something is said to be due that is not lent out", async () => {
    store.add("1", NEW_YEAR - 1);
    store.claim = async () => {
      store.calls.claim += 1;
      return [];
    };
    await start([aDestination()]);
    await clock.advance(10_000);
    expect(store.calls.claim).to.be.within(9, 12);
  });

  it("has no more tries side by side than the destination's concurrency, and fills slots that free up", async () => {
    for (let name = 1; name <= 10; name++) store.add(String(name), NEW_YEAR);
    await start([aDestination({ concurrency: 3 })]);
    expect(running()).to.deep.equal([1, 2, 3]);
    await wake();
    expect(tries).to.have.length(3);
    await tries[1]?.end(200);
    expect(running()).to.deep.equal([1, 2, 3, 4]);
    expect(store.limits.every((limit) => limit >= 1 && limit <= 3)).to.equal(true);
  });

  it("fills slots that free up together with one claim", async () => {
    for (let name = 1; name <= 8; name++) store.add(String(name), NEW_YEAR);
    await start([aDestination({ concurrency: 4 })]);
    const before = store.calls.claim;
    await Promise.all(tries.slice(0, 4).map((one) => one.end(200)));
    expect(tries).to.have.length(8);
    expect(store.calls.claim).to.equal(before + 1);
  });

  it("lets the next of a lane go as soon as the one before is done, and other lanes never wait", async () => {
    store.add("1", NEW_YEAR, { lane: "a" });
    store.add("2", NEW_YEAR, { lane: "a" });
    store.add("3", NEW_YEAR, { lane: "b" });
    await start([aDestination()]);
    expect(running()).to.deep.equal([1, 3]);
    await tries[0]?.end(200);
    expect(running()).to.deep.equal([1, 3, 2]);
  });

  it("lets a destination that hangs hold up nobody else", async () => {
    store.add("1", NEW_YEAR, { destination: "crm" });
    store.add("2", NEW_YEAR, { destination: "archive" });
    await start([aDestination({ concurrency: 1 }), aDestination({ name: "archive" })]);
    await tries.find(({ destination }) => destination === "archive")?.end(200);
    expect(statuses()).to.deep.equal(["pending", "delivered"]);
  });

  it("keeps an answer in hand until it is written, whatever the store throws", async () => {
    store.add("1", NEW_YEAR);
    await start([aDestination()]);
    store.failing.settle = 3;
    store.fault = () => new TypeError("cannot read properties of undefined");
    await tries[0]?.end(200);
    await clock.advance(250 + 500 + 1_000);
    expect(statuses()).to.deep.equal(["delivered"]);
    expect(store.calls.settle).to.equal(4);
    expect(tries).to.have.length(1);
    expect(told).to.deep.equal(["settleFailed", "settleFailed", "settleFailed", "attempted"]);
  });

  it("takes on no more than it can hold when answers cannot be written", async () => {
    for (let name = 1; name <= 9; name++) store.add(String(name), NEW_YEAR);
    await start([aDestination({ concurrency: 2 })]);
    store.failing.settle = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 4; index++) await tries[index]?.end(200);
    expect(running()).to.deep.equal([1, 2, 3, 4]);
    store.failing.settle = 0;
    await clock.advance(5_000);
    expect(statuses().slice(0, 4)).to.deep.equal(["delivered", "delivered", "delivered", "delivered"]);
    expect(running()).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("heals by itself after the store was away, without spinning meanwhile", async () => {
    await start([aDestination()]);
    const before = store.calls.claim;
    store.failing.claim = 3;
    store.add("1", NEW_YEAR);
    await wake();
    for (let wakes = 0; wakes < 100; wakes++) await wake();
    expect(store.calls.claim).to.equal(before + 1);
    await clock.advance(250 + 500 + 1_000);
    expect(running()).to.deep.equal([1]);
    expect(told).to.deep.equal(["claimFailed", "claimFailed", "claimFailed"]);
    expect(dispatcher.health()[0]).to.include({ alive: true });
  });

  it("asks again when the store cannot say what is due next", async () => {
    store.failing.nextDueAt = 1;
    await start([aDestination()]);
    store.add("1", NEW_YEAR);
    await clock.advance(250);
    expect(running()).to.deep.equal([1]);
  });

  it("tells when a loan was lost, and goes on", async () => {
    store.add("1", NEW_YEAR);
    await start([aDestination()]);
    store.stealLoans();
    await tries[0]?.end(200);
    expect(told).to.deep.equal(["attempted", "loanLost"]);
    expect(dispatcher.health()[0]).to.include({ alive: true });
  });

  it("is not alive after something threw that nothing expects", async () => {
    store.add("1", NEW_YEAR);
    const broken = { ...observe, attempted: () => expect.fail("a mistake in the observer") };
    await start([aDestination()], deliverByHand, broken);
    expect(dispatcher.health()).to.deep.equal([
      { destination: "crm", alive: true, claiming: false, lastTickAt: NEW_YEAR },
    ]);
    await tries[0]?.end(200);
    expect(dispatcher.health()[0]).to.include({ alive: false });
    expect(told).to.deep.equal(["died"]);
  });

  it("shows that a claim has been hanging, and since when", async () => {
    const release = store.holdClaims();
    await start([aDestination()]);
    await clock.advance(60_000);
    expect(dispatcher.health()[0]).to.include({ alive: true, claiming: true, lastTickAt: NEW_YEAR });
    release();
    await settled();
    expect(dispatcher.health()[0]).to.include({ claiming: false, lastTickAt: NEW_YEAR + 60_000 });
  });

  describe("when it stops", () => {
    it("claims nothing more and waits for what is in flight", async () => {
      for (const name of ["1", "2"]) store.add(name, NEW_YEAR);
      await start([aDestination({ concurrency: 1 })]);
      const stopped = dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(5_000);
      await tries[0]?.end(200);
      await stopped;
      await wake();
      expect(statuses()).to.deep.equal(["delivered", "pending"]);
      expect(tries).to.have.length(1);
      expect(clock.timers).to.equal(0);
    });

    it("cuts off what is in flight when the grace is over, and gives it back without counting a try", async () => {
      for (const name of ["1", "2"]) store.add(name, NEW_YEAR);
      await start([aDestination()]);
      const stopped = dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      const open = { status: "pending", attempts: 0, dueAt: clock.now() };
      for (const delivery of store.deliveries) expect(delivery).to.include(open);
      expect(store.calls.giveBack).to.equal(1);
      expect(told).to.deep.equal([]);
    });

    it("gives back what a running claim still brings, without beginning it", async () => {
      await start([aDestination()]);
      const release = store.holdClaims();
      store.add("1", NEW_YEAR);
      await wake();
      const stopped = dispatcher.stop({ graceMs: 10_000 });
      release();
      await stopped;
      expect(tries).to.have.length(0);
      expect(store.deliveries[0]).to.include({ attempts: 0, dueAt: NEW_YEAR });
    });

    it("does not hang on a store that is away", async () => {
      for (const name of ["1", "2"]) store.add(name, NEW_YEAR);
      await start([aDestination()]);
      store.failing.settle = Number.POSITIVE_INFINITY;
      store.failing.giveBack = 1;
      await tries[0]?.end(200);
      const stopped = dispatcher.stop({ graceMs: 10_000 });
      await clock.advance(10_000);
      await stopped;
      expect(told).to.include("giveBackFailed").and.not.include("attempted").and.not.include("died");
      expect(clock.timers).to.equal(0);
    });
  });

  it("delivers over real connections, each event once, and warns of nothing", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    const receiver = await startReceiver();
    for (let name = 1; name <= 200; name++) store.add(String(name), NEW_YEAR);
    await start([aDestination({ url: receiver.url })], createDeliver({ clock, version: "0" }));
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
