import type { Clock } from "../domain/clock.ts";
import { type Attempt, decide, type Outcome } from "../domain/delivery.ts";
import type { Lease, Settlement } from "../store/port/queue.ts";
import type { Store } from "../store/store.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import type { LiveState } from "./destination-state.ts";
import type { Observer } from "./observe.ts";
import { retryStoreWrite } from "./retry-store-write.ts";

interface Parts {
  store: Pick<Store, "settle">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
  liveState: Pick<LiveState, "learn" | "release" | "keep">;
  /** Aborted when a stop's grace is over. */
  signal: AbortSignal;
  /** The store has refused to take the answer to this lease so far. */
  refused(lease: Lease): void;
}

interface Execution {
  lease: Lease;
  /** It was let through an open breaker. */
  probe: boolean;
  /** Called when the try is over, before its answer is written down. */
  over(): void;
}

const NO_WORDS = "its format has no words for this event";

/** Carries one delivery from lease to result. False: it was cut off by a stop, untried as far as anybody is told. */
export type Execute = (execution: Execution) => Promise<boolean>;

export function createExecutor(destination: Destination, parts: Parts): Execute {
  const { store, deliver, clock, random, observe, liveState, signal, refused: unwritten } = parts;
  const { name, schedule, parkOn } = destination;

  async function execute({ lease, probe, over }: Execution): Promise<boolean> {
    const { delivery, event } = lease;
    // The destination's format may have been another when the delivery was recorded.
    if (destination.supports?.(event) === false) return parkUnsent(lease, NO_WORDS, { probe, over });
    const replayed = delivery.replayedAfter !== null;
    const attempt = await deliver(destination, event, delivery.attempts + 1, { signal, replayed });
    if (attempt.cause === "unencodable") return parkUnsent(lease, attempt.answer ?? "", { probe, over });
    const cutOff = attempt.cause === "interrupted";
    const outcome = decide(attempt, schedule, random(), delivery.replayedAfter ?? 0, parkOn);
    const failures = cutOff ? 0 : liveState.learn(attempt, outcome, probe);
    // Before the answer is written: a store that groups what one turn asks for fills the slot in the same commit.
    over();
    if (cutOff) return false;
    await conclude(lease, { attempt, outcome, failures, probe });
    await liveState.keep();
    return true;
  }

  /** Nothing was sent, so nothing is learnt of the destination, no try is counted, and the next of the lane may go. */
  async function parkUnsent(
    lease: Lease,
    why: string,
    { probe, over }: Pick<Execution, "probe" | "over">,
  ): Promise<true> {
    liveState.release({ probe });
    over();
    const outcome: Outcome = { status: "parked", reason: "unsupported_by_format" };
    const written = await writeDown(lease, { attempt: null, outcome });
    if (written === "written" || written === "unclear")
      observe.unsupported({ destination: name, delivery: lease.delivery, event: lease.event, why });
    return true;
  }

  interface Result {
    attempt: Attempt;
    outcome: Outcome;
    failures: number;
    probe: boolean;
  }

  async function conclude(lease: Lease, result: Result): Promise<void> {
    const { delivery, event } = lease;
    const { attempt, outcome } = result;
    const written = await writeDown(lease, { attempt, outcome });
    if (written === null) return;
    observe.attempted({ destination: name, delivery, event, ...result });
    if (written !== "written")
      observe.leaseLost({ destination: name, delivery, attempt, outcome, unclear: written === "unclear" });
  }

  /**
   * Null: the stop's grace was over before the store took it; the lease runs out by itself and the delivery is tried once more.
   * `lost`: the lease was no longer ours. `unclear`: neither is it, but the store had failed before, and may have written it all the same.
   */
  async function writeDown(
    lease: Lease,
    result: Pick<Settlement, "attempt" | "outcome">,
  ): Promise<"written" | "lost" | "unclear" | null> {
    const delivery = lease.delivery.id;
    let hasFailed = false;
    const onFailure = (error: unknown, failures: number) => {
      hasFailed = true;
      unwritten(lease);
      observe.settleFailed({ destination: name, delivery, error, failures });
    };
    /** Once more where the lease ended, and was leased to us anew, while the answer was on its way. */
    const settle = async (): Promise<boolean> => {
      const { token } = lease;
      const written = await store.settle({ delivery, token, ...result, at: clock.now() });
      return written || lease.token === token ? written : settle();
    };
    const written = await retryStoreWrite(settle, { clock, signal, onFailure });
    if (written === null) return null;
    if (written) return "written";
    return hasFailed ? "unclear" : "lost";
  }

  return execute;
}
