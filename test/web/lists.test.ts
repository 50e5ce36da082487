import { expect } from "chai";
import {
  type Bridge,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 0, 31, 12);

const post = (bridge: Bridge, id: string, word = "created", at = NOON) => {
  const body = JSON.stringify({
    event: { event_type: `signature_request_${word}`, event_time: at },
    signature_request: {
      signature_request_id: id,
      title: `Agreement ${id}`,
      signers: [{ name: "Ada", email_address: `${id}@example.com`, status: "NEED_TO_SIGN" }],
    },
  });
  return bridge.post("/in/lumin/account", body, signedByLumin(body));
};

const LIMIT = "limit: must be a whole number from 1 to 1000";
const MOMENT =
  "must be a moment such as 2026-01-31T12:00:00Z, in milliseconds since 1970, or how long ago, such as 2d";
const CURSOR = "cursor: is not a cursor: use `next` of the page before";
const RANGE = "until: must be later than `from` or `since`";
const GROUPS = "group: must name some of destination, cause, reason, status, type, separated by commas";

/** Queries that do not fit, each with the beginning of the answer's sentence. */
const REFUSALS = {
  "events?limit=0": LIMIT,
  "events?limit=1001": LIMIT,
  "events?limit=many": LIMIT,
  "events?order=new": "order: must be one of newest, oldest",
  "events?from=soon": `from: ${MOMENT}`,
  "receipts?until=2026-02-31": `until: ${MOMENT}`,
  "audit?since=2": `since: ${MOMENT}`,
  "events?from=2d&since=1d": "since: means the same as `from`: give one of them",
  "documents?from=1d&until=2d": RANGE,
  "rejections?since=1d&until=1d": RANGE,
  "events?cursor=x_y": CURSOR,
  "deliveries?cursor=": CURSOR,
  "events?type=sent": "type: must be an event type without its prefix, such as document.sent",
  "documents?status=done": "status: must be one of created, sent, in_progress, completed, ",
  "documents?stuck=long": "stuck: must be a duration such as 14d or 36h",
  "documents?search=": "search: must have 1 to 200 characters",
  "deliveries?status=open": "status: must be one of pending, held, delivered, parked",
  "deliveries?cause=http": "cause: must be one of answered, unencodable, timeout, ",
  "deliveries?reason=bad": "reason: must be one of schedule_exhausted, gone, ",
  "deliveries?undelivered=yes": "undelivered: must be true or false",
  "deliveries?undelivered=true&status=delivered": "status: delivered is what `undelivered` leaves out",
  "deliveries/groups": GROUPS,
  "deliveries/groups?group=": GROUPS,
  "deliveries/groups?group=destination,why": GROUPS,
  "deliveries/groups?group=status&status=delivered": "status: must be one of pending, held, parked",
};

interface Listed {
  id: string;
  document: { id: string };
}

