import { expect } from "chai";
import type { PoolClient } from "pg";
import type { RecordRequest, RecordResult } from "../../../src/store/port/inbox.ts";
import { openPostgresStore } from "../../../src/store/postgres.ts";
import type { Store } from "../../../src/store/store.ts";
import { needPostgres } from "../../cli/stores.ts";
import {
  aDocument,
  aDraft,
  aReceipt,
  aRecordRequest,
  aSigner,
  CRM,
  NEW_YEAR,
} from "../../support/builders.ts";
import { only } from "../../support/only.ts";
import { type PostgresServer, postgresServer } from "../../support/postgres-server.ts";
import { until } from "../../support/until.ts";
import { claim, contentsOf, deliverAll, pruneAll, settle } from "../filled.ts";

const OLDER = NEW_YEAR - 1;
const PAGE = { limit: 1_000 };
const DUE = { now: NEW_YEAR, spacing: 0 };
const EVERYTHING = NEW_YEAR + 1_000_000;

let tokens = 0;
const idOf = ({ events }: RecordResult) => only(events).id;

describe("pruning PostgreSQL", () => {
  let server: PostgresServer;
  let schema: string;
  let nodes: readonly [Store, Store];

  before(async function () {
    await needPostgres.call(this);
    server = await postgresServer();
  });
  beforeEach(async () => {
    const url = await server.newSchema();
    schema = new URL(url).searchParams.get("options")?.split("=")[1] ?? expect.fail("no schema");
    const open = () => openPostgresStore({ url, token: () => `token-${tokens++}` });
    nodes = [await open(), await open()];
  });
  afterEach(() => Promise.all(nodes.map((node) => node.close())));

  /** Holds the locks of the query while `meanwhile` runs, and rolls back. */
  async function holding<T>(query: string, meanwhile: (holder: Holder) => Promise<T>): Promise<T> {
    const client = await server.admin.connect();
    try {
      await client.query(`begin; set local search_path = ${schema}; ${query}`);
      return await meanwhile(holderOf(client));
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  interface Holder {
    client: PoolClient;
    /** Resolves when `count` transactions wait, for this one or for others that do. */
    waitedFor(count: number): Promise<void>;
    end(how: "commit" | "rollback"): Promise<void>;
  }

  function holderOf(client: PoolClient): Holder {
    return {
      client,
      async waitedFor(count) {
        const { rows } = await client.query("select pg_backend_pid() as pid");
        await until(async () => (await waitingFor(rows[0].pid)) >= count, `${count} transactions wait`);
      },
      async end(how) {
        await client.query(how);
      },
    };
  }

  async function waitingFor(pid: number): Promise<number> {
    const { rows } = await server.admin.query(
      `with recursive waiting (pid) as (
         select $1::int
         union select a.pid from waiting w join pg_stat_activity a on w.pid = any(pg_blocking_pids(a.pid))
       ) select count(*)::int - 1 as count from waiting`,
      [pid],
    );
    return rows[0].count;
  }

  const count = async (table: string): Promise<number> =>
    (await server.admin.query(`select count(*)::int as count from ${schema}.${table}`)).rows[0].count;
  const sent = (document: string, receivedAt = OLDER): RecordRequest =>
    aRecordRequest([aDraft({ document: aDocument(document) })], { receipt: aReceipt({ receivedAt }) });

  it("removes each row once when two nodes prune, and no open delivery", async () => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => idOf(await nodes[(i % 2) as 0 | 1].record(sent(`d${i}`)))),
    );
    for (const lease of await claim(nodes[0], NEW_YEAR, { limit: 40 })) await settle(nodes[0], lease);
    const pruned = await Promise.all(nodes.map((node) => pruneAll(node, "events", NEW_YEAR, 7)));
    const rest = await pruneAll(nodes[0], "events", NEW_YEAR);
    expect(pruned.reduce((sum, some) => sum + some, rest)).to.equal(40);
    expect(await count("tombstones")).to.equal(40);
    const { items } = await nodes[0].findEvents({}, PAGE);
    expect(items).to.have.length(20);
    expect(ids).to.include.members(items.map(({ id }) => id));
    const leases = await claim(nodes[1], NEW_YEAR + 100_000);
    expect(leases.map(({ event }) => event.id)).to.have.members(items.map(({ id }) => id));
    for (const table of ["documents", "receipts", "attempts"] as const) {
      const gone = await Promise.all(nodes.map((node) => pruneAll(node, table, EVERYTHING, 7)));
      const left = await pruneAll(nodes[1], table, EVERYTHING);
      expect(
        gone.reduce((sum, some) => sum + some, left),
        table,
      ).to.equal(table === "attempts" ? 0 : 60);
    }
  });

  it("removes nothing that is replayed meanwhile, and blocks no lane", async () => {
    const subscribers = [CRM, { ...CRM, name: "erp", ordering: "none" as const }];
    const types = ["document.created", "document.sent", "document.completed"] as const;
    for (let document = 0; document < 12; document += 1) {
      const drafts = types.map((type) => aDraft({ type, document: aDocument(`d${document}`) }));
      const receipt = aReceipt({ receivedAt: OLDER });
      await nodes[0].record(aRecordRequest(drafts, { receipt, subscribers }));
    }
    for (const name of ["crm", "erp"]) await deliverAll(nodes[0], NEW_YEAR, name);
    const again = (destination: string) =>
      nodes[1].replay({ destination, status: "all" }, { limit: 10 }, DUE).then(({ replayed }) => replayed);
    for (let round = 0; round < 4; round += 1) {
      const [crm, erp] = await Promise.all([
        again("crm"),
        again("erp"),
        pruneAll(nodes[0], "events", NEW_YEAR, 5),
        pruneAll(nodes[0], "attempts", EVERYTHING, 5),
      ]);
      const open = new Map((await nodes[0].backlog()).map((one) => [one.destination, one.open]));
      expect([open.get("crm") ?? 0, open.get("erp") ?? 0]).to.deep.equal([crm, erp]);
      for (const name of ["crm", "erp"]) await deliverAll(nodes[1], NEW_YEAR + 100_000, name);
      expect(await nodes[0].backlog()).to.deep.equal([]);
    }
    const { events, deliveries } = await contentsOf(nodes[0], 100);
    expect(deliveries).to.have.length(2 * events.length);
  });

  it("lets the rest of a lane be replayed while its first delivery is removed", async () => {
    await nodes[0].record(sent("a", OLDER));
    const stays = await nodes[0].record(
      aRecordRequest([aDraft({ type: "document.completed", document: aDocument("a") })]),
    );
    await deliverAll(nodes[0]);
    await holding("select from attempts for update", async ({ waitedFor, end }) => {
      const pruned = pruneAll(nodes[0], "events", NEW_YEAR);
      await waitedFor(1);
      const replay = nodes[1].replay({ destination: "crm", status: "all" }, PAGE, DUE);
      await waitedFor(2);
      await end("rollback");
      expect([await pruned, (await replay).replayed]).to.deep.equal([1, 1]);
    });
    expect((await claim(nodes[1])).map(({ event }) => event.id)).to.deep.equal([idOf(stays)]);
  });

  it("passes over an event that a record or a replay has locked", async () => {
    await nodes[0].record(sent("a"));
    await deliverAll(nodes[0]);
    for (const held of ["events for key share", "deliveries for update"]) {
      const pruned = await holding(`select from ${held}`, () => pruneAll(nodes[0], "events", NEW_YEAR));
      expect(pruned, held).to.equal(0);
    }
    expect(await pruneAll(nodes[0], "events", NEW_YEAR)).to.equal(1);
  });

  it("passes over a document that a record has locked", async () => {
    await nodes[0].record(sent("a"));
    await nodes[0].record(sent("b"));
    const busy = "select from lanes where lane = 'legalesign/document/a' for update";
    expect(await holding(busy, () => pruneAll(nodes[0], "documents", NEW_YEAR))).to.equal(1);
    expect(await nodes[1].findDocument("legalesign", "a")).not.to.equal(null);
    expect(await pruneAll(nodes[0], "documents", NEW_YEAR)).to.equal(1);
  });

  it("keeps a document that is changed before it is locked", async () => {
    await nodes[0].record(sent("a"));
    await holding("lock table lanes", async ({ client, waitedFor, end }) => {
      const pruned = pruneAll(nodes[0], "documents", NEW_YEAR);
      await waitedFor(1);
      await client.query(`update documents set changed_at = ${NEW_YEAR}`);
      await end("commit");
      expect(await pruned).to.equal(0);
    });
    expect(await nodes[1].findDocument("legalesign", "a")).not.to.equal(null);
  });

  it("counts a report of an event being removed as a duplicate, and lists it nowhere", async () => {
    const id = idOf(await nodes[0].record(sent("a")));
    await deliverAll(nodes[0]);
    const duplicates = [id];
    await holding("select from attempts for update", async ({ waitedFor, end }) => {
      const pruned = pruneAll(nodes[0], "events", NEW_YEAR);
      await waitedFor(1);
      const reported = nodes[1].record(sent("a"));
      await waitedFor(2);
      await end("rollback");
      expect(await pruned).to.equal(1);
      expect(await reported).to.deep.equal({ events: [], duplicates, destinations: [] });
    });
    expect(await count("duplicates")).to.equal(0);
    expect(await count("deliveries")).to.equal(0);
  });

  it("counts such a report as a duplicate even where the event was not looked up", async () => {
    const id = idOf(await nodes[0].record(sent("a")));
    await deliverAll(nodes[0]);
    const { lookup, ...request } = sent("a");
    await holding("select from attempts for update", async ({ waitedFor, end }) => {
      const pruned = pruneAll(nodes[0], "events", NEW_YEAR);
      await waitedFor(1);
      const reported = nodes[1].record({ ...request, lookup: { ...lookup, dedupeKeys: [] } });
      await waitedFor(2);
      await end("rollback");
      expect(await pruned).to.equal(1);
      expect(await reported).to.deep.equal({ events: [], duplicates: [id], destinations: [] });
    });
    expect([await count("events"), await count("deliveries")]).to.deep.equal([0, 0]);
  });

  it("removes a document that others wait for, and they create it again one by one", async () => {
    await nodes[0].record(sent("a"));
    const lease = only(await claim(nodes[0]));
    const viewed = (time: number) =>
      aRecordRequest([aDraft({ type: "signer.viewed", document: aDocument("a"), signer: aSigner(), time })]);
    await holding("select from documents for update", async ({ waitedFor, end }) => {
      const pruned = pruneAll(nodes[0], "documents", NEW_YEAR);
      await waitedFor(1);
      const recorded = nodes.map((node, i) => node.record(viewed(NEW_YEAR + i)));
      const settled = settle(nodes[1], lease);
      await waitedFor(4);
      await end("rollback");
      expect([await pruned, await settled]).to.deep.equal([1, true]);
      const sequences = (await Promise.all(recorded)).map(({ events }) => events[0]?.sequence);
      expect(sequences).to.have.members([1, 2]);
    });
    expect(await nodes[0].findDocument("legalesign", "a")).to.include({ status: null, sequence: 2 });
    expect(await count("lanes"), "the document's and the signer's").to.equal(2);
    for (let open = 2; open > 0; open -= 1) await settle(nodes[0], only(await claim(nodes[0])));
  });

  it("creates a lane again that another transaction removes", async () => {
    await nodes[0].record(sent("a"));
    await holding("delete from lanes", async ({ waitedFor, end }) => {
      const recorded = nodes[1].record(sent("a"));
      await waitedFor(1);
      await end("commit");
      expect((await recorded).duplicates).to.have.length(1);
    });
    expect(await count("lanes")).to.equal(1);
  });

  for (const tables of [["events", "documents"] as const, ["documents", "events"] as const]) {
    it(`leaves no lane behind when ${tables.join(" are pruned before ")}`, async () => {
      await nodes[0].record(
        aRecordRequest([
          aDraft({ signers: [aSigner("ann")] }),
          aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") }),
          aDraft({ type: "signer.viewed", document: null, signer: aSigner("bob") }),
          aDraft({ type: "signer.viewed", signer: aSigner("cid") }),
        ]),
      );
      await deliverAll(nodes[0]);
      expect(await count("lanes")).to.equal(4);
      for (const table of tables) await pruneAll(nodes[0], table, EVERYTHING);
      expect(await count("lanes")).to.equal(0);
    });
  }
});
