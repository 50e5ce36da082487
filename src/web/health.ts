import { type Clock, inTime } from "../domain/clock.ts";
import { messageOf } from "../domain/errors.ts";
import type { Store } from "../store/store.ts";

/**
 * The answer of `/readyz`: every check by name, `ok` or a few words about the fault. Readable without a
 * token.
 */
export interface Health {
  status: "ok" | "unavailable";
  checks: Readonly<Record<string, "ok" | string>>;
}

/** A destination worker, as far as readiness depends on it. */
interface Worker {
  destination: string;
  /** False once an unexpected error ended it. */
  alive: boolean;
  /** Whether it waits for the store at this moment. */
  claiming: boolean;
  /** When it last began or ended to ask the store, milliseconds since 1970. */
  lastTickAt: number;
}

export interface ReadinessParts {
  store: Pick<Store, "probe">;
  clock: Clock;
  isStopping(): boolean;
  workers(): readonly Worker[];
  isPrunerAlive(): boolean;
  /** Called once when the store becomes unavailable, and again only after it was available. */
  storeUnavailable(error: unknown): void;
}

/**
 * The readiness of the bridge at the moment of each call: all checks pass, or the answer says which do not.
 */
export function createReadiness(parts: ReadinessParts): () => Promise<Health> {
  const { store, clock, isStopping, workers, isPrunerAlive, storeUnavailable } = parts;
  let wasAway = false;
  const checks = {
    running: async () => {
      if (isStopping()) throw new Error("stopping");
    },
    async store() {
      try {
        await store.probe();
        wasAway = false;
      } catch (error) {
        if (!wasAway) storeUnavailable(error);
        wasAway = true;
        // The store's own words may name addresses, and anybody can read this.
        throw new Error("unavailable");
      }
    },
    dispatcher: async () => {
      const complaints = workers().flatMap((worker) => complaintsOf(worker, clock.now()));
      if (complaints.length > 0) throw new Error(complaints.join(", "));
    },
    retention: async () => {
      if (!isPrunerAlive()) throw new Error("pruning died");
    },
  };
  return () => checkReadiness(checks, clock);
}

/** A worker that waits for the store for longer is stuck; milliseconds. */
const MAX_CLAIM_MS = 30_000;

function complaintsOf({ destination, alive, claiming, lastTickAt }: Worker, now: number): string[] {
  if (!alive) return [`${destination} died`];
  if (claiming && now - lastTickAt > MAX_CLAIM_MS) return [`${destination} waits for the store`];
  return [];
}

/** Runs all checks at once; each rejects with what is wrong. */
async function checkReadiness(
  checks: Readonly<Record<string, () => Promise<void>>>,
  clock: Clock,
): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await verdictOf(check, clock)] as const),
  );
  const status = results.every(([, verdict]) => verdict === "ok") ? "ok" : "unavailable";
  return { status, checks: Object.fromEntries(results) };
}

/** A check that takes longer fails; milliseconds. */
const CHECK_TIMEOUT_MS = 5_000;

function verdictOf(check: () => Promise<void>, clock: Clock): Promise<string> {
  const verdict = check().then(() => "ok", messageOf);
  return inTime(clock, CHECK_TIMEOUT_MS, verdict, "does not answer");
}
