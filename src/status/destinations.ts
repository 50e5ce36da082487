import type { AttemptTally, DestinationSituation, Parked } from "../concern/situation.ts";
import type { ParkReason } from "../domain/delivery.ts";
import type { Destination } from "../outbound/destination.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Backlog, DeliveryTally } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";

/** What each destination gets, also of those that are no longer configured and have deliveries. */

interface Parts {
  store: Pick<Store, "backlog" | "countUndelivered">;
  destinations: readonly Pick<Destination, "name" | "waitingLimit">[];
  states: readonly DestinationState[];
  tallies: readonly DeliveryTally[];
}

export async function lookAtDestinations(parts: Parts): Promise<DestinationSituation[]> {
  const { store, destinations, states, tallies } = parts;
  const backlog = await store.backlog();
  const parked = await parkedOf(store);
  const names = [destinations, states, backlog.map(({ destination: name }) => ({ name }))].flatMap((list) =>
    list.map(({ name }) => name),
  );
  return [...new Set([...names, ...parked.keys()])].map((name) => {
    const own = tallies.filter(({ destination }) => destination === name);
    return {
      ...waitingOf(backlog.find(({ destination }) => destination === name)),
      ...stateOf(
        states.find((state) => state.name === name),
        own,
      ),
      name,
      waitingLimit: destinations.find((one) => one.name === name)?.waitingLimit ?? null,
      parked: parked.get(name) ?? [],
      tallies: own.map(toTally),
      neverTaken: [],
    };
  });
}

function waitingOf(backlog: Backlog | undefined): Pick<DestinationSituation, "open" | "oldest"> {
  return { open: backlog?.open ?? 0, oldest: backlog?.oldest ?? null };
}

/** A breaker is open since the last delivery that was taken, as far as that is known. */
function stateOf(
  state: DestinationState | undefined,
  tallies: readonly DeliveryTally[],
): Pick<DestinationSituation, "breaker" | "paused"> {
  const paused = state?.paused ?? null;
  const breaker = state?.breaker ?? null;
  if (breaker === null || breaker.probeAt === null) return { breaker: null, paused };
  const taken = tallies.filter(({ outcome }) => outcome === "delivered").map(({ newest }) => newest);
  const failed = tallies.filter(({ outcome }) => outcome === "failed").map(({ hour }) => hour);
  const since = taken.length > 0 ? Math.max(...taken) : Math.min(breaker.probeAt, ...failed);
  return { breaker: { since, failures: breaker.failures, failing: breaker.failing }, paused };
}

function toTally({ hour, outcome, count, newest }: DeliveryTally): AttemptTally {
  return { hour, outcome: outcome === "failed" ? "pending" : outcome, count, newest };
}

/** Pages that are counted, each of as many deliveries as the store looks at for one. */
const MAX_PAGES = 20;

async function parkedOf(store: Parts["store"]): Promise<Map<string, Parked[]>> {
  const counts = new Map<string, Parked & { destination: string }>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next } = await store.countUndelivered(
      ["destination", "reason"],
      { status: "parked" },
      { cursor },
    );
    for (const { destination, reason, count, oldest, newest } of items) {
      if (destination == null || reason == null) continue;
      const known = counts.get(`${destination}/${reason}`);
      counts.set(`${destination}/${reason}`, {
        destination,
        reason: reason as ParkReason,
        count: count + (known?.count ?? 0),
        oldest: Math.min(oldest, known?.oldest ?? oldest),
        newest: Math.max(newest, known?.newest ?? newest),
      });
    }
    if (next === null) break;
    cursor = next;
  }
  const byDestination = Map.groupBy(counts.values(), ({ destination }) => destination);
  return new Map(
    [...byDestination].map(([name, list]) => [name, list.map(({ destination: _, ...one }) => one)]),
  );
}
