import { CountersignError } from "../../../src/domain/errors.ts";

/** The CountersignError that the promise rejects with. Null: it resolves. */
export async function outcomeOf(work: Promise<unknown>): Promise<CountersignError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
}
