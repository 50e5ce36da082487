import { messageOf } from "../domain/errors.ts";

/** `/readyz`: every check has a name, and says what is wrong where something is. */
export interface Health {
  status: "ok" | "unavailable";
  checks: Readonly<Record<string, "ok" | string>>;
}

/** Runs all checks; each resolves when it is well and rejects with what is wrong. */
export async function examine(checks: Readonly<Record<string, () => Promise<void>>>): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await verdictOf(check)] as const),
  );
  const status = results.every(([, verdict]) => verdict === "ok") ? "ok" : "unavailable";
  return { status, checks: Object.fromEntries(results) };
}

async function verdictOf(check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return "ok";
  } catch (error) {
    return messageOf(error);
  }
}
