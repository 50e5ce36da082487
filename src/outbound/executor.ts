import type { Clock } from "../domain/clock.ts";
import { type Attempt, type Outcome, decide as outcomeOf } from "../domain/delivery.ts";
import type { Follower, Lease } from "../store/port/queue.ts";
import type { Store } from "../store/store.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import type { LiveState } from "./destination-state.ts";
import type { Observer } from "./observe.ts";
import { retryStoreWrite } from "./retry-store-write.ts";
import { type AttemptTrace, type AttemptTracer, NO_ATTEMPT_TRACER } from "./trace.ts";

/** One leased delivery to be executed. */
export interface Execution {
  lease: Lease;
  /** The delivery goes through an open breaker. */
  probe: boolean;
  /** Called when the attempt is over, before its result is stored. */
  onAttemptOver(): void;
}

/** False: a stop interrupted the attempt; nothing is recorded, and the lease is to be released. */
export type Execute = (execution: Execution) => Promise<boolean>;

export interface ExecutorParts {
  destination: Destination;
  store: Pick<Store, "settle">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
  /** Absent: nothing is traced. */
  tracer?: AttemptTracer | undefined;
  liveState: Pick<LiveState, "gate" | "learn" | "save">;
  /** Aborted when a stop's grace is over. */
  signal: AbortSignal;
  /** Called after each attempt to settle this lease that the store refused. */
  onUnsettled(lease: Lease): void;
}

export function createExecutor(parts: ExecutorParts): Execute {
  const { destination, tracer = NO_ATTEMPT_TRACER } = parts;
  return async (given) => {
    const execution = { ...given, trace: tracer.begin({ destination, ...given }) };
    const sent = await post(execution, parts);
    const decision = decide(sent, execution, parts);
    if (sent.kind === "attempt") execution.trace.end(sent.attempt, outcomeIn(decision));
    // Before settling: a store that groups the calls of one turn then fills the slot in the same commit.
    execution.onAttemptOver();
    return settle(decision, execution, parts);
  };
}

/** An execution that is followed. */
interface Traced extends Execution {
  trace: AttemptTrace;
}

/** `followers`: of the lease, those that were in the post. */
type Sent =
  | { kind: "attempt"; attempt: Attempt; followers: readonly Follower[] }
  | { kind: "unsupported"; why: string };

const UNSUPPORTED = "its format has no words for this event";

async function post(
  { lease, trace }: Traced,
  { destination, deliver, signal }: ExecutorParts,
): Promise<Sent> {
  const { delivery, event, traceparent } = lease;
  // The destination may have had another format when the delivery was recorded.
  if (destination.supports?.(event) === false) return { kind: "unsupported", why: UNSUPPORTED };
  const replayed = delivery.replayedAfter !== null;
  const followers = sendable(lease.followers ?? [], destination);
  const options = { signal, replayed, traceparent, trace, followers: followers.map((one) => one.event) };
  const attempt = await deliver(destination, event, delivery.attempts + 1, options);
  if (attempt.cause === "unencodable") return { kind: "unsupported", why: attempt.answer ?? "" };
  return { kind: "attempt", attempt, followers };
}

/** Those before the first that the format does not support: that one is parked in its turn. */
function sendable(followers: readonly Follower[], { supports }: Destination): readonly Follower[] {
  const end = followers.findIndex(({ event }) => supports?.(event) === false);
  return end === -1 ? followers : followers.slice(0, end);
}

type Decision =
  | { kind: "interrupted" }
  /** Nothing was sent: no attempt is counted, and nothing is learned about the receiver. */
  | { kind: "unsupported"; attempt: null; outcome: Outcome; why: string }
  /** `failures` of the destination in a row, with this attempt. */
  | {
      kind: "attempted";
      attempt: Attempt;
      outcome: Outcome;
      failures: number;
      followers: readonly Follower[];
    };

type Recorded = Exclude<Decision, { kind: "interrupted" }>;

function decide(sent: Sent, { lease, probe }: Execution, parts: ExecutorParts): Decision {
  const { destination, random, liveState } = parts;
  if (sent.kind === "unsupported") {
    liveState.gate.release({ probe });
    const outcome: Outcome = { status: "parked", reason: "unsupported_by_format" };
    return { kind: "unsupported", attempt: null, outcome, why: sent.why };
  }
  const { attempt, followers } = sent;
  if (attempt.cause === "interrupted") return { kind: "interrupted" };
  const { schedule, parkOn } = destination;
  const outcome = outcomeOf(attempt, schedule, random(), lease.delivery.replayedAfter ?? 0, parkOn);
  const failures = liveState.learn(attempt, outcome, probe);
  return { kind: "attempted", attempt, outcome, failures, followers };
}

function outcomeIn(decision: Decision): Outcome | null {
  return decision.kind === "interrupted" ? null : decision.outcome;
}

async function settle(decision: Decision, execution: Traced, parts: ExecutorParts): Promise<boolean> {
  if (decision.kind === "interrupted") return false;
  const settled = await settleLease(execution.lease, decision, parts);
  if (settled !== null) report(decision, settled, execution, parts);
  if (decision.kind === "attempted") await parts.liveState.save(parts.signal);
  return true;
}

/**
 * `lost`: the lease was no longer ours, and nothing was stored. `unclear`: the same after a failed write,
 * which may have stored the result. Null: the stop's grace ended first; the lease will expire and the
 * delivery is attempted again.
 */
type Settled = "stored" | "lost" | "unclear" | null;

async function settleLease(
  lease: Lease,
  decision: Recorded,
  { destination: { name }, store, clock, observe, signal, onUnsettled }: ExecutorParts,
): Promise<Settled> {
  const delivery = lease.delivery.id;
  const { attempt, outcome } = decision;
  const followers = decision.kind === "attempted" ? decision.followers.map(({ token }) => token) : [];
  let hasFailed = false;
  const onFailure = (error: unknown, failures: number) => {
    hasFailed = true;
    onUnsettled(lease);
    observe.settleFailed({ destination: name, delivery, error, failures });
  };
  /** Again with the new token if the lease expired and was renewed while the call was on its way. */
  const write = async (): Promise<boolean> => {
    const { token } = lease;
    const stored = await store.settle({ token, attempt, outcome, followers, at: clock.now() });
    return stored || lease.token === token ? stored : write();
  };
  const stored = await retryStoreWrite(write, { clock, signal, onFailure });
  if (stored === null) return null;
  if (stored) return "stored";
  return hasFailed ? "unclear" : "lost";
}

function report(
  decision: Recorded,
  settled: Exclude<Settled, null>,
  { lease: { delivery, event }, probe, trace }: Traced,
  { destination: { name: destination }, observe }: ExecutorParts,
): void {
  if (decision.kind === "unsupported") {
    if (settled !== "lost") observe.unsupported({ destination, delivery, event, why: decision.why });
    return;
  }
  const { attempt, outcome, failures, followers } = decision;
  const ids = trace.ids && { trace: trace.ids };
  for (const one of [{ delivery, event }, ...followers])
    observe.attempted({
      ...{ destination, delivery: one.delivery, event: one.event },
      ...{ attempt, outcome, failures, probe, ...ids },
    });
  if (settled !== "stored")
    observe.leaseLost({ destination, delivery, attempt, outcome, unclear: settled === "unclear" });
}
