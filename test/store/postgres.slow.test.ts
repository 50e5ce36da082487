import { expect } from "chai";
import type { Delivery, Outcome } from "../../src/domain/delivery.ts";
import { openStore } from "../../src/store/open.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import { BACKLOG } from "../../src/store/postgres/backlog.ts";
import { MIGRATION_LOCK, migrate } from "../../src/store/postgres/migrate.ts";
import { createClient, createPool } from "../../src/store/postgres/pool.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { needPostgres } from "../cli/stores.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { type PostgresServer, postgresServer } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";
import { describeStore } from "./contract.ts";
import { anAttempt } from "./filled.ts";
import { outcomeOf } from "./postgres/outcome.ts";
import { rowsRead } from "./postgres/rows-read.ts";

const PAGE = { limit: 1_000 };
const BACKLOG_SIZE = 50_000;

let tokens = 0;
const token = () => `token-${tokens++}`;
const open = (url: string) => openPostgresStore({ url, token });

describe("PostgreSQL", () => {
  let server: PostgresServer;

  before(async function () {
    await needPostgres.call(this);
    server = await postgresServer();
  });

  describeStore("PostgreSQL", async () => open(await server.newSchema()));

  it("names the lock when another connection holds that of migrations", async () => {
    const [holder, client] = [await server.admin.connect(), createClient(await server.newSchema())];
    await client.connect();
    await holder.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const refused = await outcomeOf(migrate(client, "db/countersign", 50));
    await holder.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
    holder.release();
    await client.end();
    expect(refused).to.include({ code: "store_unavailable" });
    expect(refused?.message).to.match(/db\/countersign is locked by another connection.*pg_locks/);
  });

  it("looks neither at what was delivered nor at what waits for the backlog, which is kept in counts", async () => {
    const url = await server.newSchema();
    const store = await open(url);
    const pool = createPool(url, 1);
    await pool.query(
      `insert into deliveries (event_id, destination, status, due_at, recorded_at)
       select 'e' || n, 'crm', case when n % 100 = 0 then 'pending' else 'delivered' end,
         case when n % 100 = 0 then n end, n from generate_series(1, 20000) n`,
    );
    await pool.query(
      "insert into backlog (destination, stripe, open) values ('crm', 0, 210), ('crm', 1, -10)",
    );
    await pool.query("analyze deliveries, backlog");
    const { rows } = await pool.query<{ "QUERY PLAN": string }>(`explain ${BACKLOG}`);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan)
      .to.match(/Limit[^\n]*\n[^\n]*Index Scan using deliveries_open/)
      .and.not.match(/Seq Scan on deliveries|Rows Removed|Sort/);
    expect(await store.backlog()).to.deep.equal([{ destination: "crm", open: 200, oldest: 100 }]);
    await pool.end();
    await store.close();
  });

  it("records and delivers beside a backlog without a look at it, by plans that were made before it", async () => {
    const url = await server.newSchema();
    const store = await open(url);
    /** Many together, as under load: a plan for one row would not be kept. */
    const step = async (name: string) => {
      const ids = Array.from({ length: 50 }, (_, n) => `${name}-${n}`);
      await Promise.all(ids.map((id) => store.record(aRecordRequest([aDraft({ document: aDocument(id) })]))));
      const leases = await store.claim({ destination: "crm", limit: 50, now: NEW_YEAR, until: NEW_YEAR + 1 });
      expect(leases.map(({ event }) => event.document?.id)).to.have.members(ids);
      const outcome: Outcome = { status: "delivered" };
      await Promise.all(
        leases.map(({ token }) => store.settle({ token, attempt: anAttempt(), outcome, at: NEW_YEAR })),
      );
    };
    // A prepared statement gets its lasting plan at the sixth time, on each connection.
    for (let n = 0; n < 40; n++) await step(`early-${n}`);
    const pool = createPool(url, 1);
    await pool.query(
      `insert into deliveries (event_id, destination, lane, status, due_at, recorded_at)
       select 'e' || n, 'crm', 'lane ' || n, 'pending', ${NEW_YEAR} + 1, n from generate_series(1, ${BACKLOG_SIZE}) n`,
    );
    const before = await rowsRead(pool);
    for (let n = 0; n < 10; n++) await step(`late-${n}`);
    await store.close();
    const read = (await rowsRead(pool)) - before;
    expect(read, "one statement that reads it would read ten times as much").to.be.lessThan(2 * BACKLOG_SIZE);
    await pool.end();
  });

  it("searches for rare rows in steps, and returns a cursor", async () => {
    const store = await open(await server.newSchema());
    const some = (from: number) =>
      Array.from({ length: 1_000 }, (_, n) => aDraft({ document: aDocument(`d${from + n}`) }));
    for (let from = 0; from < 6_000; from += 1_000) await store.record(aRecordRequest(some(from)));
    const receipt = aReceipt({ source: "rare" });
    await store.record(
      aRecordRequest([aDraft({ source: "rare", document: aDocument("rare") })], { receipt }),
    );

    const first = await store.findDocuments({ source: "rare" }, { limit: 100 });
    expect([first.items.length, first.searched]).to.deep.equal([0, 5_000]);
    const byText = await store.findDocuments({ search: "nowhere" }, { limit: 100, order: "newest" });
    expect([byText.items.length, byText.searched]).to.deep.equal([0, 2_500]);
    const counted = await store.countUndelivered(["status"], {}, {});
    expect([counted.items[0]?.count, counted.searched]).to.deep.equal([5_000, 5_000]);
    const second = await store.findDocuments(
      { source: "rare" },
      { limit: 100, cursor: first.next ?? undefined },
    );
    expect(second.items.map(({ id }) => id)).to.deep.equal(["rare"]);
    expect(second.next).to.equal(null);
    const indexed = await store.findEvents({ source: "rare" }, { limit: 100 });
    expect([indexed.items.length, indexed.next]).to.deep.equal([1, null]);
    await store.close();
  }).timeout(60_000);

  describe("rejections", () => {
    const refuse = (store: Store, n: number, channel: string, keep: number) =>
      store.reject(
        {
          ...{ id: `rej_${n}`, source: "lumin", channel, receivedAt: NEW_YEAR, query: "", headers: {} },
          ...{ body: Buffer.alloc(100), reason: "the signature does not match" },
          shown: { token: null, authorization: null },
        },
        keep,
      );

    it("share transactions, and the newest of each channel stay", async () => {
      const url = await server.newSchema();
      const store = await open(url);
      await Promise.all(
        Array.from({ length: 1_000 }, (_, n) => refuse(store, n, n % 2 ? "app" : "account", 5)),
      );
      const { items } = await store.findRejections({}, PAGE);
      const newest = Array.from({ length: 10 }, (_, n) => `rej_${990 + n}`);
      expect(items.map(({ id }) => id)).to.deep.equal(newest);
      const schema = new URL(url).searchParams.get("options")?.split("=")[1];
      const { rows } = await server.admin.query(`select distinct xmin::text from ${schema}.rejections`);
      expect(rows).to.have.length.below(newest.length);
      await store.close();
    });

    it("leave connections to record, claim and settle, however many are stored and read", async () => {
      const url = await server.newSchema();
      const schema = new URL(url).searchParams.get("options")?.split("=")[1];
      const store = await open(url);
      const locker = await server.admin.connect();
      await locker.query(`begin; lock table ${schema}.rejections`);
      const stuck = [
        ...Array.from({ length: 300 }, (_, n) => refuse(store, n, "app", 5)),
        ...Array.from({ length: 50 }, () => store.findRejections({}, PAGE)),
      ];
      const ended = Promise.allSettled(stuck);
      const { events } = await store.record(aRecordRequest([aDraft()]));
      expect(events).to.have.length(1);
      const leases = await store.claim({ destination: "crm", limit: 1, now: NEW_YEAR, until: NEW_YEAR + 1 });
      expect(await settle(store, only(leases), { status: "delivered" })).to.equal(true);
      await locker.query("rollback");
      locker.release();
      await ended;
      await store.close();
    });
  });

  const settle = (node: Store, lease: Lease, outcome: Outcome) =>
    node.settle({
      token: lease.token,
      attempt: anAttempt({ number: lease.delivery.attempts + 1 }),
      outcome,
      at: NEW_YEAR,
    });

  describe("a node whose clock is behind", () => {
    const MINUTE = 60_000;
    let store: Store;
    beforeEach(async () => {
      store = await open(await server.newSchema());
    });
    afterEach(() => store.close());

    const record = (receivedAt: number) =>
      store.record(aRecordRequest([aDraft()], { receipt: aReceipt({ receivedAt }) }));
    const claim = (now: number) =>
      store.claim({ destination: "crm", limit: 1, now, until: now + MINUTE }).then(only);
    const start = (now: number) =>
      store.bringForward({ destination: "crm", now, lease: MINUTE, seen: false });

    it("starts without ending leases of others and without moving their next attempts", async () => {
      const now = Date.now();
      await record(now);
      const lease = await claim(now);
      for (const behind of [30_000, 10 * MINUTE]) expect(await start(now - behind)).to.equal(0);
      expect(await settle(store, lease, { status: "pending", dueAt: now + 5 * MINUTE })).to.equal(true);
      for (const behind of [30_000, 10 * MINUTE]) expect(await start(now - behind)).to.equal(0);
      expect(await store.nextDueAt("crm")).to.equal(now + 5 * MINUTE);
    });

    it("makes deliveries due at its start that a clock far ahead recorded", async () => {
      const now = Date.now();
      await record(now + 60 * MINUTE);
      expect(await start(now)).to.equal(1);
      expect(await store.nextDueAt("crm")).to.equal(now);
    });
  });

  describe("two nodes", () => {
    let url: string;
    let nodes: [Store, Store];
    beforeEach(async () => {
      url = await server.newSchema();
      nodes = [await open(url), await open(url)];
    });
    afterEach(() => Promise.all(nodes.map((node) => node.close())));

    it("record one event for simultaneous reports, and count each other as a duplicate", async () => {
      const recorded = await Promise.all(
        Array.from({ length: 40 }, (_, i) => {
          const about = aDraft({ document: aDocument(`d${i % 5}`) });
          return nodes[i % 2]?.record(aRecordRequest([about]));
        }),
      );
      expect(recorded.filter((one) => one?.events.length === 1)).to.have.length(5);
      expect(recorded.filter((one) => one?.duplicates.length === 1)).to.have.length(35);
      expect((await nodes[0].findEvents({}, PAGE)).items).to.have.length(5);
      expect((await nodes[0].findDocument("legalesign", "d0"))?.sequence).to.equal(1);
    });

    it("record one event for simultaneous reports of a signer without a document", async () => {
      const viewed = (channel: string, signer: string) =>
        aRecordRequest(
          [aDraft({ type: "signer.viewed", document: null, channel, signer: aSigner(signer) })],
          {
            receipt: aReceipt({ channel }),
            coalesce: 600_000,
          },
        );
      const signers = Array.from({ length: 20 }, (_, i) => `s${i}`);
      await Promise.all([
        ...signers.map((signer) => nodes[0].record(viewed("batch", signer))),
        ...signers.toReversed().map((signer) => nodes[1].record(viewed("realtime", signer))),
      ]);
      expect((await nodes[0].findEvents({}, PAGE)).items).to.have.length(20);
    });

    it("see each other's changes of a document, in any order of requests", async () => {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => {
          const documents = [i % 3, (i + 1) % 3].map((n) => aDocument(`d${n}`));
          const drafts = documents.map((document) =>
            aDraft({
              type: "signer.viewed",
              signer: aSigner(`of-${document.id}`),
              document,
              time: NEW_YEAR + i,
            }),
          );
          return nodes[i % 2]?.record(aRecordRequest(i % 4 < 2 ? drafts : drafts.toReversed()));
        }),
      );
      const counts = await Promise.all(
        [0, 1, 2].map(async (n) => {
          const { items } = await nodes[1].findEvents({ document: `d${n}` }, PAGE);
          expect(items.map(({ sequence }) => sequence)).to.deep.equal(items.map((_, i) => i + 1));
          return items.length;
        }),
      );
      const known = await Promise.all([0, 1, 2].map((n) => nodes[0].findDocument("legalesign", `d${n}`)));
      expect(known.map((document) => document?.sequence)).to.deep.equal(counts);
      expect(counts.reduce((a, b) => a + b)).to.equal(200);
    });

    it("lease each delivery once, one of a lane at a time and in order, under load", async function () {
      this.timeout(60_000);
      const documents = 30;
      const each = 12;
      const leased = new Set<string>();
      const laneOf = ({ lane }: Delivery) => lane ?? expect.fail("a delivery without a lane");
      const seen = new Map<string, number[]>();
      const random = seededRandom(42);
      let open = documents * each;
      const deadline = performance.now() + 45_000;

      const post = async () => {
        for (let n = 0; n < each; n += 1) {
          await Promise.all(
            Array.from({ length: documents }, (_, d) => {
              const draft = aDraft({
                type: "signer.viewed",
                signer: aSigner(`s${d}`),
                document: aDocument(`d${d}`),
                time: NEW_YEAR + n,
              });
              return nodes[(d + n) % 2]?.record(aRecordRequest([draft]));
            }),
          );
        }
      };
      const work = async (node: Store) => {
        while (open > 0) {
          expect(performance.now(), `${open} deliveries are open`).to.be.below(deadline);
          const leases = await node.claim({
            destination: "crm",
            limit: 1 + Math.floor(random() * 10),
            now: NEW_YEAR,
            until: NEW_YEAR + 60_000,
          });
          for (const { delivery } of leases) {
            expect(leased.has(laneOf(delivery)), "two of one lane are leased").to.equal(false);
            leased.add(laneOf(delivery));
          }
          await Promise.all(leases.map((lease) => attempt(node, lease)));
        }
      };
      const attempt = async (node: Store, lease: Lease) => {
        const lane = laneOf(lease.delivery);
        await new Promise((resolve) => setTimeout(resolve, random() * 3));
        leased.delete(lane);
        if (random() < 0.2) return void (await settle(node, lease, { status: "pending", dueAt: NEW_YEAR }));
        seen.set(lane, [...(seen.get(lane) ?? []), lease.event.sequence ?? 0]);
        open -= 1;
        const parked = { status: "parked", reason: "gone" } as const;
        expect(await settle(node, lease, random() < 0.2 ? parked : { status: "delivered" })).to.equal(true);
      };

      await Promise.all([post(), ...nodes.flatMap((node) => [work(node), work(node), work(node)])]);
      expect(seen.size).to.equal(documents);
      for (const sequences of seen.values())
        expect(sequences).to.deep.equal(Array.from({ length: each }, (_, i) => i + 1));
      expect(await nodes[0].backlog()).to.deep.equal([]);
    });

    it("replay and settle side by side, and always leave one delivery of the lane to lease", async () => {
      const subscribers = [CRM];
      const drafts = (["document.created", "document.sent", "document.completed"] as const).map((type) =>
        aDraft({ type }),
      );
      await nodes[0].record(aRecordRequest(drafts, { subscribers }));
      const due = { now: NEW_YEAR, spacing: 0 };
      let delivered = 0;
      for (let round = 0; round < 30; round += 1) {
        const leases = await nodes[0].claim({
          destination: "crm",
          limit: 5,
          now: NEW_YEAR,
          until: NEW_YEAR + 1,
        });
        expect(leases).to.have.length(1);
        delivered += leases.length;
        await Promise.all([
          ...leases.map((lease) => settle(nodes[0], lease, { status: "delivered" })),
          nodes[1].replay({ destination: "crm", status: "all" }, { limit: 10 }, due),
          nodes[0].replay({ destination: "crm", status: "all" }, { limit: 10 }, due),
        ]);
        await nodes[1].replay({ destination: "crm", status: "all" }, { limit: 10 }, due);
      }
      expect(delivered).to.equal(30);
    });

    it("wake each other, and not themselves", async () => {
      const heard: [Set<string>, Set<string>] = [new Set(), new Set()];
      nodes.forEach((node, i) => {
        onWorkDue(node, (names = []) => {
          for (const name of names) heard[i]?.add(name);
        });
      });
      await until(async () => {
        await nodes[0].record(
          aRecordRequest([aDraft({ document: aDocument(token()) })], {
            subscribers: [CRM, { ...CRM, name: "archive: old" }],
          }),
        );
        return heard[1].size > 0;
      }, "the second node is woken");
      expect([...heard[1]].toSorted()).to.deep.equal(["archive: old", "crm"]);
      expect([...heard[0]]).to.deep.equal([]);
    });

    it("store the pause and the breaker of a destination independently", async () => {
      const paused = { at: NEW_YEAR, reason: "moving house" };
      const breaker = { failures: 3, probeAt: null, probes: 0 };
      await Promise.all([
        nodes[0].saveDestination("crm", { paused }),
        nodes[1].saveDestination("crm", { breaker }),
      ]);
      expect(await nodes[0].destinations()).to.deep.equal([{ name: "crm", paused, breaker }]);
    });
  });

  describe("one node", () => {
    let url: string;
    let store: Store;
    beforeEach(async () => {
      url = await server.newSchema();
      store = await open(url);
    });
    afterEach(() => store.close());

    /** Ends every connection of the store, as a restart of the server or a network that forgets would. */
    const cutOff = () =>
      server.admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'countersign' and datname = current_database()`,
      );

    it("records all requests of one turn of the event loop in one commit", async () => {
      const requests = Array.from({ length: 50 }, (_, i) =>
        aRecordRequest([aDraft({ document: aDocument(`d${i}`) })]),
      );
      await Promise.all(requests.map((request) => store.record(request)));
      const schema = new URL(url).searchParams.get("options")?.split("=")[1];
      const { rows } = await server.admin.query(`select distinct xmin::text from ${schema}.receipts`);
      expect(rows).to.have.length(1);
      const { items } = await store.findReceipts({}, PAGE);
      expect(items.map(({ id }) => id)).to.deep.equal(requests.map(({ receipt }) => receipt.id));
    });

    it("reconnects when its connections are cut, and is unavailable meanwhile", async () => {
      let woken = 0;
      onWorkDue(store, () => {
        woken += 1;
      });
      await until(() => woken > 0, "the node listens");
      await store.record(aRecordRequest([aDraft()]));
      const recorded = Array.from({ length: 300 }, (_, i) =>
        store.record(aRecordRequest([aDraft({ document: aDocument(`d${i}`) })])).then(
          () => "stored",
          (error) => error.code,
        ),
      );
      await cutOff();
      const answers = await Promise.all(recorded);
      expect(answers.filter((one) => !["stored", "store_unavailable"].includes(one))).to.deep.equal([]);
      await cutOff();
      await until(
        () =>
          store.probe().then(
            () => true,
            () => false,
          ),
        "the store can be written to",
      );
      await store.record(aRecordRequest([aDraft({ document: aDocument("after") })]));
      const stored = (await store.findReceipts({}, PAGE)).items.length;
      expect(stored).to.be.at.least(answers.filter((one) => one === "stored").length + 2);
      await until(() => woken > 1, "the node listens again");
    });

    it("is woken for any destination once its listening connection is back", async () => {
      const heard: (readonly string[] | undefined)[] = [];
      onWorkDue(store, (names) => heard.push(names));
      await until(() => heard.length > 0, "the node listens");
      heard.length = 0;
      await cutOff();
      await until(() => heard.includes(undefined), "the node is woken for any destination");
    });

    it("stores ids with NUL and lone surrogates, which PostgreSQL's text cannot hold", async () => {
      const document = { ...aDocument("a\0b\ud800"), title: "t\0" };
      const first = await store.record(aRecordRequest([aDraft({ document })]));
      const second = await store.record(aRecordRequest([aDraft({ document, type: "document.completed" })]));
      expect(first.events[0]?.sequence).to.equal(1);
      expect(second.events[0]?.sequence).to.equal(2);
      expect((await store.findEvents({ document: document.id }, PAGE)).items).to.have.length(2);
    });

    it("rejects only the request of a batch that the database refuses", async () => {
      const receipt = aReceipt();
      await store.record(aRecordRequest([], { receipt }));
      const answers = await Promise.allSettled([
        store.record(aRecordRequest([aDraft({ document: aDocument("a") })])),
        store.record(aRecordRequest([aDraft({ document: aDocument("b") })], { receipt })),
        store.record(aRecordRequest([aDraft({ document: aDocument("c") })])),
      ]);
      expect(answers.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
      expect(await store.findDocument("legalesign", "b")).to.equal(null);
    });

    it("may be opened by several nodes at once, which all see its rows", async () => {
      await store.record(aRecordRequest([aDraft()]));
      const others = await Promise.all([open(url), open(url), open(url)]);
      for (const other of others) {
        expect((await other.findEvents({}, PAGE)).items).to.have.length(1);
        await other.close();
      }
    });

    it("refuses a database of a newer version in one sentence", async () => {
      const schema = new URL(url).searchParams.get("options")?.split("=")[1];
      await server.admin.query(`update ${schema}.countersign_schema set version = 99`);
      const error = await open(url).catch((reason) => reason);
      expect(error).to.include({ code: "cannot_start" });
      expect(error.message).to.match(/written by a newer Countersign \(schema 99, this one knows \d+\)/);
    });

    it("says what to do when it cannot connect, without the password", async () => {
      const wrong = new URL(url);
      wrong.pathname = "/no_such_database";
      // TEST_DATABASE_URL may have no password, for a server that trusts all connections.
      wrong.password ||= "a-password-that-is-not-checked";
      const error = await open(wrong.href).catch((reason) => reason);
      expect(error).to.include({ code: "cannot_start" });
      expect(error.message).to.match(/no_such_database cannot be opened .*: give `store` a database/);
      expect(error.message).not.to.include(wrong.password);
    });

    it("is waited for at the start, with a warning, until the time is up", async () => {
      const warnings: string[] = [];
      const choice = { kind: "postgres", url: "postgres://127.0.0.1:1/none" } as const;
      const error = await openStore(choice, (line) => warnings.push(line), { retries: 1 }).catch(
        (reason) => reason,
      );
      expect(error).to.include({ code: "cannot_start" });
      expect(error.message).to.match(/ECONNREFUSED.*start the database/);
      expect(warnings).to.have.length(1);
      const opened = await openStore({ kind: "postgres", url }, (line) => warnings.push(line));
      await opened.close();
    });

    it("is unavailable when its port is closed", async () => {
      const error = await open("postgres://127.0.0.1:1/none").catch((reason) => reason);
      expect(error).to.include({ code: "store_unavailable" });
    });
  });
});

/** Subscribes to work that other nodes have committed. */
function onWorkDue(node: Store, workDue: (names?: readonly string[]) => void): void {
  node.subscribe?.({ workDue, stateChanged() {}, nodeCountChanged() {}, nodesDied() {} });
}

/** A seeded random number generator (mulberry32): numbers from 0 up to 1. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
}
