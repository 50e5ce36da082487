import pg from "pg";
import { CountersignError, messageOf } from "../../domain/errors.ts";

/**
 * SQLSTATE classes of a server that is down, full, busy or not available (PostgreSQL's manual, appendix A).
 */
const AWAY = new Set(["08", "25", "53", "55", "57", "58", "XX"]);
/** Serialization failure; deadlock. */
const RACES = new Set(["40001", "40P01"]);
const DUPLICATE = "23505";
const ABORTED = "25P02";
const READ_ONLY = "25006";
const LOCKED = "55P03";

/** Any error of the database or the connection means that the store cannot be used now. */
export function asFault(cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  return new CountersignError(
    "store_unavailable",
    `the store cannot be used: ${messageOf(cause) || "no connection"}`,
    {
      cause,
    },
  );
}

/** Two transactions collided, and this one was undone: it can be retried. */
export function isRace(error: unknown): boolean {
  return RACES.has(stateOf(error));
}

/** A healthy server refused the statement: a value must be at fault. */
export function isRefusal(error: unknown): boolean {
  const state = stateOf(error);
  return state !== "" && !AWAY.has(state.slice(0, 2)) && !isRace(error);
}

/** The server takes no writes: after a switch-over this may be for good, while another server takes them. */
export function isReadOnly(error: unknown): boolean {
  return stateOf(error) === READ_ONLY;
}

/** A row with the same key is there already. */
export function isDuplicate(error: unknown): boolean {
  return stateOf(error) === DUPLICATE;
}

/** Another connection kept a lock for too long. */
export function isLocked(error: unknown): boolean {
  return stateOf(error) === LOCKED;
}

/** The transaction was aborted by an earlier error. */
export function isAborted(error: unknown): boolean {
  return stateOf(error) === ABORTED;
}

/** The database's message where it refuses a value; null: another fault. */
export function whyRefused(error: unknown): string | null {
  if (!isRefusal(error)) return null;
  const cause = error instanceof CountersignError ? error.cause : error;
  return `${stateOf(error)}: ${messageOf(cause)}`;
}

/** The error's SQLSTATE; empty where the server gave none. */
function stateOf(error: unknown): string {
  const cause = error instanceof CountersignError ? error.cause : error;
  return cause instanceof pg.DatabaseError ? (cause.code ?? "") : "";
}
