import { type Clock, inTime } from "../domain/clock.ts";
import { messageOf } from "../domain/errors.ts";

/** `/readyz`: every check has a name, and says in plain words what is wrong where something is. Anybody may read it. */
export interface Health {
  status: "ok" | "unavailable";
  checks: Readonly<Record<string, "ok" | string>>;
}

/** Runs all checks; each resolves when it is well and rejects with what is wrong. */
export async function examine(
  checks: Readonly<Record<string, () => Promise<void>>>,
  clock: Clock,
): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await verdictOf(check, clock)] as const),
  );
  const status = results.every(([, verdict]) => verdict === "ok") ? "ok" : "unavailable";
  return { status, checks: Object.fromEntries(results) };
}

/** A check that takes longer has not passed; milliseconds. */
const CHECK_TIMEOUT_MS = 5_000;

function verdictOf(check: () => Promise<void>, clock: Clock): Promise<string> {
  const verdict = check().then(() => "ok", messageOf);
  return inTime(clock, CHECK_TIMEOUT_MS, verdict, "does not answer");
}
