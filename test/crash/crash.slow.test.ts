import { expect } from "chai";
import { postgresServer } from "../support/postgres-server.ts";
import { type CrashOptions, crash } from "./crash.ts";
import { SEED } from "./seed.ts";
import type { Place } from "./stores.ts";

const KILLS = 3;
/** Shorter by far than the lease of a killed attempt (1 s and 30 s), and enough for a busy machine. */
const MAX_RECOVERY_MS = 10_000;

describe("a bridge that is killed with -9 under load", function () {
  this.timeout(300_000);

  for (const store of ["sqlite", "lowdb"] as const) {
    it(`loses nothing after a 200, makes nothing twice, keeps the order and is soon back, on ${store}`, async () => {
      await expectAllAsPromised({ store });
    });
  }

  it("does the same as three nodes on PostgreSQL", async () => {
    await expectAllAsPromised({ store: "postgres", place: await threeNodes() });
  });

  describe("while channels enter and leave the shadow, and a legacy receiver gets batches", () => {
    for (const store of ["sqlite", "lowdb"] as const) {
      it(`does the same, and puts each event with a code into one batch, in order, on ${store}`, async () => {
        await expectAllAsPromised({ store, migration: true });
      });
    }

    it("does so as three nodes on PostgreSQL", async () => {
      await expectAllAsPromised({ store: "postgres", place: await threeNodes(), migration: true });
    });
  });
});

async function threeNodes(): Promise<Place> {
  const server = await postgresServer();
  return { store: await server.newSchema(), nodes: 3, folder: null, close: async () => {} };
}

async function expectAllAsPromised(
  options: Pick<CrashOptions, "store" | "place" | "migration">,
): Promise<void> {
  const outcome = await crash({ ...options, kills: KILLS, seed: SEED });
  expect(outcome.complaints).to.deep.equal([]);
  expect(outcome.kills).to.equal(KILLS);
  expect(outcome.taken).to.be.greaterThan(0);
  expect(outcome.arrivals).to.equal(outcome.deliveries + outcome.repeats);
  expect(outcome.recovery.longest ?? 0).to.be.lessThan(MAX_RECOVERY_MS);
}
