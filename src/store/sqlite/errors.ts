import { CountersignError, messageOf } from "../../domain/errors.ts";

/**
 * SQLite's own errors mean that the store cannot be used now; any other is a fault of the program and stays
 * as it is.
 */
export function asFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return error;
  return new CountersignError("store_unavailable", `the store cannot be used: ${messageOf(error)}`, {
    cause: error,
  });
}

/** SQLite's result codes for a value that does not fit: too big, a constraint, a mismatch, out of range. */
const REFUSALS = new Set([18, 19, 20, 25]);
/** The lowest byte of a code is the result, the others its details. */
const PRIMARY = 0xff;

/** SQLite's message where it refuses a value; null: another fault. */
export function whyRefused(error: unknown): string | null {
  const cause = error instanceof CountersignError ? error.cause : error;
  const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & PRIMARY : 0;
  return REFUSALS.has(code) ? messageOf(cause) : null;
}

/** Runs a read, and converts its errors. */
export async function read<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFault(error);
  }
}
