import { expect } from "chai";
import { type Breaker, CLOSED } from "../../src/domain/breaker.ts";
import type { Attempt, Delivery } from "../../src/domain/delivery.ts";
import { acceptWhile } from "./receivers.ts";
import { firstArrival, selectAwaited, summarize, wasInFlight } from "./recovery.ts";
import { toTable } from "./report.ts";

const READY_AT = Date.UTC(2026, 0, 1);
const LISTED_AT = READY_AT + 40;
/** The timeout of a destination and 30 s. */
const LEASE_MS = 31_000;

function aPending({ attempts, dueAt }: Pick<Delivery, "attempts" | "dueAt">): Delivery {
  return {
    id: "dlv_1",
    event: "evt_1",
    destination: "crm",
    lane: null,
    status: "pending",
    reason: null,
    attempts,
    dueAt,
    replayedAfter: null,
  };
}

function isAwaited(attempts: number, dueAfter: number, breaker: Breaker | null = null): boolean {
  const deliveries = [aPending({ attempts, dueAt: READY_AT + dueAfter })];
  const destinations = [{ name: "crm", breaker }];
  const awaited = selectAwaited({ readyAt: READY_AT, listedAt: LISTED_AT, deliveries, destinations });
  return awaited.length === 1;
}

describe("the recovery that the crash harness measures", () => {
  it("is about the deliveries that were due, and those that were leased, however often attempted", () => {
    for (const attempts of [0, 1]) {
      expect(isAwaited(attempts, -700), "due").to.equal(true);
      expect(isAwaited(attempts, LEASE_MS - 2_000), "leased by the killed process").to.equal(true);
      expect(isAwaited(attempts, LEASE_MS + 20), "leased since").to.equal(true);
    }
  });

  it("is not about a delivery that waits for the pause after a failed attempt", () => {
    expect(isAwaited(1, 20)).to.equal(false);
    expect(isAwaited(1, 1_000)).to.equal(false);
  });

  it("is not about a delivery that was recorded since, but about one that waits without a failure", () => {
    expect(isAwaited(0, 20)).to.equal(false);
    expect(isAwaited(0, 1_000)).to.equal(true);
  });

  it("is not about deliveries that wait for a pause of the circuit breaker, unless a probe was killed", () => {
    const openUntil = (after: number): Breaker => ({ failures: 10, probeAt: READY_AT + after, probes: 0 });
    expect(isAwaited(0, -700, openUntil(500))).to.equal(false);
    expect(isAwaited(0, -700, openUntil(-10))).to.equal(true);
    expect(isAwaited(0, -700, openUntil(LEASE_MS - 2_000))).to.equal(true);
    expect(isAwaited(0, -700, { ...CLOSED, failures: 3 })).to.equal(true);
  });

  it("leaves out a delivery whose attempt at another node began before the kill and ended later", () => {
    const killedAt = READY_AT - 600;
    const attempt = (number: number, startedAt: number): Attempt => ({
      number,
      startedAt,
      duration: 1_000,
      cause: "timeout",
      status: null,
      answer: null,
      retryAfter: null,
    });
    const delivery = aPending({ attempts: 1, dueAt: READY_AT + LEASE_MS });
    const first = attempt(1, killedAt - 5_000);
    expect(wasInFlight(delivery, [first, attempt(2, killedAt - 100)], killedAt)).to.equal(true);
    expect(wasInFlight(delivery, [first, attempt(2, READY_AT + 10)], killedAt)).to.equal(false);
    expect(wasInFlight(delivery, [first], killedAt)).to.equal(false);
  });

  it("takes the first arrival since the kill, at the receiver of the delivery", () => {
    const arrival = (moments: number[]) => ({
      ...{ id: "evt_1", document: null, sequence: null, digest: "", accepted: true },
      moments,
    });
    const receivers = [
      { name: "archive", arrivals: new Map([["evt_1", arrival([110])]]) },
      { name: "crm", arrivals: new Map([["evt_1", arrival([80, 120, 130])]]) },
    ];
    const delivery = aPending({ attempts: 0, dueAt: READY_AT });
    expect(firstArrival(delivery, receivers, 100)).to.equal(120);
    expect(firstArrival(delivery, receivers, 130)).to.equal(null);
    expect(firstArrival({ ...delivery, event: "evt_2" }, receivers, 100)).to.equal(null);
  });

  it("is the median, the 99th percentile and the longest of all times", () => {
    const times = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect(summarize(times)).to.deep.equal({ measured: 200, p50: 100, p99: 198, longest: 200 });
    expect(summarize([])).to.deep.equal({ measured: 0, p50: null, p99: null, longest: null });
  });

  it("is shown in seconds in the table, or with a dash where nothing was measured", () => {
    const line = { verdict: null, skipped: null, kills: 3, slowest: 900 };
    const lines = [
      { ...line, name: "sqlite", recovery: summarize([40, 31_000]) },
      { ...line, name: "lowdb", recovery: summarize([]) },
    ];
    const [heading, sqlite, lowdb] = toTable(lines).split("\n");
    expect(heading).to.match(/ {2}slowest start {2}measured {2}first attempt p99 {2}longest$/);
    expect(sqlite).to.match(/ 0\.90 s +2 +31\.00 s +31\.00 s$/);
    expect(lowdb).to.match(/ 0\.90 s +0 +– +–$/);
  });
});

describe("the receivers of the crash harness", () => {
  it("accept everything while they are reliable, and are as before afterwards", () => {
    let isReliable = false;
    const treat = acceptWhile(
      () => isReliable,
      () => "refuse",
    );
    expect(treat(1)).to.equal("refuse");
    isReliable = true;
    expect(treat(2)).to.equal("accept");
    isReliable = false;
    expect(treat(3)).to.equal("refuse");
  });
});
