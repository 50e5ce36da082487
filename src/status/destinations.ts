import { setImmediate } from "node:timers/promises";
import type { AttemptTally, DestinationSituation, NeverTaken, Parked } from "../concern/situation.ts";
import type { ParkReason } from "../domain/delivery.ts";
import type { EventType } from "../domain/event.ts";
import { deliveryId } from "../domain/identity.ts";
import type { Destination } from "../outbound/destination.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Backlog, DeliveryTally, ListedDelivery } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { newestOf } from "./pages.ts";

/** What each destination gets, also of those that are no longer configured and have deliveries. */

interface Parts {
  store: Pick<Store, "backlog" | "countUndelivered" | "findDeliveries" | "findDelivery" | "findEvents">;
  destinations: readonly Pick<Destination, "name" | "waitingLimit">[];
  states: readonly DestinationState[];
  tallies: readonly DeliveryTally[];
}

export async function lookAtDestinations(parts: Parts): Promise<DestinationSituation[]> {
  const { store, destinations, states, tallies } = parts;
  const backlog = new Map((await store.backlog()).map((one) => [one.destination, one]));
  const parked = await parkedOf(store);
  const configured = new Map(destinations.map((one) => [one.name, one]));
  const talliesOf = Map.groupBy(tallies, ({ destination }) => destination);
  const names = [
    ...configured.keys(),
    ...states.map(({ name }) => name),
    ...backlog.keys(),
    ...parked.keys(),
  ];
  const looked: DestinationSituation[] = [];
  for (const name of new Set(names)) {
    const own = talliesOf.get(name) ?? [];
    const waits = waitingOf(backlog.get(name));
    const state = states.find((one) => one.name === name);
    const isFailing = waits.open > 0 || parked.has(name);
    looked.push({
      ...{ ...waits, ...stateOf(state, own), name },
      waitingLimit: configured.get(name)?.waitingLimit ?? null,
      parked: parked.get(name) ?? [],
      tallies: own.map(toTally),
      neverTaken: isFailing && configured.has(name) ? await neverTakenBy(name, store) : [],
    });
  }
  return looked;
}

function waitingOf(backlog: Backlog | undefined): Pick<DestinationSituation, "open" | "oldest"> {
  return { open: backlog?.open ?? 0, oldest: backlog?.oldest ?? null };
}

/** Where an earlier version opened the breaker, it is open since the last delivery that was taken. */
function stateOf(
  state: DestinationState | undefined,
  tallies: readonly DeliveryTally[],
): Pick<DestinationSituation, "breaker" | "paused"> {
  const paused = state?.paused ?? null;
  const breaker = state?.breaker ?? null;
  if (breaker === null || breaker.probeAt === null) return { breaker: null, paused };
  const taken = tallies.filter(({ outcome }) => outcome === "delivered").map(({ newest }) => newest);
  const { openedAt, failures, failing } = breaker;
  const since = openedAt ?? Math.max(0, ...taken);
  return { breaker: { since: since || breaker.probeAt, failures, failing }, paused };
}

function toTally({ hour, outcome, count, newest }: DeliveryTally): AttemptTally {
  return { hour, outcome: outcome === "failed" ? "pending" : outcome, count, newest };
}

/** Pages that are counted, each of as many deliveries as the store looks at for one. */
const MAX_PAGES = 20;

async function parkedOf(store: Parts["store"]): Promise<ReadonlyMap<string, Parked[]>> {
  const counts = new Map<string, { destination: string; reason: ParkReason; count: number }>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await store.countUndelivered(
      ["destination", "reason"],
      { status: "parked" },
      { cursor },
    );
    for (const { destination, reason, count } of items) {
      if (destination == null || reason == null) continue;
      const key = `${destination}/${reason}`;
      const known = counts.get(key)?.count ?? 0;
      counts.set(key, { destination, reason: reason as ParkReason, count: known + count });
    }
    if (next === null) break;
    cursor = next;
    await setImmediate();
  }
  const found = new Map<string, Parked[]>();
  for (const { destination, reason, count } of counts.values()) {
    const whenOf = (order: "oldest" | "newest") =>
      store.findDeliveries({ destination, status: "parked", reason }, { limit: 1, order });
    const [oldest, newest] = [
      parkedAt((await whenOf("oldest")).items),
      parkedAt((await whenOf("newest")).items),
    ];
    // The first recorded need not be the first that was parked.
    const [first, last] = [Math.min(oldest, newest), Math.max(oldest, newest)];
    found.set(destination, [
      ...(found.get(destination) ?? []),
      { reason, count, oldest: first, newest: last },
    ]);
  }
  return found;
}

/** With its last attempt, or when it was recorded where it was parked without one. */
function parkedAt([delivery]: readonly ListedDelivery[]): number {
  return delivery?.lastAttempt?.startedAt ?? delivery?.recordedAt ?? 0;
}

/** Of the deliveries of a destination that fail, and of the events of a type. */
const MAX_FAILING = 500;
const MAX_EVENTS = 100;

/** The types that fail, and of whose newest events none was taken. */
async function neverTakenBy(destination: string, store: Parts["store"]): Promise<NeverTaken[]> {
  const open = await newestOf(
    (page) => store.findDeliveries({ destination, undelivered: true }, page),
    MAX_FAILING,
    2,
  );
  const failing = open.filter(({ attempts, lastAttempt }) => attempts > 0 && lastAttempt !== null);
  const found: NeverTaken[] = [];
  for (const [type, some] of Map.groupBy(failing, (one) => one.type)) {
    if (await isTaken(type, destination, store)) continue;
    found.push({
      type,
      attempts: some.reduce((sum, { attempts }) => sum + attempts, 0),
      since: Math.min(...some.map(({ recordedAt }) => recordedAt)),
      newest: Math.max(...some.map(({ lastAttempt }) => lastAttempt?.startedAt ?? 0)),
    });
  }
  return found;
}

async function isTaken(type: EventType, destination: string, store: Parts["store"]): Promise<boolean> {
  const { items } = await store.findEvents({ type }, { limit: MAX_EVENTS, order: "newest" });
  for (const { id } of items) {
    const delivery = await store.findDelivery(deliveryId(id, destination));
    if (delivery?.status === "delivered") return true;
  }
  return false;
}
