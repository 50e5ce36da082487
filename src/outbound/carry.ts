import type { Clock } from "../domain/clock.ts";
import { type Attempt, decide, type Outcome } from "../domain/delivery.ts";
import type { Loan, Settlement, Store } from "../store/store.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import { insist } from "./insist.ts";
import type { Observer } from "./observe.ts";
import type { Standing } from "./standing.ts";

interface Parts {
  store: Pick<Store, "settle">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
  standing: Pick<Standing, "learn" | "release" | "keep">;
  /** Aborted when a stop's grace is over. */
  signal: AbortSignal;
  /** The store has refused to take the answer to this loan so far. */
  refused(loan: Loan): void;
}

interface Errand {
  loan: Loan;
  /** It was let through an open breaker. */
  probe: boolean;
  /** Called when the try is over, before its answer is written down. */
  over(): void;
}

const NO_WORDS = "its format has no words for this event";

/** Carries one delivery from loan to result. False: it was cut off by a stop, untried as far as anybody is told. */
export type Carry = (errand: Errand) => Promise<boolean>;

export function createCarry(destination: Destination, parts: Parts): Carry {
  const { store, deliver, clock, random, observe, standing, signal, refused: unwritten } = parts;
  const { name, schedule, parkOn } = destination;

  async function carry({ loan, probe, over }: Errand): Promise<boolean> {
    const { delivery, event } = loan;
    // The destination's format may have been another when the delivery was recorded.
    if (destination.canSay?.(event) === false) return parkUnsent(loan, NO_WORDS, { probe, over });
    const replayed = delivery.replayedAfter !== null;
    const attempt = await deliver(destination, event, delivery.attempts + 1, { signal, replayed });
    if (attempt.cause === "unencodable") return parkUnsent(loan, attempt.answer ?? "", { probe, over });
    const cutOff = attempt.cause === "interrupted";
    const outcome = decide(attempt, schedule, random(), delivery.replayedAfter ?? 0, parkOn);
    const failures = cutOff ? 0 : standing.learn(attempt, outcome, probe);
    // Before the answer is written: a store that groups what one turn asks for fills the slot in the same commit.
    over();
    if (cutOff) return false;
    await conclude(loan, { attempt, outcome, failures, probe });
    await standing.keep();
    return true;
  }

  /** Nothing was sent, so nothing is learnt of the destination, no try is counted, and the next of the lane may go. */
  async function parkUnsent(
    loan: Loan,
    why: string,
    { probe, over }: Pick<Errand, "probe" | "over">,
  ): Promise<true> {
    standing.release({ probe });
    over();
    const outcome: Outcome = { status: "parked", reason: "unsupported_by_format" };
    const written = await writeDown(loan, { attempt: null, outcome });
    if (written === "written" || written === "unclear")
      observe.unsupported({ destination: name, delivery: loan.delivery, event: loan.event, why });
    return true;
  }

  interface Result {
    attempt: Attempt;
    outcome: Outcome;
    failures: number;
    probe: boolean;
  }

  async function conclude(loan: Loan, result: Result): Promise<void> {
    const { delivery, event } = loan;
    const { attempt, outcome } = result;
    const written = await writeDown(loan, { attempt, outcome });
    if (written === null) return;
    observe.attempted({ destination: name, delivery, event, ...result });
    if (written !== "written")
      observe.loanLost({ destination: name, delivery, attempt, outcome, unclear: written === "unclear" });
  }

  /**
   * Null: the stop's grace was over before the store took it; the loan runs out by itself and the delivery is tried once more.
   * `lost`: the loan was no longer ours. `unclear`: neither is it, but the store had failed before, and may have written it all the same.
   */
  async function writeDown(
    loan: Loan,
    result: Pick<Settlement, "attempt" | "outcome">,
  ): Promise<"written" | "lost" | "unclear" | null> {
    const delivery = loan.delivery.id;
    let hasFailed = false;
    const refused = (error: unknown, failures: number) => {
      hasFailed = true;
      unwritten(loan);
      observe.settleFailed({ destination: name, delivery, error, failures });
    };
    /** Once more where the loan ended, and was lent to us anew, while the answer was on its way. */
    const settle = async (): Promise<boolean> => {
      const { token } = loan;
      const written = await store.settle({ delivery, token, ...result, at: clock.now() });
      return written || loan.token === token ? written : settle();
    };
    const written = await insist(settle, { clock, signal, refused });
    if (written === null) return null;
    if (written) return "written";
    return hasFailed ? "unclear" : "lost";
  }

  return carry;
}
