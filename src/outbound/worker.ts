import type { Clock } from "../domain/clock.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Lease } from "../store/port/queue.ts";
import type { Store } from "../store/store.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import { createLiveState } from "./destination-state.ts";
import { createExecutor } from "./executor.ts";
import type { SavedState } from "./gate.ts";
import { leaseRequest, longestWait } from "./lease.ts";
import type { Observer } from "./observe.ts";
import { storeBackoff } from "./retry-store-write.ts";
import { createWakeTimer } from "./wake-timer.ts";

export interface WorkerParts {
  store: Pick<Store, "bringForward" | "claim" | "settle" | "release" | "nextDueAt" | "saveDestination">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
  /** Other nodes may send to the same destinations: where there is a rate nothing begins before it is told how many share it. */
  shared?: boolean;
  /** When a worker of this process last saw the clock, by destination; absent at a start: then how it was before is not known. */
  seenAt?(destination: string): number | null;
}

/** How one destination's worker is. An idle one does not tick: it is woken by a commit or by the next due time. */
export interface WorkerHealth {
  destination: string;
  /** False once something threw that nothing here expects: it does no more work, and the process should be restarted. */
  alive: boolean;
  /** Whether it is asking the store for work at this moment. */
  claiming: boolean;
  /** When it last began or ended to ask the store, milliseconds since 1970. */
  lastTickAt: number;
}

/** Carries one destination's deliveries. */
export interface DestinationWorker {
  /** There may be something due. Calls of one turn of the event loop, and those while it looks, are one. */
  wake(): void;
  /** Claims nothing more, at once; what is in flight ends. Rejects when that cannot be kept over a restart. */
  pause(reason: string): Promise<void>;
  /** The same. @throws CountersignError `bad_request` when it is the configuration that pauses the destination. */
  resume(): Promise<void>;
  /** What is kept of the destination by now counts from now on, whoever kept it. */
  applyState(kept: SavedState): void;
  /** So many nodes divide the destination's rate from now on. */
  setNodeCount(nodes: number): void;
  /** Takes on nothing more; what is in flight has `graceMs` to end, then it is cut off and given back untried. */
  stop(graceMs: number): Promise<void>;
  health(): WorkerHealth;
  state(): DestinationState;
}

/** When the store says that something is due but leases nothing, another node is at it or has all the room. Milliseconds. */
const CONTENTION_PAUSE_MS = 1_000;

/** A clock that is corrected moves by less than this; milliseconds. */
const MAX_CORRECTION_MS = 60_000;

