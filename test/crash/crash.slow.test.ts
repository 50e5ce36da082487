import { expect } from "chai";
import { postgresServer } from "../support/postgres-server.ts";
import { type CrashOptions, crash, type Outcome } from "./crash.ts";
import { SEED } from "./seed.ts";

const KILLS = 3;
/** Longer than the lease of a killed attempt: the destination's timeout and 30 s. */
const AHEAD_MS = 40_000;
/** Shorter than that lease by far, and enough for a busy machine. */
const MAX_RECOVERY_MS = 10_000;

describe("a bridge that is killed with -9 under load", function () {
  this.timeout(300_000);

  for (const store of ["sqlite", "lowdb"] as const) {
    it(`loses nothing after a 200, makes nothing twice, keeps the order and is soon back, on ${store}`, async () => {
      const { recovery } = await expectNothingLost({ store, measure: true });
      expect(recovery.longest).to.be.lessThan(MAX_RECOVERY_MS);
    });
  }

  it("loses nothing after a 200, makes nothing twice and keeps the order, as three nodes", async () => {
    const server = await postgresServer();
    const place = { store: await server.newSchema(), nodes: 3, folder: null, close: async () => {} };
    await expectNothingLost({ store: "postgres", measure: false, place });
  });
});

async function expectNothingLost(
  options: Pick<CrashOptions, "store" | "measure" | "place">,
): Promise<Outcome> {
  const outcome = await crash({ ...options, kills: KILLS, seed: SEED, ahead: AHEAD_MS });
  expect(outcome.complaints).to.deep.equal([]);
  expect(outcome.kills).to.equal(KILLS);
  expect(outcome.taken).to.be.greaterThan(0);
  expect(outcome.arrivals).to.equal(outcome.deliveries + outcome.repeats);
  return outcome;
}
