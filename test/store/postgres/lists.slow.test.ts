import { expect } from "chai";
import type { Pool } from "pg";
import { createPool } from "../../../src/store/postgres/pool.ts";
import { createSession } from "../../../src/store/postgres/session.ts";
import { openPostgresStore } from "../../../src/store/postgres.ts";
import { createReads } from "../../../src/store/sql/reads.ts";
import { needPostgres } from "../../cli/stores.ts";
import { NEW_YEAR } from "../../support/builders.ts";
import { postgresServer } from "../../support/postgres-server.ts";
import { rowsRead } from "./rows-read.ts";

const MANY = 40_000;
const PAGE = { limit: 100, order: "newest" } as const;

type Reads = ReturnType<typeof createReads>;

/** Lists that must not read all that waits, by whichever index PostgreSQL would like to do so. */
const LISTS: Readonly<Record<string, (store: Reads, cursor?: string) => Promise<{ next: string | null }>>> = {
  "what is not delivered": (store, cursor) =>
    store.findDeliveries({ undelivered: true }, { ...PAGE, cursor }),
  "what is not delivered, oldest first": (store, cursor) =>
    store.findDeliveries({ undelivered: true }, { ...PAGE, order: "oldest", cursor }),
  "what is held": (store, cursor) => store.findDeliveries({ status: "held" }, { ...PAGE, cursor }),
  "what is pending in a range of times": (store, cursor) =>
    store.findDeliveries({ status: "pending", from: NEW_YEAR + MANY }, { ...PAGE, cursor }),
  "what failed for a cause": (store, cursor) => store.findDeliveries({ cause: "dns" }, { ...PAGE, cursor }),
  "counts of what is not delivered": (store, cursor) =>
    store.countUndelivered(["destination", "status"], {}, { cursor }),
};

describe("the lists of PostgreSQL beside a backlog", () => {
  let reads: Reads;
  let pool: Pool;
  before(async function () {
    await needPostgres.call(this);
    const url = await (await postgresServer()).newSchema();
    await (await openPostgresStore({ url, token: () => "token" })).close();
    pool = createPool(url, 1);
    reads = createReads(createSession(pool, { plansAnew: true }));
    // As many are pending, parked and delivered, in turn.
    await pool.query(
      `insert into deliveries (event_id, destination, status, due_at, reason, recorded_at)
       select 'e' || n, 'crm', (array['pending', 'parked', 'delivered'])[n % 3 + 1],
         case when n % 3 = 0 then ${NEW_YEAR} end, case when n % 3 = 1 then 'gone' end, ${NEW_YEAR} + n
       from generate_series(1, ${3 * MANY}) n`,
    );
    await pool.query(`insert into backlog (destination, stripe, open) values ('crm', 0, ${MANY})`);
    await pool.query("analyze deliveries");
  });
  after(() => pool?.end());

  for (const [name, list] of Object.entries(LISTS))
    it(`reads a small part of it for a page: ${name}`, async () => {
      const { next } = await list(reads);
      expect(next, "there is another page").not.to.equal(null);
      const before = await rowsRead(pool);
      await list(reads, next ?? undefined);
      const read = (await rowsRead(pool)) - before;
      expect(read)
        .to.be.greaterThan(0)
        .and.lessThan(MANY / 2);
    });
});
