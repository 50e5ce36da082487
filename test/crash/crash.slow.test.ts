import { expect } from "chai";
import { postgresServer } from "../support/postgres-server.ts";
import { crash } from "./crash.ts";
import { SEED } from "./seed.ts";
import type { Place, StoreName } from "./stores.ts";

const KILLS = 3;
/** Longer than the lease of a killed attempt: the destination's timeout and 30 s. */
const AHEAD_MS = 40_000;

describe("a bridge that is killed with -9 under load", function () {
  this.timeout(300_000);

  for (const store of ["sqlite", "lowdb"] as const) {
    it(`loses nothing after a 200, makes nothing twice and keeps the order, on ${store}`, () =>
      expectNothingLost(store));
  }

  it("loses nothing after a 200, makes nothing twice and keeps the order, as three nodes", async () => {
    const server = await postgresServer();
    await expectNothingLost("postgres", {
      store: await server.newSchema(),
      nodes: 3,
      folder: null,
      close: async () => {},
    });
  });
});

async function expectNothingLost(store: StoreName, place?: Place): Promise<void> {
  const outcome = await crash({ store, kills: KILLS, seed: SEED, ahead: AHEAD_MS, ...(place && { place }) });
  expect(outcome.complaints).to.deep.equal([]);
  expect(outcome.kills).to.equal(KILLS);
  expect(outcome.taken).to.be.greaterThan(0);
  expect(outcome.arrivals).to.equal(outcome.deliveries + outcome.repeats);
}
