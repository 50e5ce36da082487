import { CountersignError, messageOf } from "../../domain/errors.ts";

/** What SQLite itself complains of means that the store cannot be used now; anything else is our own fault and stays as it is. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return error;
  return new CountersignError("store_unavailable", `the store cannot be used: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Of SQLite's result codes those that mean that a value does not fit: too big, a constraint, a mismatch, out of range. */
const REFUSALS = new Set([18, 19, 20, 25]);
/** All but the lowest byte of a code tells more precisely what it means. */
const PRIMARY = 0xff;

/** In SQLite's words, why it refuses what was given; null: it does not, and something else is wrong. */
export function whyRefused(error: unknown): string | null {
  const cause = error instanceof CountersignError ? error.cause : error;
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & PRIMARY : 0;
  return REFUSALS.has(code) ? messageOf(cause) : null;
}

/** What `work` reads. */
export async function read<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFault(error);
  }
}
