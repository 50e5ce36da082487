import { expect } from "chai";
import { createJobs, type JobPlan } from "../../src/console/jobs.ts";
import type { Notes } from "../../src/store/port/notes.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { configText, SECRET, startBridge, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { ACT, visit, withTokens } from "./visitor.ts";

const MANDATE = { caller: "ada at 127.0.0.1", reason: "fixed" };
const PLAN = { kind: "replay", what: "Send it", mandate: MANDATE, total: 6 } as const;

/** `store`: that of another node. */
function aJobs(store: Notes = openSqliteStore({ file: ":memory:", token: () => "token" })) {
  let number = 0;
  const next = () => {
    number += 1;
    return number;
  };
  const clock = { now: 1_000 };
  const failures: unknown[] = [];
  const jobs = createJobs({
    store,
    now: () => clock.now,
    randomBytes: (length) => new Uint8Array(length).fill(next()),
    failed: (error) => failures.push(error),
  });
  return { jobs, clock, failures, store };
}

/** Pages of two, whose cursors are their numbers; each but the first waits until it is let go. */
function inPages(count: number) {
  const gates = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const step: JobPlan["step"] = async (cursor) => {
    const page = Number(cursor ?? 0);
    if (page > 0) await gates[page]?.promise;
    return { done: 2, next: page + 1 < count ? String(page + 1) : null };
  };
  return { step, gates };
}

describe("a job", () => {
  it("of one page is done before it is answered", async () => {
    const { jobs } = aJobs();
    const job = await jobs.start({ ...PLAN, step: inPages(1).step });
    expect(job).to.include({ state: "done", done: 2, endedAt: 1_000 });
    expect(await jobs.list()).to.deep.equal([job]);
  });

  it("of several pages goes on by itself, and shows how far it is", async () => {
    const { jobs, clock } = aJobs();
    const { step, gates } = inPages(3);
    const job = await jobs.start({ ...PLAN, step });
    expect(job).to.include({ state: "running", done: 2, total: 6, endedAt: null });
    gates[1]?.resolve();
    await until(() => job.done === 4, "the second page is done");
    clock.now = 5_000;
    gates[2]?.resolve();
    await until(() => job.state !== "running", "the job has ended");
    expect(job).to.include({ state: "done", done: 6, endedAt: 5_000 });
  });

  it("ends after the page under way when it is canceled, and cannot be canceled again", async () => {
    const { jobs } = aJobs();
    const { step, gates } = inPages(3);
    const asked: (string | undefined)[] = [];
    const job = await jobs.start({
      ...PLAN,
      step: (cursor) => {
        asked.push(cursor);
        return step(cursor);
      },
    });
    await until(() => asked.length === 2, "the second page is under way");
    await jobs.cancel(job.id, { caller: "bob", reason: "wrong one" });
    gates[1]?.resolve();
    await until(() => job.done === 4, "that page is counted");
    gates[2]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(job).to.include({ state: "canceled", said: "bob: wrong one", done: 4 });
    expect(asked).to.deep.equal([undefined, "1"]);
    const refusal = (id: string) => jobs.cancel(id, MANDATE).catch((error) => error.message);
    expect(await refusal(job.id)).to.include("has ended already");
    expect(await refusal("none")).to.include("there is no job none");
  });

  it("fails at the first page that cannot be done, and says why", async () => {
    const { jobs, failures } = aJobs();
    const broken = new Error("the database is away");
    const job = await jobs.start({
      ...PLAN,
      step: async (cursor) => {
        if (cursor !== undefined) throw broken;
        return { done: 2, failed: 1, next: "1" };
      },
    });
    await until(() => job.state !== "running", "the job has ended");
    expect(job).to.include({ state: "failed", said: "the database is away", done: 2, failed: 1 });
    expect(failures).to.deep.equal([broken]);
  });

  it("whose first page cannot be done is none: whoever starts it is told", async () => {
    const { jobs, failures } = aJobs();
    const start = jobs.start({ ...PLAN, step: () => Promise.reject(new Error("no such destination")) });
    expect(await start.catch((error) => error.message)).to.equal("no such destination");
    expect(await jobs.list()).to.deep.equal([]);
    expect(failures).to.deep.equal([]);
  });

  it("is refused while ten are running", async () => {
    const { jobs } = aJobs();
    for (let n = 0; n < 10; n += 1) await jobs.start({ ...PLAN, step: inPages(2).step });
    const refused = jobs.start({ ...PLAN, step: inPages(1).step });
    expect(await refused.catch((error) => error.message)).to.include("10 jobs are running already");
  });

  it("is forgotten once two hundred later ones have ended", async () => {
    const { jobs, clock } = aJobs();
    const first = await jobs.start({ ...PLAN, step: inPages(1).step });
    for (let n = 0; n < 200; n += 1) {
      clock.now += 1;
      await jobs.start({ ...PLAN, step: inPages(1).step });
    }
    expect(await jobs.find(first.id)).to.equal(null);
    expect(await jobs.list()).to.have.length(200);
  });

  it("is shown by another node, which can cancel it, and ends there after the page under way", async () => {
    const here = aJobs();
    const there = aJobs(here.store);
    const { step, gates } = inPages(4);
    const job = await here.jobs.start({ ...PLAN, step });
    gates[1]?.resolve();
    await until(async () => (await there.jobs.find(job.id))?.done === 4, "the other node shows two pages");
    await there.jobs.cancel(job.id, { caller: "bob", reason: "wrong one" });
    gates[2]?.resolve();
    await until(() => job.state !== "running", "it has ended where it runs");
    expect(job).to.include({ state: "canceled", said: "bob: wrong one", done: 6 });
    await until(
      async () => (await there.jobs.find(job.id))?.done === 6,
      "the other node shows what was done",
    );
  });

  it("whose process has ended is shown as interrupted, a minute after it was last heard of", async () => {
    const here = aJobs();
    const job = await here.jobs.start({ ...PLAN, step: inPages(3).step });
    const there = aJobs(here.store);
    there.clock.now += 60_000;
    expect(await there.jobs.find(job.id)).to.include({ state: "running", done: 2 });
    there.clock.now += 1;
    expect(await there.jobs.find(job.id)).to.include({ state: "interrupted", done: 2, endedAt: 1_000 });
    expect(await here.jobs.find(job.id)).to.include({ state: "running" });
  });

  it("goes on while its store takes no notes, says so in the log, and is noted afterwards", async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    let isAway = true;
    const changeNotes: Notes["changeNotes"] = async (changes) => {
      if (isAway) throw new Error("the disk is full");
      return store.changeNotes(changes);
    };
    const { jobs, failures } = aJobs({ ...store, changeNotes });
    const { step, gates } = inPages(3);
    const job = await jobs.start({ ...PLAN, step });
    gates[1]?.resolve();
    await until(() => failures.length === 2, "the second page could not be noted");
    expect(await jobs.list()).to.deep.equal([job]);
    isAway = false;
    gates[2]?.resolve();
    await until(async () => (await jobs.find(job.id))?.state === "done", "it is noted as done");
    expect(await jobs.find(job.id)).to.include({ done: 6 });
    expect(failures.map(String)).to.deep.equal(Array(2).fill("Error: the disk is full"));
  });
});

