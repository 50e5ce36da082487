import { expect } from "chai";
import { refusePooler } from "../../../src/store/postgres/pooler.ts";
import { outcomeOf } from "./outcome.ts";

/** Connections through a pooler of these sessions, the last used one first, as PgBouncer assigns them. */
function createPooler(mode: "session" | "transaction", sessions: readonly number[]) {
  const idle = [...sessions];
  return () => {
    let session = mode === "session" ? idle.shift() : undefined;
    let begun = false;
    return {
      async query<Row extends object>(text: string): Promise<{ rows: Row[] }> {
        session ??= idle.shift();
        const rows = [{ pid: session }] as unknown as Row[];
        if (text.startsWith("begin")) begun = true;
        if (text === "rollback") begun = false;
        if (mode === "transaction" && !begun && session !== undefined) {
          idle.unshift(session);
          session = undefined;
        }
        return { rows };
      },
    };
  };
}

describe("a pooler in front of PostgreSQL", () => {
  const refusal = (mode: "session" | "transaction") => {
    const connect = createPooler(mode, [11, 12, 13]);
    return outcomeOf(refusePooler(connect(), connect(), "db/countersign"));
  };

  it("is refused in transaction mode, with a sentence that says which mode is right", async () => {
    const refused = await refusal("transaction");
    expect(refused).to.include({ code: "cannot_start" });
    expect(refused?.message).to.match(
      /db\/countersign.*direct connection, or set the pooler to session mode/,
    );
  });

  it("is accepted in session mode", async () => {
    expect(await refusal("session")).to.equal(null);
  });
});
