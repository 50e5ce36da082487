import { expect } from "chai";
import { openPostgresStore } from "../../../src/store/postgres.ts";
import type { Store } from "../../../src/store/store.ts";
import { needPostgres } from "../../cli/stores.ts";
import { aDocument, aDraft, aRecordRequest } from "../../support/builders.ts";
import { only } from "../../support/only.ts";
import { type PostgresServer, postgresServer } from "../../support/postgres-server.ts";
import { contentsOf, fillStore, rowsOf } from "../filled.ts";

let tokens = 0;

describe("a snapshot of PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  let nodes: Store[];

  before(async function () {
    await needPostgres.call(this);
    server = await postgresServer();
  });
  beforeEach(async () => {
    url = await server.newSchema();
    nodes = [];
  });
  afterEach(() => Promise.all(nodes.map((node) => node.close())));

  async function open(where = url): Promise<Store> {
    const node = await openPostgresStore({ url: where, token: () => `token-${tokens++}` });
    nodes.push(node);
    return node;
  }

  it("shows one moment while another node records", async () => {
    const [reader, writer] = [await open(), await open()];
    await fillStore(writer);
    const before = await contentsOf(reader);
    const snapshot = await reader.snapshot();
    const [shown] = await Promise.all([
      rowsOf(snapshot, 1),
      ...Array.from({ length: 50 }, (_, i) =>
        writer.record(aRecordRequest([aDraft({ document: aDocument(`d${i}`) })])),
      ),
    ]);
    expect(shown).to.deep.equal(before);
    expect((await snapshot.counts()).events).to.equal(before.events.length);
    await snapshot.close();
    expect((await contentsOf(reader, 100)).events).to.have.length(before.events.length + 50);
  });

  it("outlasts the server's limit for idle transactions", async () => {
    const hurried = `${url}${encodeURIComponent(" -c idle_in_transaction_session_timeout=1")}`;
    const store = await open(hurried);
    await fillStore(store);
    const before = await contentsOf(store);
    const snapshot = await store.snapshot();
    for (let look = 0; look < 5; look += 1) {
      await server.admin.query("select pg_stat_clear_snapshot() from generate_series(1, 10000)");
      expect(await rowsOf(snapshot)).to.deep.equal(before);
    }
    await snapshot.close();
  });

  it("is unavailable when its connection is cut", async () => {
    const store = await open();
    const snapshot = await store.snapshot();
    await server.admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'countersign' and datname = current_database() and xact_start is not null`,
    );
    const error = await snapshot.counts().catch((reason) => reason);
    expect(error).to.include({ code: "store_unavailable" });
    await snapshot.close();
  });

  it("is not restored beside a leased delivery of the same lane", async () => {
    const store = await open();
    const { lease } = await fillStore(store);
    const { deliveries } = await contentsOf(store);
    const taken = only(deliveries.filter(({ delivery }) => delivery.id === lease.delivery.id));
    const other = { ...taken, position: 1_000, delivery: { ...taken.delivery, id: "dlv_else" } };
    const error = await store.restore("deliveries", [other]).catch((reason) => reason);
    expect(error).to.include({ code: "conflict" });
    expect((await contentsOf(store)).deliveries).to.deep.equal(deliveries);
  });
});