describe("the jobs of the console", () => {
  afterEach(tidy);

  /** A bridge whose store replays two at a time, and only when it is let. */
  async function slowBridge() {
    const gate = Promise.withResolvers<void>();
    const opened: Store = openSqliteStore({ file: ":memory:", token: () => "token" });
    const store: Store = {
      ...opened,
      countReplay: async () => 4,
      replay: async (_filter, { cursor }) => {
        if (cursor !== undefined) await gate.promise;
        return { replayed: 2, next: cursor === undefined ? "1" : null };
      },
    };
    const destinations = `destinations:
  crm: { url: "http://127.0.0.1:9", secrets: ["${SECRET}"] }`;
    const bridge = await startBridge(withTokens(configText(destinations)), { store });
    const visitor = visit(bridge);
    await visitor.signIn(ACT);
    return { bridge, visitor, gate };
  }

  it("are none at first, and say how one begins", async () => {
    const { visitor } = await slowBridge();
    const { text } = await visitor.get("/jobs");
    expect(text).to.include("No job is running.").and.include("No job was started here yet");
    expect((await visitor.get("/jobs/none")).text).to.include("There is no job none");
  });

  it("show a long replay with its progress, who began it and why, until it is done", async () => {
    const { visitor, gate } = await slowBridge();
    const done = await visitor.post("/replay", { destination: "crm", reason: "crm is up again" });
    const place = done.headers.get("location") ?? "";
    const page = await visitor.get(place);
    expect(place).to.match(/^\/jobs\//);
    expect(page.text).to.include("It is under way: 2 done so far.").and.include("50 %");
    expect(page.text)
      .to.include("crm is up again")
      .and.match(/ada at /);
    expect((await visitor.get("/jobs")).text).to.include("1 job is running");
    gate.resolve();
    await until(async () => (await visitor.get(place)).text.includes("It is done: 4"), "the job is done");
  });

  it("are canceled with a reason, which the audit keeps", async () => {
    const { bridge, visitor } = await slowBridge();
    const done = await visitor.post("/replay", { destination: "crm", reason: "up again" });
    const path = new URL(done.headers.get("location") ?? "", bridge.adminUrl).pathname;
    expect((await visitor.post(`${path}/cancel`, {})).status).to.equal(400);
    const canceled = await visitor.post(`${path}/cancel`, { reason: "wrong destination" });
    const page = await visitor.get(canceled.headers.get("location") ?? "");
    expect(page.text).to.include("It was canceled: 2 were done, and 2 were not.");
    expect(page.text).to.include("wrong destination");
    const audit = await bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    expect(audit.body.items[0]).to.deep.include({ action: "cancel", reason: "wrong destination" });
    expect((await visitor.post(`${path}/cancel`, { reason: "again" })).status).to.equal(409);
  });
});
