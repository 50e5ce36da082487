import pRetry from "p-retry";
import { type Clock, pause } from "../domain/clock.ts";
import { type Attempt, decide } from "../domain/delivery.ts";
import type { Loan, Settlement, Store } from "../store/store.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import type { Observer } from "./observe.ts";

export interface Parts {
  store: Pick<Store, "claim" | "settle" | "giveBack" | "nextDueAt" | "destinations" | "keepDestination">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
}

/** How one destination's courier is. An idle one does not tick: it is woken by a commit or by the next due time. */
export interface CourierHealth {
  destination: string;
  /** False once something threw that nothing here expects: it does no more work, and the process should be restarted. */
  alive: boolean;
  /** Whether it is asking the store for work at this moment. */
  claiming: boolean;
  /** When it last began or ended to ask the store, milliseconds since 1970. */
  lastTickAt: number;
}

/** Carries one destination's deliveries. */
export interface Courier {
  /** There may be something due. Calls of one turn of the event loop, and those while it looks, are one. */
  wake(): void;
  /** Takes on nothing more; what is in flight has `graceMs` to end, then it is cut off and given back untried. */
  stop(graceMs: number): Promise<void>;
  health(): CourierHealth;
}

/** A loan outlives the try by this much, for writing down what came of it. Milliseconds. */
const LOAN_MARGIN = 30_000;
/** Timers are set no further ahead: Node's overflow after 24 days, and a due time that another process moved is seen by then. */
const LONGEST_SLEEP = 3_600_000;
/** When the store says that something is due but lends nothing, another process is at it. Milliseconds. */
const CONTENTION_PAUSE = 1_000;

/** Pauses while the store is away, in milliseconds: ¼, ½, 1, 2, 4, then every 5 seconds. `failures` from 1. */
function storePause(failures: number): number {
  return Math.min(250 * 2 ** (failures - 1), 5_000);
}

