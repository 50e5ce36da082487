import { expect } from "chai";
import { CountersignError } from "../../src/domain/errors.ts";
import type { RecordRequest } from "../../src/store/port/inbox.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { configText, FORM, SECRET, startBridge, startReceiver, TOKEN, tidy } from "../support/bridge.ts";

const BATCH = `/in/legalesign/batch?token=${TOKEN}`;

/** One event of a document each. */
const batch = (length: number, prefix = "d") => {
  const items = Array.from({ length }, (_, i) => ({
    value: "10",
    timestamp: "2022-07-11T07:28:25+00:00",
    resource_uri: `/api/v1/document/${prefix}${i}/`,
    name: "status",
  }));
  return `data=${encodeURIComponent(JSON.stringify(items))}`;
};

let tokens = 0;
const openStore = (): Store => openSqliteStore({ file: ":memory:", token: () => `token-${tokens++}` });

describe("a batch of more items than are recorded at once", () => {
  afterEach(tidy);

  it("is recorded in slices, as one receipt with every event in the batch's order", async () => {
    const store = openStore();
    const slices: number[] = [];
    const counted = (write: Store["record"]) => (recording: RecordRequest) => {
      slices.push(recording.lookup.dedupeKeys.length);
      return write(recording);
    };
    const spied = { ...store, record: counted(store.record), amend: counted(store.amend) };
    const bridge = await startBridge(configText(), { store: spied });
    const { body } = await bridge.post(BATCH, batch(620), FORM);
    expect(slices).to.deep.equal([250, 250, 120]);
    expect(body).to.include({ events: 620, duplicates: 0, problem: null });
    const { items } = (await bridge.admin("/api/v1/events?order=oldest&limit=1000")).body;
    expect(items.map(({ document }: { document: { id: string } }) => document.id)).to.deep.equal(
      Array.from({ length: 620 }, (_, i) => `d${i}`),
    );
    const receipt = (await bridge.admin(`/api/v1/receipts/${body.receipt}`)).body;
    expect(receipt.problems).to.deep.equal([]);
    expect(receipt.events).to.have.length(620);
  });

  it("has a problem for an item that the store cannot hold, and the others are recorded", async () => {
    const store = openStore();
    const problem = {
      kind: "invalid",
      item: null,
      field: null,
      message: "the store cannot hold it",
    } as const;
    let slices = 0;
    const amend: Store["amend"] = async (recording) => {
      slices += 1;
      return slices === 1
        ? { events: [], duplicates: [], destinations: [], refused: problem }
        : store.amend(recording);
    };
    const bridge = await startBridge(configText(), { store: { ...store, amend } });
    const { status, body } = await bridge.post(BATCH, batch(620), FORM);
    expect([status, body.events, body.problem]).to.deep.equal([200, 370, problem.message]);
    const { problems } = (await bridge.admin(`/api/v1/receipts/${body.receipt}`)).body;
    expect(problems).to.deep.equal([problem]);
  });

  it("lists a thousand of its problems, and counts the rest", async () => {
    const bridge = await startBridge();
    const items = Array.from({ length: 1_600 }, () => ({ value: "10", name: "status" }));
    const body = `data=${encodeURIComponent(JSON.stringify(items))}`;
    const { receipt } = (await bridge.post(BATCH, body, FORM)).body;
    const { problems } = (await bridge.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(problems).to.have.length(1_001);
    expect(problems[1_000]).to.deep.equal({
      kind: "missing",
      item: 500,
      field: "resource_uri",
      message: "resource_uri is missing (and 2199 more that are not listed)",
    });
  });

  it("lets other requests in between its slices", async () => {
    const bridge = await startBridge();
    const answered: string[] = [];
    const post = async (name: string, length: number) => {
      await bridge.post(BATCH, batch(length, name), FORM);
      answered.push(name);
    };
    await Promise.all([post("long", 5_000), post("short", 1)]);
    expect(answered).to.deep.equal(["short", "long"]);
  });

  describe("when the store fails in the middle", () => {
    /** Stores the first slice and refuses further ones until `repair` is called. */
    function openFailing() {
      const store = openStore();
      let away = true;
      const amend: Store["amend"] = async (recording) => {
        if (away) throw new CountersignError("store_unavailable", "the disk is full");
        return store.amend(recording);
      };
      return { ...store, amend, comeBack: () => (away = false) };
    }

    it("is answered with 503, and repeated gives only the missing events", async () => {
      const receiver = await startReceiver();
      const destinations = `destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }`;
      const store = openFailing();
      const bridge = await startBridge(configText(destinations), { store });
      expect((await bridge.post(BATCH, batch(300), FORM)).status).to.equal(503);
      await receiver.got(250);
      store.comeBack();
      const { body } = await bridge.post(BATCH, batch(300), FORM);
      expect(body).to.include({ events: 50, duplicates: 250, problem: null });
      await receiver.got(300);
    });

    it("leaves a receipt that says where it broke off, and reprocessing completes it", async () => {
      const store = openFailing();
      const bridge = await startBridge(configText(), { store });
      await bridge.post(BATCH, batch(300), FORM);
      const problems = async () =>
        (await bridge.admin("/api/v1/receipts?order=oldest&problems=true")).body.items;
      expect((await problems())[0].problems).to.deep.equal([
        { kind: "unfinished", item: 250, field: null, message: "from this item on nothing is recorded yet" },
      ]);
      store.comeBack();
      const answer = await fetch(`${bridge.adminUrl}/api/v1/reprocess`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ which: "problems", reason: "the disk has room again" }),
      });
      expect(await answer.json()).to.include({ checked: 1, fixed: 1, events: 50 });
      expect(await problems()).to.deep.equal([]);
    });
  });
});
