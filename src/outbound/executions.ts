import type { Clock } from "../domain/clock.ts";
import type { Lease } from "../store/port/queue.ts";
import type { Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";
import { createExecutor, type ExecutorParts } from "./executor.ts";
import type { Observer } from "./observe.ts";
import type { WorkerEvent } from "./worker-state.ts";

/** The leases that a worker holds, from the claim until each is settled or released. */
export interface Executions {
  start(leases: readonly Lease[], probe: boolean): void;
  /** Leases whose attempt is over and whose result is not stored yet. */
  finishing(): readonly Lease[];
  /**
   * The claimed leases to start. A lease that expired while its result was unsettled may be claimed again:
   * the execution in flight then settles with the new token, and nothing is sent twice.
   */
  withoutRenewed(leases: readonly Lease[]): readonly Lease[];
  /** Leases that are not started; `end` releases them. */
  putBack(leases: readonly Lease[]): void;
  /** Resolves when nothing is in flight any more and all leases that were not executed are released. */
  end(): Promise<void>;
}

interface Parts extends Omit<ExecutorParts, "destination" | "store" | "onUnsettled"> {
  store: Pick<Store, "release" | "settle">;
  announce(event: WorkerEvent): void;
}

export function createExecutions(destination: Destination, parts: Parts): Executions {
  const { liveState, clock, announce } = parts;
  const inFlight = new Set<Promise<void>>();
  const finishing = new Set<Lease>();
  const toRelease: Lease[] = [];
  /** Leases whose settling has failed so far, by delivery. */
  const unsettled = new Map<string, Lease>();
  const onUnsettled = (lease: Lease) => void unsettled.set(lease.delivery.id, lease);
  const execute = createExecutor({ ...parts, destination, onUnsettled });

  function run(lease: Lease, probe: boolean): void {
    const onAttemptOver = () => {
      finishing.add(lease);
      announce({ type: "attemptOver" });
    };
    const execution = execute({ lease, probe, onAttemptOver })
      .then((executed) => void (executed || toRelease.push(lease)))
      .catch((error) => announce({ type: "died", error }))
      .finally(() => {
        inFlight.delete(execution);
        if (unsettled.get(lease.delivery.id) === lease) unsettled.delete(lease.delivery.id);
        announce({ type: "executionEnded", wasFinishing: finishing.delete(lease) });
      });
    inFlight.add(execution);
  }

  /** With more attempts than the held lease, this is the next attempt's: the result was stored after all. */
  function renew({ delivery, token }: Lease): boolean {
    const held = unsettled.get(delivery.id);
    if (!held || held.delivery.attempts !== delivery.attempts) return false;
    held.token = token;
    return true;
  }

  const releaseAll = () => release(toRelease.splice(0), destination.name, parts);

  return {
    start(leases, probe) {
      liveState.gate.begin(leases.length, { probe }, clock.now());
      for (const lease of leases) run(lease, probe);
    },
    finishing: () => [...finishing],
    withoutRenewed: (leases) => leases.filter((lease) => !renew(lease)),
    putBack: (leases) => void toRelease.push(...leases),
    async end() {
      // Leases that were claimed too late to start need not wait for the attempts in flight.
      await releaseAll();
      await Promise.all(inFlight);
      await releaseAll();
    },
  };
}

/** Without retries: leases that cannot be released expire by themselves. */
async function release(
  leases: readonly Lease[],
  destination: string,
  { store, clock, observe }: { store: Pick<Store, "release">; clock: Clock; observe: Observer },
): Promise<void> {
  if (leases.length === 0) return;
  try {
    await store.release(leases, clock.now());
  } catch (error) {
    observe.releaseFailed({ destination, error, leases: leases.length });
  }
}
