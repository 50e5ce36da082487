import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openLowdbStore } from "../../src/store/lowdb.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, settle } from "./filled.ts";

const MINUTE_MS = 60_000;

const STORES: Readonly<Record<string, (file: string) => Promise<Store>>> = {
  sqlite: async (file) => openSqliteStore({ file, token: tokens(), owned: true }),
  lowdb: (file) => openLowdbStore({ file, token: tokens(), warn() {} }),
};

function tokens(): () => string {
  let count = 0;
  return () => `token-${process.hrtime.bigint()}-${count++}`;
}

for (const [kind, open] of Object.entries(STORES)) {
  describe(`a ${kind} store that one process owns`, () => {
    let folder: string;
    let file: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "countersign-owner-"));
      file = join(folder, "store");
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("refuses a second owner in a sentence that names the first, until that one closes", async () => {
      const first = await open(file);
      const refused = await open(file).then(
        () => null,
        (error) => error,
      );
      expect(refused).to.include({ code: "cannot_start" });
      expect(refused.message).to.equal(
        `the store ${file} is in use by process ${process.pid}: ` +
          "stop that one first, or give `store` another file",
      );
      await first.close();
      const second = await open(file);
      await second.close();
      expect(existsSync(`${file}.lock`)).to.equal(false);
    });

    it("takes over from an owner that was killed", async () => {
      const killed = spawn(process.execPath, ["-e", ""]);
      await once(killed, "exit");
      writeFileSync(`${file}.lock`, JSON.stringify({ pid: killed.pid, since: "1" }));
      const store = await open(file);
      await store.close();
    });

    it("makes due at once what the owner before had leased, and nothing else", async () => {
      const before = await open(file);
      for (const id of ["in-flight", "retried", "delivered"]) {
        const draft = aDraft({ document: aDocument(id) });
        await before.record(aRecordRequest([draft], { subscribers: [CRM] }));
      }
      const [, retried, delivered] = await claim(before);
      if (!retried || !delivered) throw new Error("three deliveries are due");
      const unsent = { attempt: null, at: NEW_YEAR };
      await before.settle({
        ...{ ...unsent, delivery: retried.delivery.id, token: retried.token },
        outcome: { status: "pending", dueAt: NEW_YEAR + 5 * MINUTE_MS },
      });
      await before.settle({
        ...{ ...unsent, delivery: delivered.delivery.id, token: delivered.token },
        outcome: { status: "delivered" },
      });
      await before.close();

      const after = await open(file);
      expect(await after.endLeases(NEW_YEAR + 1)).to.equal(1);
      expect(await after.endLeases(NEW_YEAR + 1)).to.equal(0);
      const again = only(await claim(after, NEW_YEAR + 1));
      expect(again.event.document?.id).to.equal("in-flight");
      expect(again.delivery.attempts).to.equal(0);
      await settle(after, again);
      expect(await after.nextDueAt("crm")).to.equal(NEW_YEAR + 5 * MINUTE_MS);
      await after.close();
    });
  });
}

describe("a SQLite store that a command reads beside a running bridge", () => {
  it("needs no ownership", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-owner-"));
    const file = join(folder, "store");
    const bridge = openSqliteStore({ file, token: tokens(), owned: true });
    const reader = openSqliteStore({ file, token: tokens() });
    expect((await reader.findEvents({}, { limit: 1 })).items).to.deep.equal([]);
    await reader.close();
    await bridge.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
