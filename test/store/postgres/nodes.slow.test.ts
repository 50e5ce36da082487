import { expect } from "chai";
import type { Breaker } from "../../../src/domain/breaker.ts";
import type { KnownType } from "../../../src/domain/event.ts";
import type { DestinationState } from "../../../src/store/port/control.ts";
import type { Lease } from "../../../src/store/port/queue.ts";
import { tokenOf } from "../../../src/store/postgres/leases.ts";
import { join } from "../../../src/store/postgres/membership.ts";
import { createClient } from "../../../src/store/postgres/pool.ts";
import { createSession } from "../../../src/store/postgres/session.ts";
import { openPostgresStore } from "../../../src/store/postgres.ts";
import type { Store } from "../../../src/store/store.ts";
import { needPostgres } from "../../cli/stores.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../../support/builders.ts";
import { only } from "../../support/only.ts";
import { type PostgresServer, postgresServer } from "../../support/postgres-server.ts";
import { until } from "../../support/until.ts";
import { anAttempt } from "../filled.ts";

const UNTIL = NEW_YEAR + 45_000;
const MOVING = { at: NEW_YEAR, reason: "moving house" };
const OPEN: Breaker = { failures: 10, probeAt: NEW_YEAR, probes: 1 };

let tokens = 0;

/** A store, and the last notifications that it received. */
interface Node {
  store: Store;
  states: readonly DestinationState[];
  nodes: number;
  /** How often it was notified that nodes are dead. */
  deaths: number;
}

