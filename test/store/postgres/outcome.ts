import { CountersignError } from "../../../src/domain/errors.ts";

/** With which of our errors it rejects; null: it resolves. */
export async function outcomeOf(work: Promise<unknown>): Promise<CountersignError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
}
