import { expect } from "chai";
import type { DestinationState } from "../../src/store/port/control.ts";
import type { ListedDelivery } from "../../src/store/port/reads.ts";
import { viewDelivery } from "../../src/web/delivery-view.ts";
import { NEW_YEAR } from "../support/builders.ts";

const DUE_AT = NEW_YEAR + 300_000;
const PENDING: ListedDelivery = {
  id: "dlv_0_crm",
  event: "evt_0",
  destination: "crm",
  lane: null,
  status: "pending",
  reason: null,
  attempts: 2,
  dueAt: DUE_AT,
  replayedAfter: null,
  recordedAt: NEW_YEAR,
  type: "document.sent",
  source: "lumin",
  leased: false,
  acknowledgedAt: null,
  lastAttempt: { startedAt: NEW_YEAR, cause: "timeout", status: null },
  waitsFor: null,
};

const view = (
  given: Partial<ListedDelivery> = {},
  state: Partial<DestinationState> | null = {},
  now = NEW_YEAR,
) =>
  viewDelivery(
    { ...PENDING, ...given },
    {
      attemptsOf: () => (state === null ? null : 10),
      states: () => (state === null ? [] : [{ name: "crm", paused: null, breaker: null, ...state }]),
      now: () => now,
    },
  );

describe("a delivery in a list", () => {
  it("has the number of attempts of its schedule, which begins again with a replay", () => {
    expect(view()).to.include({ attempts: 2, maxAttempts: 10 });
    expect(view({ attempts: 12, replayedAfter: 10 })).to.include({ attempts: 12, maxAttempts: 20 });
  });

  it("has no such number, and no next attempt, where its destination is not configured", () => {
    expect(view({}, null)).to.include({ maxAttempts: null, nextAttemptAt: null });
  });

  it("has its due time as that of the next attempt, or the probe of an open breaker if that is later", () => {
    const probeAt = (at: number | null) => ({ breaker: { failures: 12, probeAt: at, probes: 1 } });
    expect(view().nextAttemptAt).to.equal(DUE_AT);
    expect(view({}, probeAt(null)).nextAttemptAt).to.equal(DUE_AT);
    expect(view({}, probeAt(DUE_AT - 1)).nextAttemptAt).to.equal(DUE_AT);
    expect(view({}, probeAt(DUE_AT + 1)).nextAttemptAt).to.equal(DUE_AT + 1);
  });

  it("has no next attempt while one is under way, though after a lease that has ended", () => {
    expect(view({ leased: true }).nextAttemptAt).to.equal(null);
    expect(view({ leased: true }, {}, DUE_AT).nextAttemptAt).to.equal(DUE_AT);
  });

  it("has no next attempt while it is held, its destination is paused, or once it is final", () => {
    expect(view({ status: "held", waitsFor: "evt_1" }).nextAttemptAt).to.equal(null);
    expect(view({}, { paused: { at: NEW_YEAR, reason: "moving" } }).nextAttemptAt).to.equal(null);
    expect(view({ status: "parked", reason: "gone", dueAt: null }).nextAttemptAt).to.equal(null);
    expect(view({ status: "delivered", dueAt: null }).nextAttemptAt).to.equal(null);
  });
});