describe("nodes of one PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  let all: Node[];

  before(async function () {
    await needPostgres.call(this);
    server = await postgresServer();
  });
  beforeEach(async () => {
    url = await server.newSchema();
    all = [await aNode(), await aNode(), await aNode()];
    await until(() => all.every(({ nodes }) => nodes === 3), "every node knows 3 nodes");
  });
  afterEach(() => Promise.all(all.splice(0).map(({ store }) => store.close())));

  async function aNode(): Promise<Node> {
    const store = await openPostgresStore({ url, token: () => `token-${tokens++}` });
    return subscribed(store);
  }
  const [first, second] = [() => storeOf(0), () => storeOf(1)];
  function storeOf(index: number): Store {
    return all[index]?.store ?? expect.fail(`there is no node ${index}`);
  }

  const record = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        first().record(aRecordRequest([aDraft({ document: aDocument(`d${i}`) })])),
      ),
    );
  const claim = (store: Store, given: Partial<Parameters<Store["claim"]>[0]> = {}) =>
    store.claim({ destination: "crm", limit: 10, now: NEW_YEAR, until: UNTIL, ...given });
  const capacityOf = (limit: number, finished: readonly Lease[] = []) => ({
    capacity: { limit, settleMargin: 15_000, finished },
  });
  const claimAll = async (given: Partial<Parameters<Store["claim"]>[0]>) =>
    (await Promise.all(all.map(({ store }) => claim(store, given)))).flat();
  const settle = ({ token }: Lease) =>
    second().settle({
      token,
      attempt: anAttempt(),
      outcome: { status: "delivered" },
      at: NEW_YEAR,
    });
  const save = (state: Partial<DestinationState>) => first().saveDestination("crm", state);
  const breaker = async () => (await second().destinations())[0]?.breaker ?? null;
  const isPaused = ({ states }: Node) => states[0]?.paused?.reason === MOVING.reason;
  const isResumed = ({ states }: Node) => states[0]?.paused === null;
  const breakersHeard = () => all.map(({ states }) => states[0]?.breaker ?? null);

  describe("take over what a dead node had leased", () => {
    let mortal: Awaited<ReturnType<typeof aMortalNode>>;
    beforeEach(async () => {
      mortal = await aMortalNode();
      await until(() => all.every(({ nodes }) => nodes === 4), "every node knows 4 nodes");
    });
    afterEach(() => mortal.close());

    /** A node that can die as a killed process does: the server sees its connections end. */
    async function aMortalNode() {
      const client = createClient(url);
      await client.connect();
      const channel = `countersign_${new URL(url).searchParams.get("options")?.split("=")[1] ?? "public"}`;
      const number = await join(createSession(client), channel, null);
      const store = await openPostgresStore({ url, token: () => tokenOf(`token-${tokens++}`, number) });
      let connected = true;
      const die = async () => {
        if (connected) await client.end();
        connected = false;
      };
      return {
        store,
        die,
        async close() {
          await die();
          await store.close();
        },
      };
    }
    const everybodyKnows = () =>
      until(() => all.every(({ deaths }) => deaths > 0), "every node knows the death");
    /** All of them together, as in life. Returns how many leases each ended. */
    const endLeases = (now: number) => Promise.all(all.map(({ store }) => store.endLeases(now)));
    const LATER = NEW_YEAR + 1;

    it("as soon as it is dead, once, and neither what others hold nor what was settled", async () => {
      await record(20);
      const lost = await claim(mortal.store, { limit: 6 });
      const [settled, late] = [only(lost.slice(0, 1)), only(lost.slice(1, 2))];
      await settle(settled);
      const held = await claim(first(), { limit: 4 });
      await mortal.die();
      await everybodyKnows();
      const ended = await endLeases(LATER);
      expect(ended.toSorted()).to.deep.equal([0, 0, 5]);
      expect(await endLeases(LATER)).to.deep.equal([0, 0, 0]);
      await until(() => all.every(({ nodes }) => nodes === 3), "every node knows 3 nodes");

      expect(await settle(late), "a late settlement of the dead node").to.equal(false);
      const due = await claim(second(), { limit: 20, now: LATER });
      const idsOf = (leases: readonly Lease[]) => leases.map(({ delivery }) => delivery.id);
      expect(due).to.have.length(20 - 1 - held.length);
      expect(idsOf(due)).to.include.members(idsOf(lost.slice(1)));
      expect(idsOf(due)).to.not.include.members(idsOf([settled]));
      expect(due.map(({ delivery }) => delivery.attempts)).to.deep.equal(due.map(() => 0));
    });

    it("with a probe, in whose place the next one may go at once", async () => {
      await record(1);
      await save({ breaker: OPEN });
      expect(await claim(mortal.store, { probe: true })).to.have.length(1);
      await mortal.die();
      await everybodyKnows();
      expect((await endLeases(LATER)).toSorted()).to.deep.equal([0, 0, 1]);
      expect(await claim(first(), { probe: true, now: LATER })).to.have.length(1);
    });

    it("and leave alone one that lives, whose connection was lost and is back", async () => {
      await record(20);
      const held = await claimAll({ limit: 2 });
      expect(held).to.have.length(6);
      expect(await claim(mortal.store, { limit: 3 })).to.have.length(3);
      await server.admin.query(`${CUT_LISTENERS} limit 1`);
      await mortal.die();
      await until(() => all.filter(({ deaths }) => deaths > 0).length === 2, "the two others know the death");
      const ended = await endLeases(LATER);
      expect(ended.toSorted()).to.deep.equal([0, 0, 3]);
      for (const lease of held) expect(await settle(lease)).to.equal(true);
    });
  });

  describe("lease", () => {
    beforeEach(() => record(20));

    it("nothing of a destination that any of them has paused", async () => {
      await save({ paused: MOVING });
      expect(await claimAll({})).to.deep.equal([]);
      await second().saveDestination("crm", { paused: null });
      expect(await claimAll({ limit: 1 })).to.have.length(3);
    });

    it("nothing while the breaker is open, and no probe before its time", async () => {
      await save({ breaker: { ...OPEN, probeAt: NEW_YEAR + 1 } });
      expect(await claimAll({})).to.deep.equal([]);
      expect(await claimAll({ probe: true, limit: 1 })).to.deep.equal([]);
      await save({ breaker: null });
      expect(await claimAll({ limit: 1 })).to.have.length(3);
    });

    it("one probe among them, and the next when its lease has expired", async () => {
      await save({ breaker: OPEN });
      expect(await claimAll({ probe: true })).to.have.length(1);
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: UNTIL });
      expect(await claimAll({ probe: true, now: UNTIL - 1 })).to.deep.equal([]);
      expect(await claimAll({ probe: true, now: UNTIL, until: UNTIL + 45_000 })).to.have.length(1);
    });

    it("one probe even when an operator resumes the destination meanwhile", async () => {
      await save({ breaker: OPEN });
      const probe = only(await claimAll({ probe: true }));
      await save({ paused: null, breaker: OPEN });
      expect(await claimAll({ probe: true })).to.deep.equal([]);
      await settle(probe);
      expect(await claimAll({ probe: true })).to.have.length(1);
    });

    it("the next probe at once when the current one is released", async () => {
      await save({ breaker: OPEN });
      await second().release(await claimAll({ probe: true }), NEW_YEAR + 5);
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: NEW_YEAR + 5 });
      expect(await claimAll({ probe: true, now: NEW_YEAR + 5 })).to.have.length(1);
    });

    it("the next probe at once when the current one is parked unsent", async () => {
      await save({ breaker: OPEN });
      const { token } = only(await claimAll({ probe: true }));
      const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
      await second().settle({ token, attempt: null, outcome, at: NEW_YEAR + 5 });
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: NEW_YEAR + 5 });
      expect(await claimAll({ probe: true, now: NEW_YEAR + 5 })).to.have.length(1);
    });

    it("no probe when nothing is due", async () => {
      await first().saveDestination("archive", { breaker: OPEN });
      expect(await claimAll({ destination: "archive", probe: true })).to.deep.equal([]);
      expect(await breaker()).to.deep.equal(OPEN);
    });

    it("deliveries for nodes that still believe the breaker open after it was closed", async () => {
      await save({ breaker: null });
      expect(await claimAll({ probe: true, limit: 1 })).to.have.length(3);
      expect(await breaker()).to.equal(null);
    });

    it("no more than the capacity, however many claim at once", async () => {
      const given = { ...capacityOf(4), limit: 3 };
      const leases = await claimAll(given);
      expect(leases).to.have.length(4);
      expect(await claimAll(given)).to.deep.equal([]);
      for (const lease of leases.slice(0, 2)) await settle(lease);
      expect(await claimAll(given)).to.have.length(2);
      expect(await claimAll({ ...given, destination: "archive" }), "of another destination").to.deep.equal(
        [],
      );
    });

    it("within capacity freed by a release, and by a dead node once its attempts must be over", async () => {
      const leases = await claimAll(capacityOf(2));
      await second().release(leases.slice(0, 1), NEW_YEAR);
      expect(await claimAll(capacityOf(2))).to.have.length(1);
      expect(await claimAll({ ...capacityOf(2), now: NEW_YEAR + 29_999 })).to.deep.equal([]);
      expect(
        await claimAll({ ...capacityOf(2), now: NEW_YEAR + 30_000, until: UNTIL + 30_000 }),
      ).to.have.length(2);
    });

    it("within capacity freed by finished attempts, unless others hold their leases", async () => {
      const lease = only(await claimAll(capacityOf(1)));
      const stale = { ...lease, token: "stale" };
      expect(await claim(second(), capacityOf(1, [stale]))).to.deep.equal([]);
      expect(await claim(second(), capacityOf(1, [lease]))).to.have.length(1);
      await settle(lease);
      expect(await claim(second(), capacityOf(1, [lease]))).to.deep.equal([]);
    });
  });

  describe("record", () => {
    const MANY = Array.from({ length: 30 }, (_, i) => i);
    const report = (type: KnownType, n: number, { channel = "realtime", ahead = 0, named = true }) => {
      const document = named ? aDocument(`doc-${n}`) : null;
      const draft = aDraft({ type, channel, document, signer: aSigner(`ann-${n}`), time: NEW_YEAR + ahead });
      return aRecordRequest([draft], { receipt: aReceipt({ channel }), coalesce: 60_000 });
    };

    it("one event of two channels' simultaneous reports, of which one has no document", async () => {
      for (const n of MANY) {
        const [named, unnamed] = await Promise.all([
          first().record(report("signer.viewed", n, {})),
          second().record(report("signer.viewed", n, { channel: "batch", ahead: 3_000, named: false })),
        ]);
        expect([...named.events, ...unnamed.events], `signer ${n}`).to.have.length(1);
      }
    });

    it("no sequence of a document for a report that another node recorded first", async () => {
      for (const n of MANY) {
        const [named] = await Promise.all([
          first().record(report("signer.signed", n, {})),
          second().record(report("signer.signed", n, { channel: "batch", named: false })),
        ]);
        const { items } = await first().findDocuments({ id: `doc-${n}` }, { limit: 1 });
        expect(items[0]?.sequence ?? 0, `document ${n}`).to.equal(named.events.length);
      }
    });

    it("requests and attempts in the same tallies, at the same time", async () => {
      const post = (node: number, n: number) =>
        aRecordRequest([aDraft({ document: aDocument(`${node}-${n}`) })]);
      await Promise.all(all.flatMap(({ store }, node) => MANY.map((n) => store.record(post(node, n)))));
      const leases = await claim(first(), { limit: 3 * MANY.length });
      expect(await Promise.all(leases.map(settle))).not.to.include(false);
      for (const { store } of all) {
        const { requests, deliveries } = await store.tallies({ from: 0 });
        expect([...requests, ...deliveries].map(({ outcome, count }) => [outcome, count])).to.deep.equal([
          ["accepted", 3 * MANY.length],
          ["delivered", 3 * MANY.length],
        ]);
      }
    });
  });

  describe("are notified of", () => {
    it("state changes by any node, their own included", async () => {
      await save({ paused: MOVING });
      await until(() => all.every(isPaused), "every node knows the pause");
      await second().saveDestination("crm", { paused: null });
      await until(() => all.every(isResumed), "every node knows the end of the pause");
    });

    it("the lease of a probe, and its release", async () => {
      await record(1);
      await save({ breaker: OPEN });
      const leases = await claim(first(), { probe: true });
      await until(() => breakersHeard().every((one) => one?.probeAt === UNTIL), "the lease is known");
      await first().release(leases, NEW_YEAR);
      await until(() => breakersHeard().every((one) => one?.probeAt === NEW_YEAR), "the release is known");
    });

    it("changes that were stored while their connections were down", async () => {
      await server.admin.query(CUT_LISTENERS);
      await save({ paused: MOVING });
      await until(() => all.every(isPaused), "every node knows the pause");
    });

    it("the present state when they subscribe, in place of the subscriber before", async () => {
      await save({ paused: MOVING });
      const [before = expect.fail("no node")] = all;
      await until(() => before.states.length === 1, "the first subscriber knows the state");
      const after = subscribed(first());
      expect(after.nodes).to.equal(3);
      await until(() => isPaused(after), "the second subscriber knows the pause");
      await save({ paused: null });
      await until(() => isResumed(after), "the second subscriber knows the end of the pause");
      expect(before.states[0]?.paused).to.deep.equal(MOVING);
    });

    it("their number, as nodes come and go", async () => {
      all.push(await aNode());
      await until(() => all.every(({ nodes }) => nodes === 4), "every node knows 4 nodes");
      await all.pop()?.store.close();
      await all.pop()?.store.close();
      await until(() => all.every(({ nodes }) => nodes === 2), "every node knows 2 nodes");
    });

    it("no node that only opened the store, as an export does", async () => {
      const other = await openPostgresStore({ url, token: () => "other" });
      await other.record(aRecordRequest([aDraft()]));
      all.push(await aNode());
      await until(() => all.every(({ nodes }) => nodes === 4), "every node knows 4 nodes");
      await other.close();
    });

    it("no smaller number after all connections were down, as after a restart of the server", async () => {
      const heard: number[] = [];
      first().subscribe?.({
        workDue: () => heard.push(0),
        stateChanged() {},
        nodeCountChanged: (count) => heard.push(count),
        nodesDied() {},
      });
      heard.length = 0;
      await server.admin.query(CUT_LISTENERS);
      await until(() => heard.length > 0, "the node listens again");
      all.push(await aNode());
      await until(() => heard.includes(4), "the node knows 4 nodes");
      expect(heard.filter((count) => count > 0 && count < 3)).to.deep.equal([]);
    });
  });
});

function subscribed(store: Store): Node {
  const node: Node = { store, states: [], nodes: 0, deaths: 0 };
  store.subscribe?.({
    workDue() {},
    stateChanged: (states) => {
      node.states = states;
    },
    nodeCountChanged: (count) => {
      node.nodes = count;
    },
    nodesDied: () => {
      node.deaths += 1;
    },
  });
  return node;
}

/** The connections over which nodes listen, and the statement that ends them. */
const LISTENERS = `select pid from pg_locks
  where locktype = 'advisory' and objsubid = 2 and mode = 'ExclusiveLock'
    and database = (select oid from pg_database where datname = current_database())`;
const CUT_LISTENERS = `select pg_terminate_backend(pid, 5000) from (${LISTENERS}) listener`;
