import { expect } from "chai";
import type { Attempt, Outcome } from "../../src/domain/delivery.ts";
import { anEvent } from "../outbound/fixtures.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createWitness } from "./witness.ts";

const DELIVERY = {
  id: "dlv_1",
  event: "evt_1",
  destination: "crm",
  lane: null,
  status: "pending",
  reason: null,
  attempts: 1,
  dueAt: NEW_YEAR,
  replayedAfter: null,
} as const;

describe("the observer of deliveries", () => {
  let witness: ReturnType<typeof createWitness>;
  beforeEach(() => {
    witness = createWitness();
  });

  const attempt = (given: Partial<Attempt>, outcome: Outcome, replayedAfter: number | null = null) =>
    witness.observers.deliveries.attempted({
      destination: "crm",
      delivery: { ...DELIVERY, replayedAfter },
      event: anEvent({ id: "evt_1" }),
      attempt: {
        number: 2,
        startedAt: NEW_YEAR,
        duration: 12,
        cause: "answered",
        status: 503,
        answer: "secret text",
        retryAfter: 60_000,
        ...given,
      },
      outcome,
      failures: 4,
      probe: true,
    });

  it("logs one line for an attempt with its fields, and nothing of the answer's body", () => {
    attempt({}, { status: "pending", dueAt: NEW_YEAR + 60_000 });
    expect(witness.lines).to.deep.equal([
      {
        level: 40,
        event: "delivery.failed",
        destination: "crm",
        deliveryId: "dlv_1",
        eventId: "evt_1",
        type: "signer.signed",
        attempt: 2,
        replayed: false,
        probe: true,
        cause: "answered",
        status: 503,
        durationMs: 12,
        failures: 4,
        retryAfterMs: 60_000,
        nextAttemptAt: "2026-01-01T00:01:00.000Z",
        msg: "attempt failed; retry scheduled",
      },
    ]);
  });

  it("logs the reason of a parked delivery and whether it was replayed, and counts it", async () => {
    attempt({ status: 410 }, { status: "parked", reason: "gone" }, 1);
    expect(witness.lines[0]).to.include({
      event: "delivery.parked",
      reason: "gone",
      replayed: true,
      level: 50,
    });
    const metrics = await witness.scrape();
    expect(metrics).to.include('countersign_deliveries_parked_total{destination="crm",reason="gone"} 1');
    expect(metrics).to.include('countersign_delivery_attempts_total{destination="crm",outcome="parked"} 1');
  });

  it("logs a delivery, and counts its delay since the receipt", async () => {
    witness.advance(2_000);
    attempt({ status: 204 }, { status: "delivered" });
    expect(witness.lines[0]).to.include({ event: "delivery.delivered", status: 204, level: 30 });
    expect(await witness.scrape()).to.include(
      'countersign_event_lag_seconds_sum{source="legalesign",stage="bridge"} 2',
    );
  });

  it("logs an event that the format cannot express, with both reasons, and counts it as parked", async () => {
    const event = anEvent({ id: "evt_1" });
    witness.observers.deliveries.unsupported({
      destination: "crm",
      delivery: DELIVERY,
      event,
      why: "no words",
    });
    expect(witness.lines[0]).to.include({
      event: "delivery.unsupported",
      eventId: "evt_1",
      reason: "unsupported_by_format",
      detail: "no words",
    });
    expect(await witness.scrape()).to.include('reason="unsupported_by_format"} 1');
  });

  it("logs every change of a destination's state", () => {
    const { deliveries } = witness.observers;
    deliveries.breakerOpened({ destination: "crm", failures: 10, probeAt: NEW_YEAR + 10_000 });
    deliveries.breakerClosed({ destination: "crm", failures: 12 });
    deliveries.paused({ destination: "crm", reason: "moving house" });
    deliveries.resumed({ destination: "crm" });
    deliveries.broughtForward({ destination: "crm", count: 3 });
    expect(witness.lines.map(({ msg, level, destination, ...fields }) => fields)).to.deep.equal([
      { event: "breaker.opened", failures: 10, probeAt: "2026-01-01T00:00:10.000Z" },
      { event: "breaker.closed", failures: 12 },
      { event: "destination.paused", reason: "moving house" },
      { event: "destination.resumed" },
      { event: "deliveries.brought_forward", deliveries: 3 },
    ]);
  });

  it("logs failed writes to the store, with their reason", () => {
    const { deliveries } = witness.observers;
    const failure = { destination: "crm", error: new Error("the disk is full"), failures: 2 };
    deliveries.claimFailed({ ...failure, retryIn: 500 });
    deliveries.settleFailed({ ...failure, delivery: "dlv_1" });
    deliveries.keepFailed(failure);
    deliveries.releaseFailed({ ...failure, leases: 7 });
    expect(witness.lines.map(({ msg, level, destination, ...fields }) => fields)).to.deep.equal([
      { event: "claim.failed", failures: 2, retryInMs: 500, reason: "the disk is full" },
      { event: "settle.failed", deliveryId: "dlv_1", failures: 2, reason: "the disk is full" },
      { event: "state.unsaved", failures: 2, reason: "the disk is full" },
      { event: "release.failed", leases: 7, reason: "the disk is full" },
    ]);
  });

  it("distinguishes an expired lease from a result that may be stored", () => {
    const lost = {
      destination: "crm",
      delivery: DELIVERY,
      outcome: { status: "delivered" },
      attempt: {
        number: 1,
        startedAt: NEW_YEAR,
        duration: 1,
        cause: "answered",
        status: 200,
        answer: null,
        retryAfter: null,
      },
    } as const;
    for (const unclear of [false, true]) witness.observers.deliveries.leaseLost({ ...lost, unclear });
    expect(witness.lines.map(({ event, deliveryId }) => [event, deliveryId])).to.deep.equal([
      ["lease.expired", "dlv_1"],
      ["result.unconfirmed", "dlv_1"],
    ]);
  });

  it("logs a dead worker as fatal, with the error", () => {
    witness.observers.deliveries.died({ destination: "crm", error: new TypeError("broken") });
    const [line] = witness.lines;
    expect(line).to.include({ level: 60, event: "worker.died", destination: "crm" });
    expect(line?.err).to.include({ type: "TypeError", message: "broken" });
  });
});
