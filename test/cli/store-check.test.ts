import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { fillStore } from "../store/filled.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { aDocument, aDraft, aRecordRequest } from "../support/builders.ts";
import { aFilledStore, inStore, KINDS, needPostgres, STORES } from "./stores.ts";
import { runCommand } from "./terminal.ts";

/** All rows are younger than this, on whichever day the test runs. */
const CONFIG = `
store: sqlite:./countersign.db
retention: { documents: never, duplicates: never }
`;

const ROWS =
  "13 receipts, 2 rejections, 4 documents, 3 links, 7 events, 3 tombstones, 11 deliveries, " +
  "2 destinations, 2 audit, 13 tallies, 2 notes, 1 proofs, 1 exceptions";
const EVENT = "(event evt_\\w{26})";
const DELIVERY = "delivery dlv_\\w{26}_\\w+";

/** The deliveries of document a: the first is leased, the others wait behind it. */
const LANE = "deliveries where destination = 'crm' and lane = 'legalesign/document/a'";
const FIRST = `(select min(position) from ${LANE})`;
const LAST = `(select max(position) from ${LANE})`;
const OPEN_AFTER_A_TRY = "(select position from deliveries where lane = 'legalesign/document/c')";
const COMPLETED = "(select position from events where type = 'document.completed')";

