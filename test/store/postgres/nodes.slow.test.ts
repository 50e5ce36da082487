import { expect } from "chai";
import type { Breaker } from "../../../src/domain/breaker.ts";
import type { KnownType } from "../../../src/domain/event.ts";
import type { DestinationState } from "../../../src/store/port/control.ts";
import type { Lease } from "../../../src/store/port/queue.ts";
import { openPostgresStore } from "../../../src/store/postgres.ts";
import type { Store } from "../../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../../support/builders.ts";
import { until } from "../../support/clock.ts";
import { type PostgresServer, postgresServer } from "../../support/postgres-server.ts";
import { anAttempt } from "../filled.ts";

const UNTIL = NEW_YEAR + 45_000;
const MOVING = { at: NEW_YEAR, reason: "moving house" };
const OPEN: Breaker = { failures: 10, probeAt: NEW_YEAR, probes: 1 };

let tokens = 0;

/** A store, and what it heard last. */
interface Node {
  store: Store;
  kept: readonly DestinationState[];
  nodes: number;
}

describe("nodes of one PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  let all: Node[];

  before(async function () {
    this.timeout(60_000);
    server = await postgresServer().catch(() => this.skip());
  });
  beforeEach(async () => {
    url = await server.newSchema();
    all = [await aNode(), await aNode(), await aNode()];
    await until(() => all.every(({ nodes }) => nodes === 3));
  });
  afterEach(() => Promise.all(all.splice(0).map(({ store }) => store.close())));

  async function aNode(): Promise<Node> {
    const store = await openPostgresStore({ url, token: () => `token-${tokens++}` });
    const node: Node = { store, kept: [], nodes: 0 };
    store.subscribe?.({
      workDue() {},
      stateChanged: (states) => {
        node.kept = states;
      },
      nodeCountChanged: (count) => {
        node.nodes = count;
      },
    });
    return node;
  }
  const [first, second] = [() => storeOf(0), () => storeOf(1)];
  function storeOf(index: number): Store {
    const node = all[index];
    if (!node) throw new Error("there is no such node");
    return node.store;
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
  const settle = ({ delivery, token }: Lease) =>
    second().settle({
      delivery: delivery.id,
      token,
      attempt: anAttempt(),
      outcome: { status: "delivered" },
      at: NEW_YEAR,
    });
  const keep = (state: Partial<DestinationState>) => first().saveDestination("crm", state);
  const breaker = async () => (await second().destinations())[0]?.breaker ?? null;
  const breakersHeard = () => all.map(({ kept }) => kept[0]?.breaker ?? null);

  describe("lease", () => {
    beforeEach(() => record(20));

    it("nothing of a destination that any of them has paused, from then on", async () => {
      await keep({ paused: MOVING });
      expect(await claimAll({})).to.deep.equal([]);
      await second().saveDestination("crm", { paused: null });
      expect(await claimAll({ limit: 1 })).to.have.length(3);
    });

    it("nothing but probes while its breaker is open, and no probe before its time", async () => {
      await keep({ breaker: { ...OPEN, probeAt: NEW_YEAR + 1 } });
      expect(await claimAll({})).to.deep.equal([]);
      expect(await claimAll({ probe: true, limit: 1 })).to.deep.equal([]);
      await keep({ breaker: null });
      expect(await claimAll({ limit: 1 })).to.have.length(3);
    });

    it("one probe, whoever asks, and the next when its lease has ended", async () => {
      await keep({ breaker: OPEN });
      expect(await claimAll({ probe: true })).to.have.length(1);
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: UNTIL });
      expect(await claimAll({ probe: true, now: UNTIL - 1 })).to.deep.equal([]);
      expect(await claimAll({ probe: true, now: UNTIL, until: UNTIL + 45_000 })).to.have.length(1);
    });

    it("one probe even when a person resumes the destination while it is out", async () => {
      await keep({ breaker: OPEN });
      const [probe] = await claimAll({ probe: true });
      await keep({ paused: null, breaker: OPEN });
      expect(await claimAll({ probe: true })).to.deep.equal([]);
      if (probe) await settle(probe);
      expect(await claimAll({ probe: true })).to.have.length(1);
    });

    it("the next probe at once when the one that is out is given back untried", async () => {
      await keep({ breaker: OPEN });
      await second().release(await claimAll({ probe: true }), NEW_YEAR + 5);
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: NEW_YEAR + 5 });
      expect(await claimAll({ probe: true, now: NEW_YEAR + 5 })).to.have.length(1);
    });

    it("the next probe at once when nothing was sent of the one that is out", async () => {
      await keep({ breaker: OPEN });
      const [probe] = await claimAll({ probe: true });
      const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
      const { delivery, token } = probe ?? expect.fail("no probe");
      await second().settle({ delivery: delivery.id, token, attempt: null, outcome, at: NEW_YEAR + 5 });
      expect(await breaker()).to.deep.equal({ ...OPEN, probeAt: NEW_YEAR + 5 });
      expect(await claimAll({ probe: true, now: NEW_YEAR + 5 })).to.have.length(1);
    });

    it("no probe when there is nothing to probe with", async () => {
      await first().saveDestination("archive", { breaker: OPEN });
      expect(await claimAll({ destination: "archive", probe: true })).to.deep.equal([]);
      expect(await breaker()).to.deep.equal(OPEN);
    });

    it("to one that believes the breaker open although another has closed it", async () => {
      await keep({ breaker: null });
      expect(await claimAll({ probe: true, limit: 1 })).to.have.length(3);
      expect(await breaker()).to.equal(null);
    });

    it("no more than may be out at a time, however many ask at once", async () => {
      const given = { ...capacityOf(4), limit: 3 };
      const leases = await claimAll(given);
      expect(leases).to.have.length(4);
      expect(await claimAll(given)).to.deep.equal([]);
      for (const lease of leases.slice(0, 2)) await settle(lease);
      expect(await claimAll(given)).to.have.length(2);
      expect(await claimAll({ ...given, destination: "archive" }), "of another").to.deep.equal([]);
    });

    it("the room of what was given back, and of a node that died once its tries would be over", async () => {
      const leases = await claimAll(capacityOf(2));
      await second().release(leases.slice(0, 1), NEW_YEAR);
      expect(await claimAll(capacityOf(2))).to.have.length(1);
      expect(await claimAll({ ...capacityOf(2), now: NEW_YEAR + 29_999 })).to.deep.equal([]);
      expect(
        await claimAll({ ...capacityOf(2), now: NEW_YEAR + 30_000, until: UNTIL + 30_000 }),
      ).to.have.length(2);
    });

    it("the room of what is only waiting to be written down, but not of what somebody else has by now", async () => {
      const [lease] = await claimAll(capacityOf(1));
      if (!lease) throw new Error("nothing was leased");
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

    it("one event of what two channels tell at once, of which one does not name the document", async () => {
      for (const n of MANY) {
        const [named, unnamed] = await Promise.all([
          first().record(report("signer.viewed", n, {})),
          second().record(report("signer.viewed", n, { channel: "batch", ahead: 3_000, named: false })),
        ]);
        expect([...named.events, ...unnamed.events], `signer ${n}`).to.have.length(1);
      }
    });

    it("no number of a document for what another node tells of its signer first", async () => {
      for (const n of MANY) {
        const [named] = await Promise.all([
          first().record(report("signer.signed", n, {})),
          second().record(report("signer.signed", n, { channel: "batch", named: false })),
        ]);
        const { items } = await first().findDocuments({ id: `doc-${n}` }, { limit: 1 });
        expect(items[0]?.sequence ?? 0, `document ${n}`).to.equal(named.events.length);
      }
    });
  });

  describe("hear", () => {
    it("what any of them keeps, the one that keeps it too", async () => {
      await keep({ paused: MOVING });
      await until(() => all.every(({ kept }) => kept[0]?.paused?.reason === MOVING.reason));
      await second().saveDestination("crm", { paused: null });
      await until(() => all.every(({ kept }) => kept[0]?.paused === null));
    });

    it("until when a probe is out, and that it was given back", async () => {
      await record(1);
      await keep({ breaker: OPEN });
      const leases = await claim(first(), { probe: true });
      await until(() => breakersHeard().every((one) => one?.probeAt === UNTIL));
      await first().release(leases, NEW_YEAR);
      await until(() => breakersHeard().every((one) => one?.probeAt === NEW_YEAR));
    });

    it("what was kept while their line was down", async () => {
      await server.admin.query(LINES_DOWN);
      await keep({ paused: MOVING });
      await until(() => all.every(({ kept }) => kept[0]?.paused?.reason === MOVING.reason));
    });

    it("how things are when they begin to listen, and nobody else does any more when another does", async () => {
      await keep({ paused: MOVING });
      const before = all[0];
      const after: Node = { store: first(), kept: [], nodes: 0 };
      await until(() => before?.kept.length === 1);
      first().subscribe?.({
        workDue() {},
        stateChanged: (states) => {
          after.kept = states;
        },
        nodeCountChanged: (count) => {
          after.nodes = count;
        },
      });
      expect(after.nodes).to.equal(3);
      await until(() => after.kept[0]?.paused?.reason === MOVING.reason);
      await keep({ paused: null });
      await until(() => after.kept[0]?.paused === null);
      expect(before?.kept[0]?.paused).to.deep.equal(MOVING);
    });

    it("how many they are, as they come and go", async () => {
      all.push(await aNode());
      await until(() => all.every(({ nodes }) => nodes === 4));
      await all.pop()?.store.close();
      await all.pop()?.store.close();
      await until(() => all.every(({ nodes }) => nodes === 2));
    });

    it("of none that only opened the store: an export is no node", async () => {
      const other = await openPostgresStore({ url, token: () => "other" });
      await other.record(aRecordRequest([aDraft()]));
      all.push(await aNode());
      await until(() => all.every(({ nodes }) => nodes === 4));
      await other.close();
    });

    it("of no fewer when the lines of all were down, as when the server was restarted", async () => {
      const heard: number[] = [];
      first().subscribe?.({
        workDue: () => heard.push(0),
        stateChanged() {},
        nodeCountChanged: (count) => heard.push(count),
      });
      heard.length = 0;
      await server.admin.query(LINES_DOWN);
      await until(() => heard.length > 0);
      all.push(await aNode());
      await until(() => heard.includes(4));
      expect(heard.filter((count) => count > 0 && count < 3)).to.deep.equal([]);
    });
  });
});

/** Ends the connections over which nodes listen. */
const LINES_DOWN = `select pg_terminate_backend(pid, 5000) from pg_locks
  where locktype = 'advisory' and objsubid = 1 and mode = 'ShareLock'
    and database = (select oid from pg_database where datname = current_database())`;