export function createCourier(destination: Destination, parts: Parts): Courier {
  const { store, deliver, clock, random, observe } = parts;
  const { name, concurrency, timeout, schedule } = destination;
  const shutdown = new AbortController();
  /** Deliveries that are being tried or written down. */
  const inHand = new Set<Promise<void>>();
  const unfinished: Loan[] = [];

  let state: "idle" | "called" | "claiming" | "resting" | "stopped" | "dead" = "idle";
  let wanted = false;
  let trying = 0;
  let failures = 0;
  let looking: Promise<void> = Promise.resolve();
  let cancelAlarm = () => {};
  let lastTickAt = clock.now();

  /** An answer that is being written down needs no slot; but when they pile up the store is in trouble, and no more are made. */
  const free = () => Math.min(concurrency - trying, 2 * concurrency - inHand.size);

  function wake(): void {
    wanted = true;
    callOn();
  }

  /** On the next turn of the event loop, so that slots that free up together are filled by one claim. */
  function callOn(): void {
    if (state !== "idle" || !wanted || free() === 0) return;
    state = "called";
    setImmediate(() => {
      if (state === "called") looking = look();
    });
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
    lastTickAt = clock.now();
    cancelAlarm();
  }

  function end(next: "idle" | "resting"): void {
    lastTickAt = clock.now();
    if (state === "claiming") state = next;
  }

  async function claim(): Promise<void> {
    const now = clock.now();
    const limit = free();
    const until = now + timeout + LOAN_MARGIN;
    const loans = await store.claim({ destination: name, limit, now, until });
    if (state !== "claiming") return void unfinished.push(...loans);

    for (const loan of loans) take(loan);
    if (loans.length === limit) wanted = true;
    else await setAlarm(loans.length === 0 ? now + CONTENTION_PAUSE : now);
  }

  /** The only clock-driven wake: when the next delivery is due. */
  async function setAlarm(earliest: number): Promise<void> {
    const dueAt = await store.nextDueAt(name);
    if (dueAt === null || state !== "claiming") return;
    const now = clock.now();
    const at = dueAt <= now ? Math.max(dueAt, earliest) : dueAt;
    cancelAlarm = clock.after(Math.min(Math.max(at - now, 0), LONGEST_SLEEP), wake);
  }

  /** The store is away: asking again at every wake would not bring it back sooner. */
  function rest(error: unknown): void {
    if (state !== "resting") return;
    failures += 1;
    const retryIn = storePause(failures);
    cancelAlarm = clock.after(retryIn, () => {
      state = "idle";
      wake();
    });
    observe.claimFailed({ destination: name, error, failures, retryIn });
  }

  function take(loan: Loan): void {
    const work = carry(loan)
      .catch(die)
      .finally(() => {
        inHand.delete(work);
        wake();
      });
    inHand.add(work);
  }

  /** One delivery from loan to result. The next of its lane may be free afterwards, so the courier looks again. */
  async function carry(loan: Loan): Promise<void> {
    const { delivery, event } = loan;
    trying += 1;
    const attempt = await deliver(destination, event, delivery.attempts + 1, shutdown.signal);
    trying -= 1;
    // Before the answer is written: a store that groups what one turn asks for fills the slot in the same commit.
    callOn();
    if (attempt.cause === "interrupted") return void unfinished.push(loan);
    await conclude(loan, attempt);
  }

  async function conclude({ delivery, event, token }: Loan, attempt: Attempt): Promise<void> {
    const outcome = decide(attempt, schedule, random(), delivery.replayedAfter ?? 0);
    const written = await writeDown({ delivery: delivery.id, token, attempt, outcome });
    if (written === null) return;
    observe.attempted({ destination: name, delivery, event, attempt, outcome });
    if (!written) observe.loanLost({ destination: name, delivery, attempt, outcome });
  }

  /**
   * An answer in hand must not be lost: it is written until it is written, or until the stop's grace is over (null), when the
   * loan runs out by itself and the delivery is tried once more. False: the loan was no longer ours.
   */
  async function writeDown(settlement: Omit<Settlement, "at">): Promise<boolean | null> {
    const { delivery } = settlement;
    const write = () => store.settle({ ...settlement, at: clock.now() }).catch(asPlainError);
    try {
      return await pRetry(write, {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 0,
        shouldRetry: () => !shutdown.signal.aborted,
        onFailedAttempt: async ({ error, attemptNumber }) => {
          observe.settleFailed({ destination: name, delivery, error: error.cause, failures: attemptNumber });
          await pause(clock, storePause(attemptNumber), shutdown.signal);
        },
      });
    } catch (error) {
      if (shutdown.signal.aborted) return null;
      throw error;
    }
  }

  function die(error: unknown): void {
    state = "dead";
    cancelAlarm();
    observe.died({ destination: name, error });
  }

  async function stop(graceMs: number): Promise<void> {
    if (state !== "dead") state = "stopped";
    cancelAlarm();
    const cancelGrace = clock.after(graceMs, () => shutdown.abort());
    await looking;
    await Promise.all(inHand);
    cancelGrace();
    await giveBack(unfinished.splice(0));
  }

  /** Should that fail the loans run out by themselves, so it is told and not insisted on. */
  async function giveBack(loans: readonly Loan[]): Promise<void> {
    if (loans.length === 0) return;
    try {
      await store.giveBack(loans, clock.now());
    } catch (error) {
      observe.giveBackFailed({ destination: name, error, loans: loans.length });
    }
  }

  return {
    wake,
    stop,
    health: () => ({
      destination: name,
      alive: state !== "dead",
      claiming: state === "claiming",
      lastTickAt,
    }),
  };
}

/** p-retry gives up on a TypeError, taking it for a mistake of ours; but what a database driver throws must not lose an answer. */
function asPlainError(cause: unknown): never {
  throw new Error("not written", { cause });
}