export function createDestinationWorker(
  destination: Destination,
  kept: SavedState,
  parts: WorkerParts,
): DestinationWorker {
  const { store, clock, observe } = parts;
  const { name, concurrency } = destination;
  const shutdown = new AbortController();
  const { signal } = shutdown;
  const liveState = createLiveState(destination, kept, { ...parts, signal, turned: wake });
  /** Leases whose answer the store has refused to take so far, by delivery. */
  const unwritten = new Map<string, Lease>();
  const carry = createExecutor(destination, {
    ...parts,
    liveState,
    signal,
    refused: (lease) => unwritten.set(lease.delivery.id, lease),
  });
  const wakeTimer = createWakeTimer(clock, ring);
  /** Deliveries that are being tried or written down. */
  const inHand = new Set<Promise<void>>();
  /** Those of them whose try is over. */
  const tried = new Set<Lease>();
  const untried: Lease[] = [];

  let state: "idle" | "called" | "claiming" | "resting" | "stopped" | "dead" = "idle";
  let wanted = false;
  let failures = 0;
  let looking: Promise<void> = Promise.resolve();
  const seenAt = parts.seenAt?.(name) ?? null;
  let lastTickAt = seenAt ?? clock.now();
  /** Whether due times may be of a clock that was ahead: how it was before the start is not known. */
  let setBack: "no" | "maybe" | "seen" = seenAt === null ? "maybe" : "no";

  /** An answer that is being written down needs no slot; but when they pile up the store is in trouble, and no more are made. */
  const free = () => Math.min(concurrency + tried.size, 2 * concurrency) - inHand.size;

  function wake(): void {
    wanted = true;
    callOn();
  }

  function ring(): void {
    if (state === "resting") state = "idle";
    wake();
  }

  /** On the next turn of the event loop, so that slots that free up together are filled by one claim. */
  function callOn(): void {
    if (state !== "idle" || !wanted || free() === 0) return;
    const { count, retryAt } = liveState.ask();
    if (count > 0) {
      state = "called";
      setImmediate(() => {
        if (state === "called") looking = look();
      });
    } else if (retryAt === null) wakeTimer.off();
    else wakeTimer.set(retryAt);
  }

  async function look(): Promise<void> {
    begin();
    try {
      await claim();
      failures = 0;
      end("idle");
    } catch (error) {
      end("resting");
      rest(error);
    }
    callOn();
  }

  function begin(): void {
    state = "claiming";
    wanted = false;
    if (lastTickAt - clock.now() > MAX_CORRECTION_MS) setBack = "seen";
    lastTickAt = clock.now();
    wakeTimer.off();
  }

  function end(next: "idle" | "resting"): void {
    lastTickAt = clock.now();
    if (state === "claiming") state = next;
  }

  async function claim(): Promise<void> {
    const now = clock.now();
    if (setBack !== "no") await bringForward(now, setBack === "seen");
    const leave = liveState.ask();
    const limit = Math.min(free(), leave.count);
    wanted = limit === 0;
    if (wanted) return;
    const { probe } = leave;
    const leases = await store.claim(leaseRequest(destination, { now, limit, probe, finished: [...tried] }));
    const fresh = leases.filter((lease) => !renew(lease));
    if (state !== "claiming") return void untried.push(...fresh);

    liveState.begin(fresh.length, leave);
    for (const lease of fresh) take(lease, probe);
    if (leases.length === limit) wanted = true;
    else await waitForNext(leases.length === 0 ? now + CONTENTION_PAUSE_MS : now);
  }

  /** What waits for a time that the clock showed before it was set back would wait for as long as that. */
  async function bringForward(now: number, seen: boolean): Promise<void> {
    const count = await store.bringForward({ destination: name, now, lease: longestWait(destination), seen });
    setBack = "no";
    if (count > 0) observe.broughtForward({ destination: name, count });
  }

  /** The only clock-driven look at the store: when the next delivery is due. */
  async function waitForNext(earliest: number): Promise<void> {
    const dueAt = await store.nextDueAt(name);
    if (dueAt === null || state !== "claiming") return;
    wakeTimer.set(dueAt <= clock.now() ? Math.max(dueAt, earliest) : dueAt);
  }

  /** The store is away: asking again at every wake would not bring it back sooner. */
  function rest(error: unknown): void {
    if (state !== "resting") return;
    failures += 1;
    const retryIn = storeBackoff(failures);
    wakeTimer.set(clock.now() + retryIn);
    observe.claimFailed({ destination: name, error, failures, retryIn });
  }

  /**
   * A lease that ended before its answer could be written down goes on with the new one's token: it is not tried again. Where the
   * store counts the try, the answer was written after all, and this is the next try's lease.
   */
  function renew({ delivery, token }: Lease): boolean {
    const held = unwritten.get(delivery.id);
    if (!held) return false;
    const same = held.delivery.attempts === delivery.attempts;
    if (same) held.token = token;
    return same;
  }

  /** The next of its lane may be free once it is done, so the worker looks again. */
  function take(lease: Lease, probe: boolean): void {
    const freeSlot = () => {
      tried.add(lease);
      callOn();
    };
    const work = carry({ lease, probe, over: freeSlot })
      .then((done) => void (done || untried.push(lease)))
      .catch(die)
      .finally(() => {
        inHand.delete(work);
        tried.delete(lease);
        if (unwritten.get(lease.delivery.id) === lease) unwritten.delete(lease.delivery.id);
        wake();
      });
    inHand.add(work);
  }

  function die(error: unknown): void {
    state = "dead";
    wakeTimer.off();
    observe.died({ destination: name, error });
  }

  async function stop(graceMs: number): Promise<void> {
    if (state !== "dead") state = "stopped";
    wakeTimer.off();
    const cancelGrace = clock.after(graceMs, () => shutdown.abort());
    await looking;
    // What was leased too late to be begun need not wait for what is in flight.
    await release(untried.splice(0));
    await Promise.all(inHand);
    cancelGrace();
    await release(untried.splice(0));
  }

  /** Should that fail the leases run out by themselves, so it is told and not insisted on. */
  async function release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    try {
      await store.release(leases, clock.now());
    } catch (error) {
      observe.releaseFailed({ destination: name, error, leases: leases.length });
    }
  }

  return {
    wake,
    pause: (reason) => liveState.pause(reason),
    resume() {
      const resumed = liveState.resume();
      wake();
      return resumed.finally(wake);
    },
    applyState: liveState.applyState,
    setNodeCount(nodes) {
      liveState.setNodeCount(nodes);
      callOn();
    },
    stop,
    health: () => ({
      destination: name,
      alive: state !== "dead",
      claiming: state === "claiming",
      lastTickAt,
    }),
    state: liveState.state,
  };
}
