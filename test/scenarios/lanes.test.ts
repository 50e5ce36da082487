import { expect } from "chai";
import fc from "fast-check";
import type { Clock } from "../../src/domain/clock.ts";
import type { Attempt, Delivery } from "../../src/domain/delivery.ts";
import type { Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { aDestination } from "../outbound/fixtures.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { createManualClock, settled } from "../support/clock.ts";

/**
 * A receiver's treatment of one attempt: a status after some milliseconds, or silence (null) until the
 * timeout.
 */
interface Treatment {
  status: number | null;
  after: number;
}

/** The posts that a receiver met, in order. */
interface Met {
  destination: string;
  event: string;
  document: string;
  sequence: number;
  /** The status that it answered, or would have. */
  status: number | null;
}

/**
 * A process that carries deliveries until it stops, or dies without a word: then nothing of it happens any
 * more.
 */
interface Process {
  dispatcher: Dispatcher;
  die(): void;
}

const NEVER = new Promise<never>(() => {});
const SILENT: Observer = {
  attempted() {},
  unsupported() {},
  leaseLost() {},
  breakerOpened() {},
  breakerClosed() {},
  paused() {},
  resumed() {},
  broughtForward() {},
  claimFailed() {},
  settleFailed() {},
  keepFailed() {},
  releaseFailed() {},
  died() {},
};

/**
 * Real store, real dispatcher; receivers that follow a script, on a clock that stands still until it is
 * moved.
 */
function createWorld(destinations: readonly Destination[], treatments: readonly Treatment[]) {
  let tokens = 0;
  let attempted = 0;
  let reported = 0;
  const clock = createManualClock(NEW_YEAR);
  const token = () => String(++tokens);
  const store = openSqliteStore({ file: ":memory:", token });
  const met: Met[] = [];
  let process = startProcess();

  const deliver: Deliver = (destination, event, number, { signal } = {}) => {
    const treatment = treatments[attempted++ % treatments.length] ?? { status: 200, after: 0 };
    met.push({
      destination: destination.name,
      event: event.id,
      document: event.document?.id ?? "",
      sequence: event.sequence ?? 0,
      status: treatment.status,
    });
    return treat(treatment, number, destination.timeout, signal);
  };

  function treat({ status, after }: Treatment, number: number, timeout: number, signal?: AbortSignal) {
    const startedAt = clock.now();
    return new Promise<Attempt>((resolve) => {
      const end = (ending: Pick<Attempt, "cause" | "status">) => {
        const duration = clock.now() - startedAt;
        resolve({ number, startedAt, duration, answer: null, retryAfter: null, ...ending });
      };
      clock.after(status === null ? timeout : after, () =>
        end(status === null ? { cause: "timeout", status } : { cause: "answered", status }),
      );
      signal?.addEventListener("abort", () => end({ cause: "interrupted", status: null }));
    });
  }

  function startProcess(saved: Awaited<ReturnType<Store["destinations"]>> = []): Process {
    let dead = false;
    const whileAlive = <T>(work: Promise<T>): Promise<T> => work.then((value) => (dead ? NEVER : value));
    const ask = <T>(work: () => Promise<T>): Promise<T> => (dead ? NEVER : whileAlive(work()));
    const mortalClock: Clock = {
      now: clock.now,
      elapsed: clock.elapsed,
      after: (ms, run) => clock.after(ms, () => (dead ? undefined : run())),
    };
    const dispatcher = createDispatcher({
      destinations,
      saved,
      store: {
        bringForward: (request) => ask(() => store.bringForward(request)),
        claim: (request) => ask(() => store.claim(request)),
        settle: (settlement) => ask(() => store.settle(settlement)),
        release: (...given) => ask(() => store.release(...given)),
        nextDueAt: (name) => ask(() => store.nextDueAt(name)),
        saveDestination: (...given) => ask(() => store.saveDestination(...given)),
      },
      deliver: (...given) => ask(() => deliver(...given)),
      clock: mortalClock,
      random: () => 0,
      observe: SILENT,
      onDeath: (_destination, error) => expect.fail(String(error)),
    });
    dispatcher.start();
    return {
      dispatcher,
      die: () => {
        dead = true;
      },
    };
  }

  return {
    clock,
    store,
    met,
    /** The number of happenings that were reported. */
    get reported() {
      return reported;
    },
    /** One post that reports one new happening of each of these documents. */
    async post(documents: readonly string[]) {
      const drafts = documents.map((id) =>
        aDraft({ type: "document.due_date_changed", time: NEW_YEAR + ++reported, document: aDocument(id) }),
      );
      const receipt = aReceipt({ receivedAt: clock.now() });
      await store.record(aRecordRequest(drafts, { receipt, subscribers: destinations }));
      process.dispatcher.wake();
      await settled();
    },
    /** Attempts in flight are aborted and released. */
    async restart() {
      const stopped = process.dispatcher.stop({ graceMs: 0 });
      await clock.advance(0);
      await stopped;
      process = startProcess(await store.destinations());
      await settled();
    },
    /** Attempts in flight are lost: their leases run out. */
    async crash() {
      process.die();
      process = startProcess(await store.destinations());
      await settled();
    },
    /** Lets time pass until nothing is open. */
    async finish() {
      for (let hours = 0; (await store.backlog()).length > 0; hours++) {
        if (hours > 500) expect.fail("something is still open after 500 hours");
        await clock.advance(3_600_000);
      }
      process.die();
    },
    async deliveries() {
      return (await store.findDeliveries({}, { limit: 1_000 })).items;
    },
  };
}

type World = ReturnType<typeof createWorld>;
type Step = (world: World) => Promise<void>;

const document = fc.constantFrom("a", "b", "c", "d");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(document, { minLength: 1, maxLength: 6 }).map(
      (documents): Step =>
        (world) =>
          world.post(documents),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1, 700, 5_000, 16_000, 60_000, 600_000).map(
      (ms): Step =>
        (world) =>
          world.clock.advance(ms),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.restart()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.crash()) },
);
const treatment: fc.Arbitrary<Treatment> = fc.record({
  status: fc.constantFrom(200, 200, 200, 204, 302, 404, 429, 500, 503, null),
  after: fc.constantFrom(0, 0, 20, 900, 14_000),
});
const destination = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  rate: fc.constantFrom(null, null, 5),
  breaker: fc.constant({ failures: 4, pause: 10_000, longest: 60_000 }),
  schedule: fc.constant([1_000, 5_000, 60_000]),
});

