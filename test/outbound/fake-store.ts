import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import { deliveryId } from "../../src/domain/identity.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import type { Lease, Settlement } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { anEvent } from "./fixtures.ts";

type Claim = Parameters<Store["claim"]>[0];
type Method = "bringForward" | "claim" | "settle" | "release" | "nextDueAt" | "saveDestination";
const NONE: Record<Method, number> = {
  bringForward: 0,
  claim: 0,
  settle: 0,
  release: 0,
  nextDueAt: 0,
  saveDestination: 0,
};
interface Row {
  delivery: Delivery;
  event: Event;
  token: string;
}

/** As much of a store as the dispatcher needs, in memory: it counts its calls, and fails or waits when a test says so. */
export class FakeStore implements Pick<Store, Method> {
  readonly calls: Record<Method, number> = { ...NONE };
  /** The next so many calls fail. */
  readonly failing: Record<Method, number> = { ...NONE };
  /** What failing calls throw. */
  fault: () => Error = () => new Error("the database is away");
  readonly settled: Settlement[] = [];
  readonly claims: Claim[] = [];
  /** Whether what is not due yet counts as recorded while the clock was ahead. */
  broughtForward = false;
  /** What is kept of destinations, by name. */
  readonly kept = new Map<string, DestinationState>();
  #rows: Row[] = [];
  #tokens = 0;
  #gate: Promise<void> = Promise.resolve();
  #keeping: Promise<void> = Promise.resolve();

  /** Adds a delivery, due at `dueAt`; of a lane that has an open one it is held. */
  add(
    name: string,
    dueAt: number,
    { destination = "crm", lane = null as string | null, replayedAfter = null as number | null } = {},
  ): Delivery {
    const event = anEvent({ id: `evt_${name.padStart(26, "0")}` });
    const held =
      lane !== null && this.#rows.some(({ delivery }) => delivery.lane === lane && delivery.dueAt !== null);
    const delivery: Delivery = {
      id: deliveryId(event.id, destination),
      event: event.id,
      destination,
      lane,
      status: held ? "held" : "pending",
      reason: null,
      attempts: replayedAfter ?? 0,
      dueAt,
      replayedAfter,
    };
    this.#rows.push({ delivery, event, token: "" });
    return delivery;
  }

  /** Claims wait until the function returned is called. */
  holdClaims(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  /** The same of what is kept of destinations. */
  holdKeeping(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#keeping = promise;
    return resolve;
  }

  /** Somebody else takes over every lease that is out. */
  stealLeases(): void {
    for (const row of this.#rows) row.token = "stolen";
  }

  get deliveries(): readonly Delivery[] {
    return this.#rows.map(({ delivery }) => delivery);
  }

  async claim(request: Claim): Promise<readonly Lease[]> {
    this.#begin("claim");
    this.claims.push(request);
    const due = this.#rows.filter(({ delivery }) => isDue(delivery, request)).slice(0, request.limit);
    const leases = due.map((row) => {
      const before = row.delivery;
      row.delivery = { ...before, dueAt: request.until };
      this.#tokens += 1;
      row.token = String(this.#tokens);
      return { delivery: before, event: row.event, token: row.token };
    });
    await this.#gate;
    return leases;
  }

  async settle(settlement: Settlement): Promise<boolean> {
    this.#begin("settle");
    const row = this.#rows.find(({ delivery }) => delivery.id === settlement.delivery);
    if (!row || row.token !== settlement.token) return false;
    this.settled.push(settlement);
    row.delivery = after(row.delivery, settlement);
    row.token = "";
    if (row.delivery.dueAt === null) this.#releaseLane(row.delivery.lane);
    return true;
  }

  async bringForward(request: { destination: string; now: number; seen?: boolean }): Promise<number> {
    const { destination, now, seen = true } = request;
    this.#begin("bringForward");
    this.setBackSeen.push(seen);
    // Whatever a test adds is as if it had been recorded when it is due.
    const early = this.broughtForward
      ? this.#rows.filter(
          ({ delivery }) => delivery.destination === destination && (delivery.dueAt ?? 0) > now,
        )
      : [];
    for (const { delivery } of early) delivery.dueAt = now;
    return early.length;
  }

  /** Of each call of `bringForward`, whether the clock was seen to go back. */
  readonly setBackSeen: boolean[] = [];

  async release(leases: readonly Lease[], now: number): Promise<void> {
    this.#begin("release");
    for (const lease of leases) {
      const row = this.#rows.find(({ token }) => token === lease.token);
      if (row) row.delivery = { ...row.delivery, dueAt: now };
    }
  }

  async nextDueAt(destination: string): Promise<number | null> {
    this.#begin("nextDueAt");
    const waiting = this.deliveries.filter(
      (one) => one.destination === destination && one.status === "pending",
    );
    return waiting.reduce<number | null>(
      (first, { dueAt }) => Math.min(first ?? Infinity, dueAt ?? Infinity),
      null,
    );
  }

  async saveDestination(...[name, state]: Parameters<Store["saveDestination"]>): Promise<void> {
    this.#begin("saveDestination");
    const before = this.kept.get(name) ?? { name, paused: null, breaker: null };
    this.kept.set(name, { ...before, ...state });
    await this.#keeping;
  }

  #begin(method: Method): void {
    this.calls[method] += 1;
    if (this.failing[method] === 0) return;
    this.failing[method] -= 1;
    throw this.fault();
  }

  #releaseLane(lane: string | null): void {
    const next = this.#rows.find(({ delivery }) => delivery.status === "held" && delivery.lane === lane);
    if (next) next.delivery = { ...next.delivery, status: "pending" };
  }
}

function isDue(delivery: Delivery, { destination, now }: { destination: string; now: number }): boolean {
  const { status, dueAt } = delivery;
  return delivery.destination === destination && status === "pending" && dueAt !== null && dueAt <= now;
}

function after(delivery: Delivery, { attempt, outcome }: Settlement): Delivery {
  const attempts = delivery.attempts + (attempt ? 1 : 0);
  if (outcome.status === "pending") return { ...delivery, attempts, dueAt: outcome.dueAt };
  const reason = outcome.status === "parked" ? outcome.reason : null;
  return { ...delivery, attempts, status: outcome.status, reason, dueAt: null };
}
