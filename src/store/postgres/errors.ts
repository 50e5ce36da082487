import pg from "pg";
import { CountersignError, messageOf } from "../../domain/errors.ts";

/** SQLSTATE classes that say that the server is away, full, kept by others, or not ours to use now (the manual's appendix A). */
const AWAY = new Set(["08", "25", "53", "55", "57", "58", "XX"]);
/** Serialization failure; deadlock. */
const RACES = new Set(["40001", "40P01"]);
const ABORTED = "25P02";
const READ_ONLY = "25006";
const LOCKED = "55P03";

/** What the database or the way to it complains of means that the store cannot be used now. */
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

/** Two transactions were in each other's way and this one was undone: it may simply be tried again. */
export function isRace(error: unknown): boolean {
  return RACES.has(stateOf(error));
}

/** The statement itself was refused, by a server that is well: what was given must be at fault. */
export function isRefusal(error: unknown): boolean {
  const state = stateOf(error);
  return state !== "" && !AWAY.has(state.slice(0, 2)) && !isRace(error);
}

/** The server takes no writing: after a switch-over it may be so for good, while another one takes it. */
export function isReadOnly(error: unknown): boolean {
  return stateOf(error) === READ_ONLY;
}

/** What is asked for was kept by another connection for too long. */
export function isLocked(error: unknown): boolean {
  return stateOf(error) === LOCKED;
}

/** The transaction is no more, because of something that was wrong before. */
export function isAborted(error: unknown): boolean {
  return stateOf(error) === ABORTED;
}

/** In the database's words, why it refuses what was given; null: it does not, and something else is wrong. */
export function whyRefused(error: unknown): string | null {
  if (!isRefusal(error)) return null;
  const cause = error instanceof CountersignError ? error.cause : error;
  return `${stateOf(error)}: ${messageOf(cause)}`;
}

/** The SQLSTATE behind an error, if the server gave one. */
function stateOf(error: unknown): string {
  const cause = error instanceof CountersignError ? error.cause : error;
  return cause instanceof pg.DatabaseError ? (cause.code ?? "") : "";
}
