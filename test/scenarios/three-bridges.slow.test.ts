import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import {
  aFolder,
  type Bridge,
  configText,
  listenUntilTidy,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { nth } from "../support/only.ts";
import { type PostgresServer, postgresServer } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";

const START = Date.UTC(2026, 0, 1);

/** A receiver that answers when a test says so. */
async function startHoldingReceiver() {
  const held: ServerResponse[] = [];
  const seen = { all: 0, mostAtOnce: 0 };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      held.push(response);
      seen.all += 1;
      seen.mostAtOnce = Math.max(seen.mostAtOnce, held.length);
    });
  });
  const address = await listenUntilTidy(server);
  return {
    url: `${address}/hook`,
    held,
    seen,
    answerOne: () => nth(held.splice(0, 1), 0).end("ok"),
  };
}

describe("three bridges on one PostgreSQL", () => {
  let server: PostgresServer;
  let clock: ManualClock;
  let bridges: readonly Bridge[];
  /** How often each has asked the store for work and was answered. */
  let asked: number[];

  before(async function () {
    this.timeout(60_000);
    server = await postgresServer().catch(() => this.skip());
  });
  afterEach(tidy);

  async function start(receiver: string, rest = ""): Promise<void> {
    const url = await server.newSchema();
    const text = configText(
      `destinations: { crm: { url: "${receiver}", secrets: ["${SECRET}"], timeout: 10m${rest} } }
shutdown: 0s`,
    );
    clock = createManualClock(START);
    asked = [0, 0, 0];
    bridges = await Promise.all(asked.map((_, i) => startOne(text, url, i)));
  }

  async function startOne(text: string, url: string, i: number): Promise<Bridge> {
    let tokens = 0;
    const store = await openPostgresStore({ url, token: () => `${i}-${tokens++}` });
    const counting = {
      ...store,
      async claim(request: Parameters<typeof store.claim>[0]) {
        const leases = await store.claim(request);
        asked[i] = (asked[i] ?? 0) + 1;
        return leases;
      },
    };
    const folder = aFolder();
    const load = () => parseConfig(text, join(folder, "countersign.yaml"), {});
    return startBridge(text, { clock, random: () => 0.5, store: counting, folder, load });
  }

  async function post(to: number, document: string): Promise<void> {
    const body = JSON.stringify({
      event: { event_type: "signature_request_sent", event_time: START },
      signature_request: { signature_request_id: document },
    });
    const answer = await nth(bridges, to).post("/in/lumin/account", body, signedByLumin(body));
    expect(answer.body).to.include({ events: 1 });
  }

  const change = async (at: number, action: "pause" | "resume") => {
    const answer = await fetch(`${nth(bridges, at).adminUrl}/api/v1/destinations/crm/${action}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reason: "moving house" }),
    });
    expect(answer.status).to.equal(200);
  };
  const pausedAt = async (at: number) =>
    (await nth(bridges, at).admin("/api/v1/destinations")).body.items[0].paused?.reason;
  const allShow = async (reason: string | undefined) => {
    for (const at of bridges.keys())
      await until(async () => (await pausedAt(at)) === reason, `bridge ${at} shows the pause: ${reason}`);
  };
  /** Moves the clock until it holds: a bridge that got no lease asks again. */
  const inTime = (condition: () => boolean, expected: string) =>
    until(async () => {
      for (let ms = 0; ms < 100 && !condition(); ms += 1) await clock.advance(1);
      return condition();
    }, expected);
  const linesDown = () =>
    server.admin.query(
      `select pg_terminate_backend(pid, 5000) from pg_locks
       where locktype = 'advisory' and objsubid = 1 and mode = 'ShareLock'
         and database = (select oid from pg_database where datname = current_database())`,
    );

  it("are paused at one of them and resumed at another, also after a broken connection", async () => {
    const [receiver, witness] = [await startReceiver(), await startReceiver()];
    // The posts to a second destination show that the bridges have sent what they may.
    await start(receiver.url, ` }, witness: { url: "${witness.url}", secrets: ["${SECRET}"]`);
    await linesDown();
    await change(0, "pause");
    for (const at of [0, 1, 2]) await post(at, `d${at}`);
    await allShow("moving house");
    await witness.got(3);
    await clock.advance(1_000);
    expect(receiver.deliveries).to.have.length(0);

    await linesDown();
    await change(2, "resume");
    await receiver.got(3);
    await allShow(undefined);
  });

  it("notify each other after a reload as before", async () => {
    const receiver = await startReceiver();
    await start(receiver.url, ", rate: 50/s");
    await nth(bridges, 1).reload();
    await change(0, "pause");
    await allShow("moving house");
    await nth(bridges, 0).reload();
    await change(1, "resume");
    await allShow(undefined);
    for (const at of [0, 1, 2]) await post(at, `d${at}`);
    await inTime(() => receiver.deliveries.length === 3, "all three events have come");
  });

  it("keep to a destination's concurrency together, and deliver everything", async () => {
    const receiver = await startHoldingReceiver();
    await start(receiver.url, ", concurrency: 2");
    const documents = Array.from({ length: 24 }, (_, i) => `d${i}`);
    await Promise.all(documents.map((document, i) => post(i % 3, document)));
    for (;;) {
      await inTime(() => receiver.held.length === 2, "two posts hang");
      if (receiver.seen.all === documents.length) break;
      const before = [...asked];
      await clock.advance(1_000);
      await inTime(
        () => asked.filter((count, i) => count > (before[i] ?? 0)).length >= 2,
        "two bridges have asked again",
      );
      receiver.answerOne();
    }
    receiver.answerOne();
    receiver.answerOne();
    const waiting = async () =>
      (await nth(bridges, 0).admin("/api/v1/deliveries?order=oldest&status=pending")).body.items;
    await until(async () => (await waiting()).length === 0, "no delivery is pending");
    expect(receiver.seen).to.deep.equal({ all: documents.length, mostAtOnce: 2 });
  });
});