describe("lanes", () => {
  it("deliver all events in their document's order, whatever is answered, stops or dies", async () => {
    const scenario = fc.record({
      crm: destination,
      archive: destination,
      treatments: fc.array(treatment, { minLength: 1, maxLength: 30 }),
      steps: fc.array(step, { minLength: 1, maxLength: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ crm, archive, treatments, steps }) => {
        const destinations = [aDestination(crm), aDestination({ name: "archive", ...archive })];
        const world = createWorld(destinations, treatments);
        for (const take of steps) await take(world);
        await world.finish();

        expectOrder(world.met);
        const deliveries = await world.deliveries();
        expect(deliveries).to.have.length(2 * world.reported);
        for (const delivery of deliveries) expectTruth(delivery, world.met);
        await world.store.close();
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("send a batch in its order to a healthy receiver with a concurrency of one", async () => {
    const scenario = fc.record({
      batches: fc.array(fc.array(document, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      treatments: fc.array(fc.record({ status: fc.constant(200), after: fc.constantFrom(0, 5, 300) }), {
        minLength: 1,
        maxLength: 10,
      }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ batches, treatments }) => {
        const world = createWorld([aDestination({ concurrency: 1 })], treatments);
        for (const batch of batches) {
          await world.post(batch);
          await world.clock.advance(2);
        }
        await world.finish();
        expect(world.met.map(({ document }) => document)).to.deep.equal(batches.flat());
        await world.store.close();
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

/** Of each document at each receiver: every event once or several times in a row, then only later ones. */
function expectOrder(met: readonly Met[]): void {
  const last = new Map<string, number>();
  for (const { destination, document, sequence } of met) {
    const lane = `${document} at ${destination}`;
    expect(sequence, lane).to.be.at.least(last.get(lane) ?? 0);
    last.set(lane, sequence);
  }
}

/**
 * Delivered: it was met and answered with a 2xx. Parked: it was met once for each attempt of the schedule.
 */
function expectTruth({ event, destination, status, reason }: Delivery, met: readonly Met[]): void {
  const attempts = met.filter((one) => one.event === event && one.destination === destination);
  if (status === "delivered") {
    expect(attempts.some((one) => one.status === 200 || one.status === 204)).to.equal(true);
  } else {
    expect({ status, reason }).to.deep.equal({ status: "parked", reason: "schedule_exhausted" });
    expect(attempts.length).to.be.at.least(4);
  }
}
