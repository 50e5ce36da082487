import { expect } from "chai";
import { pino } from "pino";
import type { Attempt, Outcome } from "../src/domain/delivery.ts";
import { observePruning, observeRejections, observeTries } from "../src/observe.ts";
import { createMetrics } from "../src/web/metrics.ts";
import { anEvent } from "./outbound/fixtures.ts";
import { NEW_YEAR } from "./support/builders.ts";
import { createManualClock } from "./support/clock.ts";

const now = () => NEW_YEAR;

/** Where it is said: log lines, and metrics. */
function createWitness() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const metrics = createMetrics({
    version: "0",
    clock: createManualClock(NEW_YEAR),
    backlog: async () => [],
    problems: async () => 0,
    states: () => [],
  });
  return { lines, logger, metrics };
}

describe("what is said of pruning", () => {
  it("is one line a round with counts by table, and a metric at once", async () => {
    const { lines, logger, metrics } = createWitness();
    const observer = observePruning({ logger, metrics, died() {} });
    observer.removed("events", 50);
    observer.removed("events", 20);
    observer.rounded({ events: 70 }, 1_200);
    const msg = "what was kept long enough is removed";
    expect(lines).to.deep.equal([{ level: 30, pruned: { events: 70 }, ms: 1_200, msg }]);
    const { text } = await metrics.scrape();
    expect(text).to.include('countersign_pruned_total{table="events"} 70');
    expect(text).to.include('countersign_pruned_total{table="ids"} 0');
  });

  it("warns when the store is away, and is fatal when the loop died", () => {
    const { lines, logger, metrics } = createWitness();
    let died = 0;
    const observer = observePruning({ logger, metrics, died: () => void died++ });
    observer.away(new Error("the database is away"));
    expect(lines.pop()).to.include({ level: 40, reason: "the database is away" });
    expect(died).to.equal(0);
    observer.died(new TypeError("broken"));
    expect(lines.pop()).to.include({ level: 60 });
    expect(died).to.equal(1);
  });
});

describe("what is said of refused requests that are not kept", () => {
  it("is a line a minute, with how many they were, also after the clock was set back", async () => {
    const { lines, logger, metrics } = createWitness();
    let at = NEW_YEAR;
    const observer = observeRejections({ logger, metrics, now: () => at });
    observer.dropped("queue_full", 1, null);
    observer.dropped("queue_full", 2, null);
    at += 60_000;
    observer.dropped("store_failed", 1, new Error("the store is away"));
    at -= 86_400_000;
    observer.dropped("queue_full", 5, null);
    expect(lines.map(({ count, reason }) => [count, reason])).to.deep.equal([
      [1, "queue_full"],
      [3, "the store is away"],
      [5, "queue_full"],
    ]);
    expect((await metrics.scrape()).text).to.include(
      'countersign_rejections_dropped_total{reason="queue_full"} 8',
    );
  });
});

describe("what is said of tries", () => {
  let lines: Record<string, unknown>[];
  let observer: ReturnType<typeof observeTries>;

  beforeEach(() => {
    const witness = createWitness();
    lines = witness.lines;
    observer = observeTries({ ...witness, now, died() {} });
  });

  const tell = (attempt: Partial<Attempt>, outcome: Outcome, replayedAfter: number | null = null) =>
    observer.attempted({
      destination: "crm",
      delivery: {
        id: "dlv_1",
        event: "evt_1",
        destination: "crm",
        lane: null,
        status: "pending",
        reason: null,
        attempts: 1,
        dueAt: NEW_YEAR,
        replayedAfter,
      },
      event: anEvent({ id: "evt_1" }),
      attempt: {
        number: 2,
        startedAt: NEW_YEAR,
        duration: 12,
        cause: "answered",
        status: 503,
        answer: "secret text",
        retryAfter: 60_000,
        ...attempt,
      },
      outcome,
      failures: 4,
      probe: true,
    });

  it("is one line a try, with every field that decided, and nothing of what was answered", () => {
    tell({}, { status: "pending", dueAt: NEW_YEAR + 60_000 });
    expect(lines).to.deep.equal([
      {
        level: 40,
        destination: "crm",
        delivery: "dlv_1",
        event: "evt_1",
        type: "signer.signed",
        try: 2,
        replayed: false,
        probe: true,
        cause: "answered",
        status: 503,
        ms: 12,
        failures: 4,
        retryAfter: 60_000,
        next: "2026-01-01T00:01:00.000Z",
        msg: "not delivered; it will be tried again",
      },
    ]);
  });

  it("says why a delivery is parked, and which was sent again", () => {
    tell({ status: 410 }, { status: "parked", reason: "gone" }, 1);
    expect(lines[0]).to.include({ reason: "gone", replayed: true, level: 50 });
  });

  it("is one line when a breaker opens and one when it closes, when it is paused and when resumed", () => {
    observer.breakerOpened({ destination: "crm", failures: 10, probeAt: NEW_YEAR + 10_000 });
    observer.breakerClosed({ destination: "crm", failures: 12 });
    observer.paused({ destination: "crm", reason: "moving house" });
    observer.resumed({ destination: "crm" });
    expect(lines.map(({ msg, level, ...fields }) => fields)).to.deep.equal([
      { destination: "crm", failures: 10, probe: "2026-01-01T00:00:10.000Z" },
      { destination: "crm", failures: 12 },
      { destination: "crm", reason: "moving house" },
      { destination: "crm" },
    ]);
  });
});
