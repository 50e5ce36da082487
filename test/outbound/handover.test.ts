import { expect } from "chai";
import { withHandover } from "../../src/outbound/handover.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { NEW_YEAR } from "../support/builders.ts";

const PAUSED = { at: NEW_YEAR, reason: "moving house" };

/** The store of a dispatcher, and what its successor was notified of once there is one. */
function handedOver(isReplaced: boolean, given: Partial<Store> = {}) {
  const store = openSqliteStore({ file: ":memory:", token: () => "token" });
  let woken = 0;
  const applied: (readonly DestinationState[])[] = [];
  const successor = {
    wake: () => {
      woken += 1;
    },
    applyStates: (states: readonly DestinationState[]) => void applied.push(states),
  };
  const handover = withHandover({ ...store, ...given }, () => (isReplaced ? successor : null));
  const settle = () =>
    handover.settle({
      token: "token",
      attempt: null,
      outcome: { status: "delivered" },
      at: NEW_YEAR,
    });
  return { store, handover, settle, woken: () => woken, applied };
}

describe("the store of a dispatcher that a reload may replace", () => {
  it("wakes the successor for each delivery that is settled or released", async () => {
    const { handover, settle, woken } = handedOver(true);
    await settle();
    expect(woken()).to.equal(1);
    await handover.release([], NEW_YEAR);
    expect(woken()).to.equal(2);
  });

  it("gives the successor all saved states when one is saved", async () => {
    const { handover, applied } = handedOver(true);
    await handover.saveDestination("crm", { paused: PAUSED });
    expect(applied).to.deep.equal([[{ name: "crm", paused: PAUSED, breaker: null }]]);
  });

  it("saves a state although it cannot be read back", async () => {
    const destinations = () => Promise.reject(new Error("away"));
    const { store, handover, applied } = handedOver(true, { destinations });
    await handover.saveDestination("crm", { paused: PAUSED });
    expect(await store.destinations()).to.have.length(1);
    expect(applied).to.deep.equal([]);
  });

  it("notifies nothing before there is a successor", async () => {
    const { store, handover, settle, woken, applied } = handedOver(false);
    await settle();
    await handover.release([], NEW_YEAR);
    await handover.saveDestination("crm", { paused: PAUSED });
    expect([woken(), applied]).to.deep.equal([0, []]);
    expect(await store.destinations()).to.have.length(1);
  });
});
