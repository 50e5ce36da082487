import { expect } from "chai";
import pg, { type Pool } from "pg";
import { transact } from "../../../src/store/postgres/transaction.ts";
import { outcomeOf } from "./outcome.ts";

/**
 * A pool of one connection whose writes fail with this SQLSTATE. `released`: whether each release destroyed
 * it.
 */
function createFailingPool(state: string) {
  const released: boolean[] = [];
  const client = {
    async query(given: string | { text: string }) {
      const text = typeof given === "string" ? given : given.text;
      if (!text.startsWith("update")) return { rows: [], rowCount: 0 };
      throw Object.assign(new pg.DatabaseError("no", 0, "error"), { code: state });
    },
    release: (destroy: boolean) => void released.push(destroy),
  };
  const pool = { connect: async () => client } as unknown as Pool;
  return { pool, released };
}

describe("a connection of the pool", () => {
  const write = (pool: Pool) =>
    outcomeOf(transact(pool, (session) => session.run("update probe set writes = 1")));

  it("is closed when its server is read-only: another one may have become the primary", async () => {
    const { pool, released } = createFailingPool("25006");
    expect(await write(pool)).to.include({ code: "store_unavailable" });
    expect(released).to.deep.equal([true]);
  });

  it("is used again after a statement was refused", async () => {
    const { pool, released } = createFailingPool("22P02");
    expect(await write(pool)).to.include({ code: "store_unavailable" });
    expect(released).to.deep.equal([false]);
  });
});
