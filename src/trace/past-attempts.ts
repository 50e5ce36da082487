import type { Attempt, Outcome } from "../domain/delivery.ts";

/** The last attempt at a delivery that the store has; null: it has none. */
export type LastAttempt = (delivery: string) => Promise<Pick<Attempt, "startedAt"> | null>;

/** When attempts of deliveries that are still open began: as this process saw them, else from the store. */
export interface PastAttempts {
  /** Milliseconds since 1970; null: that is not known. Asked before the result of the next one is stored. */
  startOf(delivery: string, number: number): Promise<number | null>;
  note(delivery: string, attempt: Attempt, outcome: Outcome | null): void;
}

/** Of more deliveries than these, the store is asked. */
const MAX_NOTED = 10_000;

export function createPastAttempts(lastAttempt: LastAttempt): PastAttempts {
  const noted = new Map<string, Pick<Attempt, "number" | "startedAt">>();
  return {
    async startOf(delivery, number) {
      const known = noted.get(delivery);
      if (known?.number === number) return known.startedAt;
      const stored = await lastAttempt(delivery).catch(() => null);
      return stored?.startedAt ?? null;
    },
    note(delivery, { number, startedAt }, outcome) {
      noted.delete(delivery);
      if (outcome?.status !== "pending") return;
      noted.set(delivery, { number, startedAt });
      const [oldest] = noted.keys();
      if (noted.size > MAX_NOTED && oldest !== undefined) noted.delete(oldest);
    },
  };
}
