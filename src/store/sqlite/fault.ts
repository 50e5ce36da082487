import { CountersignError, messageOf } from "../../domain/errors.ts";

/** What SQLite itself complains of means that the store cannot be used now; anything else is our own fault and stays as it is. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return error;
  return new CountersignError("store_unavailable", `the store cannot be used: ${messageOf(error)}`, {
    cause: error,
  });
}

/** What `work` reads. */
export async function read<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw asFault(error);
  }
}