describe("the lists of the admin API", () => {
  let bridge: Bridge;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = createManualClock(NOON);
    bridge = await startBridge(configText(), { clock });
  });
  afterEach(tidy);

  const list = async (path: string) => (await bridge.admin(`/api/v1/${path}`)).body;
  const documentsOf = async (query: string): Promise<string[]> =>
    (await list(`events?${query}`)).items.map(({ document }: Listed) => document.id);
  const idsOf = async (path: string): Promise<string[]> =>
    (await list(path)).items.map(({ id }: Listed) => id);
  const postEachDay = async (...ids: string[]) => {
    for (const [n, id] of ids.entries()) {
      if (n > 0) await clock.advance(DAY);
      await post(bridge, id);
    }
  };

  it("begin with the newest, or with order=oldest with the oldest", async () => {
    await postEachDay("a", "b", "c");
    expect(await documentsOf("")).to.deep.equal(["c", "b", "a"]);
    expect(await documentsOf("order=oldest")).to.deep.equal(["a", "b", "c"]);
    for (const name of ["receipts", "documents"]) {
      const ids = await idsOf(name);
      expect(ids).to.have.length(3);
      expect(await idsOf(`${name}?order=oldest`)).to.deep.equal(ids.toReversed());
    }
  });

  it("take a range of times, as moments, milliseconds or durations ago", async () => {
    await postEachDay("a", "b", "c");
    expect(await documentsOf("since=1d")).to.deep.equal(["c", "b"]);
    expect(await documentsOf("from=2026-02-01T12:00:00Z&until=2026-02-02T12:00:00Z")).to.deep.equal(["b"]);
    expect(await documentsOf(`from=${NOON + DAY}&until=${NOON + 2 * DAY}`)).to.deep.equal(["b"]);
    expect(await documentsOf("until=2026-02-01")).to.deep.equal(["a"]);
    expect(await idsOf("documents?since=36h&order=oldest")).to.deep.equal(["b", "c"]);
    expect(await idsOf("receipts?from=3d&until=1d")).to.have.length(1);
    const audit = async (query: string) => (await list(`audit?${query}`)).items.length;
    expect(await audit("since=1d")).to.equal(0);
  });

  it("find documents by text, and those that are sent and not ended for a while", async () => {
    await post(bridge, "r-1", "sent");
    await post(bridge, "r-2", "sent");
    await post(bridge, "r-2", "approved");
    await clock.advance(15 * DAY);
    await post(bridge, "r-3", "sent", NOON + 15 * DAY);
    expect(await idsOf("documents?search=AGREEMENT")).to.deep.equal(["r-3", "r-2", "r-1"]);
    expect(await idsOf("documents?search=r-2@EXAMPLE.com")).to.deep.equal(["r-2"]);
    expect(await idsOf("documents?search=nowhere")).to.deep.equal([]);
    expect(await idsOf("documents?stuck=14d")).to.deep.equal(["r-1"]);
    expect(await idsOf("documents?stuck=14d&search=r-3")).to.deep.equal([]);
  });

  it("go on with a cursor, which belongs to its order", async () => {
    await postEachDay("a", "b", "c");
    for (const query of ["limit=2", "limit=2&order=oldest", "limit=2&since=9d"]) {
      const first = await list(`events?${query}`);
      const second = await list(`events?${query}&cursor=${first.next}`);
      expect([first.items.length, second.items.length, second.next], query).to.deep.equal([2, 1, null]);
    }
    const { next } = await list("events?limit=2");
    const { status, body } = await bridge.admin(`/api/v1/events?order=oldest&cursor=${next}`);
    expect(status).to.equal(400);
    expect(body.message).to.equal(
      "cursor: belongs to a list with order=newest: give that order, or leave the cursor out",
    );
  });

  for (const [path, sentence] of Object.entries(REFUSALS))
    it(`say what would be right instead of ${path}`, async () => {
      const { status, body } = await bridge.admin(`/api/v1/${path}`);
      expect([status, body.error]).to.deep.equal([400, "bad_request"]);
      expect(body.message.slice(0, sentence.length)).to.equal(sentence);
    });
});

describe("the deliveries of the admin API", () => {
  afterEach(tidy);

  it("have attempts n of m, the next attempt, and what they wait for; and are counted by group", async () => {
    const clock = createManualClock(NOON);
    const receiver = await startReceiver(() => 503);
    const crm = `crm: { url: "${receiver.url}", secrets: ["${SECRET}"], retry: [5m, 1h] }`;
    const erp = `erp: { url: "${receiver.url}", secrets: ["${SECRET}"], events: [document.created], retry: [] }`;
    const text = configText(`destinations: { ${crm}, ${erp} }`);
    const bridge = await startBridge(text, { clock, random: () => 0 });
    await post(bridge, "a");
    await post(bridge, "a", "sent");
    const list = async (path: string) => (await bridge.admin(`/api/v1/deliveries${path}`)).body.items;
    await until(async () => {
      const attempts = (await list("")).map((one: { attempts: number }) => one.attempts);
      return attempts.join() === "0,1,1";
    }, "both first deliveries have been attempted");

    const [held, parked, pending] = await list("");
    const lastAttempt = { startedAt: NOON, cause: "answered", status: 503 };
    const next = { nextAttemptAt: NOON + 300_000, maxAttempts: 3, waitsFor: null };
    expect(pending).to.deep.include({ status: "pending", attempts: 1, lastAttempt, ...next });
    expect(held).to.deep.include({ status: "held", attempts: 0, lastAttempt: null, nextAttemptAt: null });
    expect(held.waitsFor).to.equal(pending.event);
    expect(parked).to.deep.include({ destination: "erp", status: "parked", attempts: 1, maxAttempts: 1 });
    expect(await list("?undelivered=true&destination=crm")).to.deep.equal([held, pending]);
    expect(await list("?undelivered=true&cause=answered")).to.deep.equal([parked, pending]);
    expect(await list("/groups?group=destination,reason")).to.deep.equal([
      { destination: "crm", reason: null, count: 2, oldest: NOON, newest: NOON },
      { destination: "erp", reason: "schedule_exhausted", count: 1, oldest: NOON, newest: NOON },
    ]);
    expect(await list("/groups?group=cause&cause=answered")).to.deep.equal([
      { cause: "answered", count: 2, oldest: NOON, newest: NOON },
    ]);
  });
});
