import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { cursorAt } from "../../src/store/cursor.ts";
import { type LowdbOptions, type LowdbStore, openLowdbStore } from "../../src/store/lowdb.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { describeStore } from "./contract.ts";
import { contentsOf, DAY, deliverAll, fillStore, pruneAll, settle } from "./filled.ts";

const PAGE = { limit: 100 };
const folders: string[] = [];
let tokens = 0;

async function aFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-"));
  folders.push(folder);
  return join(folder, "store.json");
}

describeStore("lowdb", async () => {
  const open = await openLowdbStore({
    file: await aFile(),
    token: () => `token-${tokens++}`,
    warn: () => {},
  });
  return open;
});

describe("a lowdb file", () => {
  let file: string;
  let warnings: string[];
  let store: LowdbStore | null;
  beforeEach(async () => {
    file = await aFile();
    warnings = [];
    store = null;
  });
  afterEach(() => store?.close());
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const open = async (options: Partial<LowdbOptions> = {}) => {
    await store?.close();
    store = await openLowdbStore({
      file,
      token: () => `token-${tokens++}`,
      warn: (message) => warnings.push(message),
      ...options,
    });
    return store;
  };
  const close = async () => {
    await store?.close();
    store = null;
  };
  const sent = (document: string, body = "{}") =>
    aRecordRequest([aDraft({ document: aDocument(document) })], {
      receipt: aReceipt({ body: Buffer.from(body) }),
    });
  const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
  const documentsOf = async (of: LowdbStore) => (await of.findDocuments({}, PAGE)).items.map(({ id }) => id);
  const claim = (of: LowdbStore, now = NEW_YEAR) =>
    of.claim({ destination: "crm", limit: 10, now, until: now + 60_000 });
  /** A folder where the copy is written makes every write fail. */
  const jam = () => mkdirSync(`${file}.new`);
  const unjam = () => rmSync(`${file}.new`, { recursive: true });

  it("has its rows and leases again after a restart", async () => {
    const before = await open();
    const body = Buffer.from([0xff, 0x00, 0xfe]);
    const receipt = aReceipt({ body });
    const drafts = [aDraft(), aDraft({ type: "document.completed" })];
    const [event = expect.fail("no event")] = (await before.record(aRecordRequest(drafts, { receipt })))
      .events;
    await before.record(aRecordRequest([aDraft()], { receipt: aReceipt({ channel: "realtime" }) }));
    await before.saveDestination("crm", { paused: { at: NEW_YEAR, reason: "moving" } });
    const lease = only(await claim(before));
    const history = await before.findEvent(event.id);

    const after = await open();
    expect(await after.findEvent(event.id)).to.deep.equal(history);
    expect((await after.findReceipt(receipt.id))?.body).to.deep.equal(body);
    expect(await after.destinations()).to.have.length(1);
    expect(await claim(after)).to.deep.equal([]);
    expect(only(await claim(after, NEW_YEAR + 60_000)).delivery.id).to.equal(lease.delivery.id);
    expect((await after.record(aRecordRequest([aDraft()]))).duplicates).to.deep.equal([event.id]);
    const { items } = await after.findReceipts({}, PAGE);
    expect(items.map(({ channel }) => channel)).to.deep.equal(["batch", "realtime", "batch"]);
  });

  it("has every table in order after a restart, and after prunes that could not be written", async () => {
    const before = await open();
    await fillStore(before);
    await deliverAll(before, NEW_YEAR + DAY);
    await deliverAll(before, NEW_YEAR + DAY, "erp");
    const contents = await contentsOf(before);
    jam();
    for (const table of ["receipts", "events", "attempts", "documents", "audit", "tombstones"] as const) {
      const step = { table, before: NEW_YEAR + DAY, limit: 3 };
      expect(await failureOf(before.prune(step))).to.include({ code: "store_unavailable" });
    }
    unjam();
    await before.probe();
    expect(await contentsOf(before)).to.deep.equal(contents);
    const after = await open();
    expect(await contentsOf(after)).to.deep.equal(contents);
    expect(await pruneAll(after, "events", NEW_YEAR + DAY)).to.equal(contents.events.length);
  });

  it("gives no position twice over a restart, so that a cursor still leads to what is new", async () => {
    const before = await open();
    await before.record(sent("doc-1"));
    await before.record(sent("doc-2"));
    await deliverAll(before);
    const [, second] = (await contentsOf(before)).events;
    const cursor = cursorAt(second?.position ?? 0);
    await pruneAll(before, "events", NEW_YEAR + DAY);

    const after = await open();
    await after.record(sent("doc-3"));
    const { items } = await after.findEvents({}, { ...PAGE, cursor });
    expect(items.map(({ document }) => document?.id)).to.deep.equal(["doc-3"]);
  });

  it("prunes the oldest attempts first after a restart, of whichever delivery", async () => {
    const before = await open();
    await before.record(sent("doc-1"));
    await before.record(sent("doc-2"));
    const [first, second] = await claim(before);
    for (const [lease, startedAt] of [
      [second, NEW_YEAR],
      [first, NEW_YEAR + DAY],
    ] as const)
      if (!lease || !(await settle(before, lease, undefined, { startedAt }))) expect.fail("it is not leased");

    const after = await open();
    expect(await pruneAll(after, "attempts", NEW_YEAR + 1, 1)).to.equal(1);
    const { deliveries } = await contentsOf(after);
    expect(deliveries.map(({ history }) => history.length)).to.deep.equal([1, 0]);
  });

  it("is read in the form before retention, with the time of each document's newest event", async () => {
    const before = await open();
    await before.record(sent("doc-1"));
    await close();
    const { tombstones: _, checksum: __, ...old } = JSON.parse(readFileSync(file, "utf8"));
    for (const row of old.documents) delete row.changedAt;
    const text = JSON.stringify(old).replace(/}$/, ",");
    writeFileSync(file, `${text}"checksum": ${crc32(text)}}`);
    const { documents, tombstones } = await contentsOf(await open());
    expect(warnings).to.deep.equal([]);
    expect(documents[0]).to.include({ changedAt: NEW_YEAR });
    expect(tombstones).to.deep.equal([]);
  });

  it("is readable JSON, with one row per line", async () => {
    await (await open()).record(sent("doc-1"));
    const text = readFileSync(file, "utf8");
    const read = JSON.parse(text);
    expect(read.documents[0].document).to.include({ id: "doc-1", status: "sent" });
    expect(read.receipts[0].body).to.equal(Buffer.from("{}").toString("base64"));
    expect(text.split("\n").filter((line) => line.includes('"doc-1"'))).to.have.length(2);
  });

  it("is written once for a batch, and once more for all that arrives meanwhile", async () => {
    const batching = await open();
    const documents = Array.from({ length: 50 }, (_, i) => `doc-${i}`);
    const first = documents.map((document) => batching.record(sent(document)));
    await new Promise(setImmediate);
    const second = documents.map((document) => batching.record(sent(`${document}-later`)));
    await Promise.all([...first, ...second]);
    expect(batching.commits).to.equal(2);
    expect(await documentsOf(batching)).to.deep.equal([
      ...documents,
      ...documents.map((document) => `${document}-later`),
    ]);
  });

  it("carries out each of the writes that arrive together once, when none of them fails", async () => {
    const opened = await open();
    let carriedOut = 0;
    const types = ["document.created", "document.sent", "document.completed"] as const;
    const requests = types.map((type) => {
      const request = aRecordRequest([aDraft({ type })]);
      const resolve: typeof request.resolve = (known) => {
        carriedOut += 1;
        return request.resolve(known);
      };
      return { ...request, resolve };
    });
    await Promise.all([
      ...requests.map(opened.record),
      opened.saveDestination("crm", { paused: { at: NEW_YEAR, reason: "moving" } }),
      opened.saveDestination("crm", { paused: null }),
    ]);
    expect(carriedOut).to.equal(3);
    expect(await opened.findDocument("legalesign", "doc-1")).to.include({ status: "completed", sequence: 3 });
  });

  it("is not written when nothing changes", async () => {
    const idle = await open();
    expect(await claim(idle)).to.deep.equal([]);
    expect(await idle.dropRejection("rej_no")).to.equal(false);
    await idle.probe();
    expect(idle.commits).to.equal(0);
  });

  it("rolls back all requests of a failed write, and records again afterwards", async () => {
    const jammed = await open();
    await jammed.record(sent("before"));
    await jammed.reject(aRejection("rej_1"), 10);
    await jammed.reject(aRejection("rej_2"), 10);
    const lease = only(await claim(jammed));
    const { id, attempts } = lease.delivery;
    jam();
    const failures = await Promise.all(
      [
        jammed.record(sent("lost")),
        jammed.record(
          aRecordRequest([aDraft({ document: aDocument("before"), type: "document.completed" })]),
        ),
        jammed.dropRejection("rej_1"),
        jammed.release([lease], NEW_YEAR),
      ].map(failureOf),
    );
    for (const failure of failures) expect(failure).to.include({ code: "store_unavailable" });
    expect(await failureOf(jammed.probe())).to.include({ code: "store_unavailable" });
    expect(await documentsOf(jammed)).to.deep.equal(["before"]);
    expect(await jammed.findDocument("legalesign", "before")).to.include({ status: "sent", sequence: 1 });
    const { items } = await jammed.findRejections({}, PAGE);
    expect(items.map((one) => one.id)).to.deep.equal(["rej_1", "rej_2"]);
    expect(await jammed.findDelivery(id)).to.include({ dueAt: NEW_YEAR + 60_000, attempts });

    unjam();
    await jammed.probe();
    await jammed.record(sent("lost"));
    expect(await documentsOf(await open())).to.deep.equal(["before", "lost"]);
  });

  it("counts nothing for a replay that is not on disk yet", async () => {
    const jammed = await open();
    await jammed.record(sent("before"));
    await deliverAll(jammed);
    const filter = { destination: "crm", status: "all" } as const;
    jam();
    const lost = failureOf(jammed.replay(filter, PAGE, { now: NEW_YEAR, spacing: 0 }));
    const counts = [jammed.countReplay(filter)];
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise(setImmediate);
      counts.push(jammed.countReplay(filter));
    }
    expect(await Promise.all(counts)).to.deep.equal([1, 1, 1, 1, 1, 1]);
    expect(await lost).to.include({ code: "store_unavailable" });
    unjam();
  });

  it("shows nothing that is not on disk yet", async () => {
    const jammed = await open();
    await jammed.record(sent("before"));
    jam();
    const lost = failureOf(jammed.record(sent("lost")));
    await new Promise(setImmediate);
    expect(await documentsOf(jammed)).to.deep.equal(["before"]);
    expect(await lost).to.include({ code: "store_unavailable" });
    unjam();
  });

  for (const [how, damage] of [
    ["torn", () => truncateSync(file, readFileSync(file).length - 40)],
    ["empty", () => truncateSync(file)],
    ["changed", () => writeFileSync(file, readFileSync(file, "utf8").replace("doc-1", "doc-7"))],
  ] as const) {
    it(`is replaced by its backup and set aside, with a warning, when it is ${how}`, async () => {
      const before = await open();
      await before.record(sent("doc-1"));
      await before.record(sent("doc-2"));
      await close();
      damage();
      const after = await open();
      expect(await documentsOf(after)).to.deep.equal(["doc-1"]);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(/store\.json is damaged \(.+\): .*store\.json\.bak/);
      expect(existsSync(`${file}.damaged`)).to.equal(true);
      await after.record(sent("doc-3"));
      expect(await documentsOf(await open())).to.deep.equal(["doc-1", "doc-3"]);
      expect(warnings).to.have.length(1);
    });
  }

  it("is replaced by its backup when it is missing", async () => {
    await (await open()).record(sent("doc-1"));
    await (await open()).record(sent("doc-2"));
    await close();
    rmSync(file);
    expect(await documentsOf(await open())).to.deep.equal(["doc-1"]);
    expect(warnings[0]).to.include("is missing");
  });

  it("is refused and left alone when it is damaged and has no backup", async () => {
    writeFileSync(file, "{");
    expect(await failureOf(open())).to.include({ code: "cannot_start" });
    expect(readFileSync(file, "utf8")).to.equal("{");
    expect(existsSync(`${file}.lock`)).to.equal(false);
  });

  it("is refused when a newer version wrote it", async () => {
    writeFileSync(file, '{ "version": 99 }');
    expect(String(await failureOf(open()))).to.include("written by a newer Countersign (form 99");
  });

  it("is refused to a second process in one sentence, until the first is dead", async () => {
    const other = await holdElsewhere(file);
    expect(String(await failureOf(open()))).to.match(
      new RegExp(`store\\.json is in use by process ${other.pid}: stop that one first`),
    );
    other.kill("SIGKILL");
    await once(other, "exit");
    await (await open()).record(sent("doc-1"));
    await close();
    expect(existsSync(`${file}.lock`)).to.equal(false);
  });

  it("is refused to a second opening in the same process", async () => {
    await open();
    const again = openLowdbStore({ file, token: () => "token", warn: () => {} });
    expect(String(await failureOf(again))).to.include(`is in use by process ${process.pid}`);
  });

  it("is taken over when the process id of its lock was reused", async function () {
    if (process.platform !== "linux") this.skip();
    writeFileSync(`${file}.lock`, JSON.stringify({ pid: process.pid, since: "1" }));
    await open();
  });

  it("is not overwritten when another program has changed it", async () => {
    const changed = await open();
    await changed.record(sent("doc-1"));
    writeFileSync(file, "mine");
    expect(String(await failureOf(changed.record(sent("doc-2"))))).to.include("somebody else has changed it");
    expect(readFileSync(file, "utf8")).to.equal("mine");
  });

  it("records no more events than its limit, but still duplicates and leases", async () => {
    const small = await open({ maxEvents: 2 });
    await small.record(sent("doc-1"));
    await small.record(sent("doc-2"));
    const refused = sent("doc-3");
    const failure = await failureOf(small.record(refused));
    expect(failure).to.include({ code: "store_unavailable" });
    expect(String(failure)).to.match(/is full: .* 2 events; move to sqlite/);
    expect(await small.findReceipt(refused.receipt.id)).to.equal(null);
    expect((await small.record(sent("doc-1"))).duplicates).to.have.length(1);
    expect(await claim(small)).to.have.length(2);
    expect(await small.backlog()).to.deep.equal([{ destination: "crm", open: 2, oldest: NEW_YEAR }]);
  });

  it("counts nothing of a request that it refuses since it is full, beside one that it takes", async () => {
    const small = await open({ maxEvents: 1 });
    const results = await Promise.allSettled(["doc-1", "doc-2"].map((id) => small.record(sent(id))));
    expect(results.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected"]);
    const { requests } = await small.tallies({ from: 0 });
    expect(requests.map(({ outcome, count }) => [outcome, count])).to.deep.equal([["accepted", 1]]);
    const { tallies } = JSON.parse(readFileSync(file, "utf8"));
    expect(tallies).to.have.length(1);
  });

  it("takes no more bytes than its limit, and rejections only a part of it", async () => {
    const small = await open({ maxBytes: 20_000 });
    await small.record(sent("doc-1", "x".repeat(9_000)));
    for (const id of ["rej_1", "rej_2", "rej_3"]) await small.reject(aRejection(id, 1_000), 10);
    const { items } = await small.findRejections({}, PAGE);
    expect(items.map(({ id }) => id)).to.deep.equal(["rej_3"]);
    const failure = await failureOf(small.record(sent("doc-2", "x".repeat(9_000))));
    expect(String(failure)).to.match(/is full: .* 20,000 bytes; move to sqlite/);
    expect((await small.record(sent("doc-3"))).events).to.have.length(1);
  });
});

function aRejection(id: string, length = 2) {
  return {
    id,
    source: "lumin",
    channel: "account",
    receivedAt: NEW_YEAR,
    query: "",
    headers: {},
    body: Buffer.alloc(length),
    reason: "the signature does not match",
    shown: { token: null, authorization: null },
  };
}

/** Another process that has the store open. */
async function holdElsewhere(file: string): Promise<ChildProcess> {
  const url = new URL("../../src/store/lowdb.ts", import.meta.url);
  const code = `const { openLowdbStore } = await import(${JSON.stringify(url.href)});
    await openLowdbStore({ file: ${JSON.stringify(file)}, token: () => "token", warn: () => {} });
    console.log("open");
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { cwd: dirname(file) });
  await once(child.stdout, "data");
  return child;
}