describe("countersign store check", () => {
  afterEach(tidy);

  async function aConfig(): Promise<{ config: string; database: string }> {
    const folder = aFolder();
    const [config, database] = [join(folder, "countersign.yaml"), join(folder, "countersign.db")];
    writeFileSync(config, CONFIG);
    await inStore(`sqlite:${database}`, fillStore);
    return { config, database };
  }

  /** The lines of the check of a filled store after the given damage. */
  async function faultsAfter(...damage: readonly string[]): Promise<string[]> {
    const { config, database } = await aConfig();
    const db = new DatabaseSync(database);
    for (const sql of damage) db.exec(sql);
    db.close();
    const { code, stdout, stderr } = await runCommand(["store", "check", "--config", config]);
    expect([code, stderr]).to.deep.equal([1, ""]);
    expect(stdout).not.to.match(/@|Sébastien|Vertrag/);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.splice(-2)[1]).to.match(
      new RegExp(`^${lines.length} faults? in .*countersign\\.db, which has \\d+ receipts, `),
    );
    return lines;
  }

  async function expectFaults(damage: readonly string[], ...patterns: readonly string[]): Promise<void> {
    const faults = await faultsAfter(...damage);
    expect(faults, faults.join("\n")).to.have.length(patterns.length);
    for (const [n, pattern] of patterns.entries()) expect(faults[n]).to.match(new RegExp(`^${pattern}$`));
  }

  for (const kind of KINDS) {
    describe(`of a ${kind} store`, () => {
      if (kind === "postgres") before(needPostgres);

      it("finds no fault in a sound store, and counts its rows", async () => {
        const { code, stdout, stderr } = await runCommand([
          "store",
          "check",
          "--store",
          await aFilledStore(kind),
        ]);
        expect([code, stderr]).to.deep.equal([0, ""]);
        expect(stdout).to.match(new RegExp(`^OK: .* has ${ROWS}\n$`));
      });

      it("finds no fault in an empty store", async () => {
        const name = await STORES[kind]();
        await inStore(name, async (store) => {
          await store.saveDestination("crm", { paused: null });
        });
        expect((await runCommand(["store", "check", "--store", name])).code).to.equal(0);
      });
    });
  }

  it("finds an event that is gone without a tombstone", async () => {
    await expectFaults(
      ["delete from events where type = 'document.completed'"],
      `receipt rcp_\\w{26} reported ${EVENT}, which is gone without a tombstone`,
      `${DELIVERY} is of ${EVENT}, which is not there`,
      `${DELIVERY} is of ${EVENT}, which is not there`,
    );
  });

  it("finds an event that is present and has a tombstone", async () => {
    await expectFaults(
      [
        "insert into tombstones (id, recorded_at) " +
          `select id, recorded_at from events where position = ${COMPLETED}`,
      ],
      `${EVENT} is there, and has a tombstone as well`,
    );
  });

  it("finds an event that is not well formed", async () => {
    const set = (path: string, value: string) =>
      `update events set body = json_set(body, '$.${path}', '${value}') where position = ${COMPLETED}`;
    for (const [path, value] of [
      ["type", "document.eaten"],
      ["recordedAt", "yesterday"],
    ] as const)
      await expectFaults([set(path, value)], `the event at position \\d+ is not well formed at \`${path}\``);
  });

  it("finds a sequence number that is used twice, or is beyond the document's count", async () => {
    const set = (sequence: number) =>
      `update events set body = json_set(body, '$.sequence', ${sequence}) where position = ${COMPLETED}`;
    await expectFaults([set(3)], `${EVENT} has sequence 3 in document a of legalesign, after 3 of ${EVENT}`);
    await expectFaults(
      [set(5)],
      `document a of legalesign counts 4 events, but ${EVENT} has sequence 5 in it`,
    );
  });

  it("finds an event whose document is missing", async () => {
    await expectFaults(
      ["delete from documents where id = 'a'"],
      `${EVENT} is of document a of legalesign, which has no row`,
    );
  });

  it("finds deliveries whose status, due time and reason contradict each other", async () => {
    const one = (status: string) => `(select min(position) from deliveries where status = '${status}')`;
    await expectFaults(
      [`update deliveries set due_at = 1 where position = ${one("delivered")}`],
      `${DELIVERY} is delivered, and yet due`,
    );
    await expectFaults(
      [`update deliveries set reason = null where status = 'parked'`],
      `${DELIVERY} is parked, and nothing says why`,
    );
    await expectFaults(
      [`update deliveries set reason = 'gone' where position = ${LAST}`],
      `${DELIVERY} is held, and has a reason for being parked`,
    );
    await expectFaults(
      [`update deliveries set due_at = null where position = ${LAST}`],
      `${DELIVERY} is held, and never due`,
    );
  });

  it("finds a lane that is stuck, out of order, or has two pending deliveries", async () => {
    await expectFaults(
      [`update deliveries set status = 'delivered', due_at = null where position = ${FIRST}`],
      `${DELIVERY} is held, but nothing of its lane is pending`,
    );
    await expectFaults(
      [
        `update deliveries set status = 'pending' where position = ${LAST}`,
        `update deliveries set status = 'held' where position = ${FIRST}`,
      ],
      `${DELIVERY} is held by dlv_\\w{26}_\\w+, which was recorded after it`,
    );
    await expectFaults(
      [`update deliveries set status = 'pending' where position = ${LAST}`],
      "deliveries dlv_\\w{26}_\\w+ and dlv_\\w{26}_\\w+ are of one lane, and both pending",
    );
  });

  it("finds attempts that are not counted, or are gone although the delivery is open", async () => {
    await expectFaults(
      ["update deliveries set attempts = 1 where attempts = 2"],
      `${DELIVERY} counts 1 attempts, but has attempt 2`,
    );
    await expectFaults(
      [`delete from attempts where delivery = ${OPEN_AFTER_A_TRY}`],
      `${DELIVERY} is open after 1 attempts, and 1 of them are gone`,
    );
  });

  it("finds a tally that is of another hour than it counts, or of no channel or destination", async () => {
    const tally = "the tally of duplicate for legalesign/realtime in the hour 1767225600000";
    const where = "where channel = 'realtime'";
    await expectFaults(
      [`update tallies set newest = newest + 3600000 ${where}`],
      `${tally} has its newest at 1767229200000, which is in another hour`,
    );
    await expectFaults(
      [`update tallies set destination = 'crm' ${where}`],
      `${tally.replace("realtime", "realtime/crm")} is neither of a channel nor of a destination`,
    );
  });

  it("finds no fault in pruned attempts, also where the delivery is replayed", async () => {
    const { config, database } = await aConfig();
    const db = new DatabaseSync(database);
    db.exec(`delete from attempts where delivery in
      (select position from deliveries where due_at is null or replayed_after is not null)`);
    db.close();
    expect((await runCommand(["store", "check", "--config", config])).stdout).to.include("OK: ");
  });

  it("reports the damage that the database itself finds", async () => {
    const { config, database } = await aConfig();
    const db = new DatabaseSync(database);
    const page = Number(
      db.prepare("select rootpage from sqlite_schema where name = 'events_type'").get()?.rootpage,
    );
    const size = Number(db.prepare("pragma page_size").get()?.page_size);
    db.close();
    // The number of entries that the index has on its first page.
    const file = openSync(database, "r+");
    writeSync(file, Buffer.from([0, 0]), 0, 2, (page - 1) * size + 3);
    closeSync(file);
    const { code, stdout } = await runCommand(["store", "check", "--config", config]);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^the database: .*wrong # of entries in index events_type$/m);
  });

  it("says how far a table can be read, and reports no fault that the rest may explain", async () => {
    await expectFaults(
      ["update events set body = '{' where type = 'document.completed'"],
      "the table events cannot be read beyond its first 0 rows",
    );
    await expectFaults(
      ["update documents set state = 's@example.org' where id = 'c'"],
      "the table documents cannot be read beyond its first 0 rows",
    );
  });

  it("shows a hundred faults, and counts the rest", async () => {
    const { config, database } = await aConfig();
    await inStore(`sqlite:${database}`, (store) =>
      store.record(
        aRecordRequest(Array.from({ length: 120 }, (_, n) => aDraft({ document: aDocument(`d${n}`) }))),
      ),
    );
    const db = new DatabaseSync(database);
    db.exec("update deliveries set reason = 'gone' where lane like '%/document/d%'");
    db.close();
    const check = ["store", "check", "--config", config];
    const lines = (await runCommand(check)).stdout.split("\n");
    expect(lines.slice(99, 101).join()).to.match(/has a reason for being parked,and 20 more$/);
    const { code, stdout } = await runCommand([...check, "--json"]);
    const { rows, faults, shown } = JSON.parse(stdout);
    expect([code, rows.events, faults, shown.length]).to.deep.equal([1, 127, 120, 100]);
  });

  it("takes a pruned row for lost only within its retention", async () => {
    const { config, database } = await aConfig();
    const db = new DatabaseSync(database);
    db.exec("delete from tombstones; delete from dedupe_keys; delete from documents where id = 'a'");
    db.close();
    const known = await runCommand(["store", "check", "--config", config]);
    expect(known.stdout.match(/which is gone without a tombstone/g)).to.have.length(3);
    // The retention of another store is not known, and all of this is older than a day.
    expect((await runCommand(["store", "check", "--store", `sqlite:${database}`])).code).to.equal(0);
    writeFileSync(
      config,
      CONFIG.replace(
        "{ documents: never, duplicates: never }",
        "{ events: 1d, documents: 1d, duplicates: 1d }",
      ),
    );
    expect((await runCommand(["store", "check", "--config", config])).code).to.equal(0);
  });

  it("ends early upon an interrupt, and creates no store where there is none", async () => {
    const { config } = await aConfig();
    const cut = await runCommand(["store", "check", "--config", config], { signal: AbortSignal.abort() });
    expect([cut.code, cut.stdout]).to.deep.equal([130, ""]);
    const missing = join(aFolder(), "countersign.db");
    const none = await runCommand(["store", "check", "--store", `sqlite:${missing}`]);
    expect([none.code, none.stderr]).to.deep.equal([
      1,
      `countersign: there is no store ${missing}: name another one with --store\n`,
    ]);
  });
});
