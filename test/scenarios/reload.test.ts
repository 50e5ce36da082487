import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import type { Overrides } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import type { Clock } from "../../src/domain/clock.ts";
import { CountersignError } from "../../src/domain/errors.ts";
import type { LogEventName } from "../../src/log/log.ts";
import { openStore } from "../../src/store/open.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { KINDS, needPostgres, STORES } from "../cli/stores.ts";
import {
  aFolder,
  atTidy,
  type Bridge,
  configText,
  FORM,
  LUMIN_KEY,
  listenUntilTidy,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, settled } from "../support/clock.ts";
import { until } from "../support/until.ts";

/**
 * A reload in the middle of other work: the configuration in force counts, and no work is left behind.
 */

const to = (destinations: Readonly<Record<string, string>>, rest = "") =>
  configText(
    `destinations: { ${Object.entries(destinations)
      .map(([name, url]) => `${name}: { url: "${url}", secrets: ["${SECRET}"]${rest} }`)
      .join(", ")} }`,
  );

const created = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id },
  });
const batch = (document: string, values: readonly string[]) =>
  `data=${encodeURIComponent(
    JSON.stringify(
      values.map((value, i) => ({
        value,
        timestamp: new Date(Date.UTC(2026, 0, 1) + i * 1_000).toISOString(),
        resource_uri: `/api/v1/document/${document}/`,
        name: "status",
      })),
    ),
  )}`;

interface Reloadable {
  bridge: Bridge;
  /** Changes files of `mappings/`. */
  write(files: Readonly<Record<string, string>>): void;
  /** Puts this configuration into force; resolves when all of the one before has ended. */
  reload(text: string): Promise<void>;
  /** The same, but resolves once it is in force. */
  swap(text: string): Promise<{ over: Promise<void> }>;
}

const ACME = `  acme: { mapping: acme, channels: { main: { token: ${TOKEN} } } }`;
const MAPPING = `
provider: acme
title: Acme
verify: [{ token: {} }]
read: { each: items }
event:
  word: { from: what, table: words }
  document: { id: ID }
tables: { words: { done: document.completed } }
channels: { main: { title: Main } }
`;

async function startReloadable(
  first: string,
  given: Partial<Pick<Overrides, "store" | "logger" | "clock">> = {},
  mappings: Readonly<Record<string, string>> = {},
): Promise<Reloadable> {
  const folder = aFolder();
  mkdirSync(join(folder, "mappings"));
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(folder, "mappings", name), content);
  };
  write(mappings);
  let text = first;
  const load = () => parseConfig(text, join(folder, "countersign.yaml"), {});
  const bridge = await startBridge(first, { folder, load, ...given });
  const reload = (next: string) => {
    text = next;
    return bridge.reload();
  };
  const names = async () =>
    (await bridge.admin("/api/v1/destinations")).body.items
      .filter(({ configured }: { configured: boolean }) => configured)
      .map(({ name }: { name: string }) => name)
      .join();
  return {
    bridge,
    write,
    reload,
    async swap(next) {
      const over = reload(next);
      over.catch(() => {});
      const { config } = await parseConfig(next, join(folder, "countersign.yaml"), {});
      const wanted = (config?.destinations ?? []).map(({ name }) => name).join();
      await until(async () => (await names()) === wanted, `${wanted} are configured`);
      return { over };
    },
  };
}

/** The bridge's answer to a head with `Expect`. */
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** A post that stops after its headers and ten bytes. */
async function beginPost(url: string, body: string, headers: Record<string, string>, path: string) {
  const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1");
  atTidy(() => socket.destroy());
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  const lines = Object.entries({
    host: "x",
    expect: "100-continue",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n${body.slice(0, 10)}`);
  await until(() => answer.startsWith(CONTINUE), "the bridge asks for the body");
  answer = "";
  return {
    async end(): Promise<number> {
      socket.write(body.slice(10));
      await until(() => answer.includes("\r\n\r\n"), "the bridge has answered");
      return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
    },
  };
}

const beginLumin = (bridge: Bridge, body: string) =>
  beginPost(bridge.url, body, signedByLumin(body), "/in/lumin/account");

/** Waits until no delivery is pending or held. */
async function nothingOpen(bridge: Bridge): Promise<void> {
  const isDone = async () =>
    (await bridge.admin("/api/v1/destinations")).body.items.every((one: { open: number }) => one.open === 0);
  await until(isDone, "no delivery is open");
}

const deliveriesOf = async (bridge: Bridge) =>
  (await bridge.admin("/api/v1/deliveries?order=oldest&limit=1000")).body.items.map(
    ({ destination, status, reason }: Record<string, string | null>) =>
      [destination, status, reason].filter((part) => part !== null).join(" "),
  );

describe("a reload while a post is under way", () => {
  afterEach(tidy);

  it("wakes the new dispatcher for a post whose body comes after it", async () => {
    const receiver = await startReceiver();
    const text = to({ crm: receiver.url });
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    let asked = 0;
    const nextDueAt: Store["nextDueAt"] = async (name) => {
      const at = await real.nextDueAt(name);
      asked += 1;
      return at;
    };
    const { bridge, reload } = await startReloadable(text, { store: { ...real, nextDueAt } });
    const post = await beginLumin(bridge, created("r1"));
    await until(() => asked === 1, "the first dispatcher has asked");
    await reload(text);
    // The new dispatcher has asked for due deliveries, and found none.
    await until(() => asked > 1, "the new dispatcher has asked");
    await settled();
    expect(await post.end()).to.equal(200);
    await receiver.got(1);
  });

  for (const kind of KINDS) {
    it(`sends its event to the new destination, and to no removed one, with ${kind}`, async function () {
      if (kind === "postgres") await needPostgres.call(this);
      const { config } = await parseConfig(JSON.stringify({ store: await STORES[kind]() }), "c.yaml", {});
      if (!config) throw new Error("no store");
      const store = await openStore(config.store, () => {});
      const [crm, erp] = [await startReceiver(), await startReceiver()];
      const { bridge, reload } = await startReloadable(to({ crm: crm.url }), { store });
      const post = await beginLumin(bridge, created("r1"));
      await reload(to({ erp: erp.url }));
      expect(await post.end()).to.equal(200);
      await erp.got(1);
      await nothingOpen(bridge);
      expect(await deliveriesOf(bridge)).to.deep.equal(["erp delivered"]);
      expect(crm.deliveries).to.have.length(0);
    });
  }

  it("checks it by the new secrets, and answers 404 where its channel is gone", async () => {
    const text = configText();
    const { bridge, reload } = await startReloadable(text);
    const [first, second] = [
      await beginLumin(bridge, created("r1")),
      await beginLumin(bridge, created("r2")),
    ];
    await reload(text.replace(LUMIN_KEY, "another_api_key"));
    expect(await first.end()).to.equal(401);
    await reload(text.replace(/ {2}lumin:[\s\S]*? {2}legalesign:/, "  legalesign:"));
    expect(await second.end()).to.equal(404);
    expect((await bridge.admin("/api/v1/receipts")).body.items).to.have.length(0);
  });

  it("leaves no work behind, at any call of the store, before the call or after", async () => {
    const body = batch("d1", ["10", ...Array.from({ length: 270 }, () => "20"), "30"]);
    let paused = 0;
    for (const side of ["before", "after"] as const) {
      for (let nth = 1; ; nth += 1) {
        const { store, reached, arm, release } = pausing(side, nth);
        const [crm, erp] = [await startReceiver(), await startReceiver()];
        const { bridge, swap } = await startReloadable(to({ crm: crm.url }), { store });
        arm();
        const answer = bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM);
        const hit = await Promise.race([reached.then(() => true), answer.then(() => false)]);
        if (!hit) {
          await tidy();
          break;
        }
        paused += 1;
        const { over } = await swap(to({ erp: erp.url }));
        release();
        expect((await answer).status, `${side} call ${nth}`).to.equal(200);
        await over;
        await nothingOpen(bridge);
        const ended = await deliveriesOf(bridge);
        const { events } = (await answer).body;
        expect(ended, `${side} call ${nth}`).to.have.length(events);
        for (const one of ended)
          expect(one).to.be.oneOf(["crm delivered", "crm parked destination_removed", "erp delivered"]);
        await tidy();
      }
    }
    expect(paused).to.be.at.least(4);
  });

  it("reprocesses the rest of a running page by the new mapping, for the new destination", async () => {
    const { store, reached, arm, release } = pausing("after", 1, ["findReceipts"]);
    const [crm, erp] = [await startReceiver(), await startReceiver()];
    const acme = (destinations: Record<string, string>) =>
      to(destinations).replace("sources:", `sources:\n${ACME}`);
    const mapping = (id: string) => ({ "acme.yaml": MAPPING.replace("ID", id) });
    const { bridge, swap, write } = await startReloadable(
      acme({ crm: crm.url }),
      { store },
      mapping("nowhere"),
    );
    for (const id of ["a", "b"])
      await bridge.post(`/in/acme/main?token=${TOKEN}`, JSON.stringify({ items: [{ what: "done", id }] }));
    arm();
    const page = control(bridge, "reprocess", { reason: "a test", which: "problems" });
    await reached;
    write(mapping("id"));
    const { over } = await swap(acme({ erp: erp.url }));
    release();
    await over;
    expect(await (await page).json()).to.include({ checked: 2, fixed: 2, events: 2 });
    await erp.got(2);
    expect(crm.deliveries).to.have.length(0);
  });

  it("parks deliveries that a running replay makes due for a removed destination", async () => {
    for (const side of ["before", "after"] as const) {
      const { store, reached, arm, release } = pausing(side, 1, ["replay"]);
      const receiver = await startReceiver();
      const { bridge, swap } = await startReloadable(to({ crm: receiver.url }), { store });
      await bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
      await receiver.got(1);
      await nothingOpen(bridge);
      arm();
      const replay = control(bridge, "replays", { destination: "crm", status: "all", reason: "a test" });
      await reached;
      const { over } = await swap(to({ erp: receiver.url }));
      release();
      await replay;
      await over;
      await nothingOpen(bridge);
      expect(await deliveriesOf(bridge)).to.deep.equal(["crm parked destination_removed"]);
      await tidy();
    }
  });
});

/** A receiver whose answers a test gives by hand. */
async function startHolding() {
  const held = new Map<string, ServerResponse>();
  let posts = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { document, sequence } = JSON.parse(Buffer.concat(chunks).toString()).data;
    held.set(`${document.id}/${sequence}`, response);
    posts += 1;
  });
  const address = await listenUntilTidy(server);
  return {
    url: `${address}/`,
    posts: () => posts,
    came: (name: string) => until(() => held.has(name), `${name} has come`),
    answer(name: string, status: number) {
      const response = held.get(name);
      if (!response) throw new Error(`${name} has not come`);
      response.writeHead(status).end();
    },
  };
}

const logging = () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { logger, logged: (name: LogEventName) => lines.filter(({ event }) => event === name) };
};

describe("after a reload", () => {
  afterEach(tidy);

  const post = (bridge: Bridge, document: string, ...values: string[]) =>
    bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(document, values), FORM);
  const crmOf = async (bridge: Bridge) => (await bridge.admin("/api/v1/destinations")).body.items[0];

  it("a 410 to an attempt in flight pauses the destination, while others are in flight", async () => {
    const receiver = await startHolding();
    const { bridge, swap } = await startReloadable(to({ crm: receiver.url }));
    await post(bridge, "d1", "10");
    await post(bridge, "d2", "10");
    await Promise.all([receiver.came("d1/1"), receiver.came("d2/1")]);
    const { over } = await swap(to({ crm: receiver.url, erp: receiver.url }));
    receiver.answer("d1/1", 410);
    await until(async () => (await crmOf(bridge)).paused, "crm is paused");
    expect((await crmOf(bridge)).paused.reason).to.equal("it answered 410 Gone");
    receiver.answer("d2/1", 200);
    await over;
  });

  it("a breaker that attempts in flight open is open for the new dispatcher", async () => {
    const receiver = await startHolding();
    const fragile = ", breaker: { failures: 1 }";
    const { bridge, swap } = await startReloadable(to({ crm: receiver.url }, fragile));
    await post(bridge, "d1", "10");
    await receiver.came("d1/1");
    const { over } = await swap(to({ crm: receiver.url, erp: receiver.url }, fragile));
    receiver.answer("d1/1", 500);
    await over;
    expect((await crmOf(bridge)).breaker).to.include({ failures: 1 });
  });

  it("a document's next event goes as soon as the one that was in flight is delivered", async () => {
    const receiver = await startHolding();
    const { bridge, swap } = await startReloadable(to({ crm: receiver.url }));
    await post(bridge, "d1", "10", "30");
    await post(bridge, "d2", "10");
    await Promise.all([receiver.came("d1/1"), receiver.came("d2/1")]);
    const { over } = await swap(to({ crm: receiver.url, erp: "http://127.0.0.1:9/" }));
    receiver.answer("d1/1", 200);
    await receiver.came("d1/2");
    receiver.answer("d2/1", 200);
    receiver.answer("d1/2", 200);
    await over;
  });

  it("a delivery that the replaced dispatcher releases is attempted at once", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const receiver = await startHolding();
    const text = (url: string) => `${to({ crm: url })}\nshutdown: 0s\n`;
    const { bridge, reload } = await startReloadable(text(receiver.url), { clock });
    await post(bridge, "d1", "10");
    await receiver.came("d1/1");
    const other = await startHolding();
    let isOver = false;
    const over = reload(text(other.url)).then(() => {
      isOver = true;
    });
    await until(async () => {
      // For the grace of no length. More time could end the attempt while the file is being read.
      await clock.advance(0);
      return isOver;
    }, "the reload is over");
    await over;
    await other.came("d1/1");
    other.answer("d1/1", 200);
    await nothingOpen(bridge);
  });

  it("deliveries to a removed destination are listed and counted, and parked by the next", async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    let away = false;
    const parkRemoved: Store["parkRemoved"] = async (...given) => {
      if (away) throw new CountersignError("store_unavailable", "the disk is full");
      return store.parkRemoved(...given);
    };
    const { logger, logged } = logging();
    const receiver = await startReceiver(() => 500);
    const { bridge, reload } = await startReloadable(to({ crm: receiver.url }), {
      store: { ...store, parkRemoved },
      logger,
    });
    await post(bridge, "d1", "10");
    await receiver.got(1);
    away = true;
    const refusal = await reload(to({ erp: receiver.url })).catch((error) => error);
    expect(refusal).to.include({ code: "store_unavailable" });
    expect(refusal.message).to.include("the new configuration is in force");
    expect(logged("deliveries.unparked")).to.have.length(1);
    expect(logged("config.refused")).to.have.length(0);

    const { items } = (await bridge.admin("/api/v1/destinations")).body;
    expect(items).to.have.length(2);
    expect(items[0]).to.include({ name: "erp", configured: true, open: 0 });
    expect(items[1]).to.include({ name: "crm", configured: false, open: 1, paused: null });
    const { body } = await bridge.admin("/metrics");
    expect(body).to.include('countersign_deliveries_pending{destination="crm"} 1');
    expect(body).to.match(/countersign_oldest_pending_seconds\{destination="crm"\} [0-9.]+/);
    const [{ id }] = (await bridge.admin("/api/v1/deliveries?order=oldest")).body.items;
    const { sentences } = (await bridge.admin(`/api/v1/explain/${id}`)).body;
    expect(sentences.at(-1).text).to.include("crm, which is not configured");

    away = false;
    await reload(to({ erp: receiver.url }));
    expect(await deliveriesOf(bridge)).to.deep.equal(["crm parked destination_removed"]);
  });

  it("due times are not taken for those of a clock that was set back", async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    const asked = { forward: 0, claims: 0 };
    const bringForward: Store["bringForward"] = (request) => {
      asked.forward += 1;
      return store.bringForward(request);
    };
    const claim: Store["claim"] = (request) => {
      asked.claims += 1;
      return store.claim(request);
    };
    const text = to({ crm: "http://127.0.0.1:9/" });
    const { reload } = await startReloadable(text, { store: { ...store, bringForward, claim } });
    await until(() => asked.claims === 1, "the first dispatcher has claimed");
    await reload(text);
    await until(() => asked.claims > 1, "the new dispatcher has claimed");
    expect(asked.forward).to.equal(1);
  });

  it("a bridge that is being stopped is not reloaded", async () => {
    const text = configText();
    const { bridge, reload } = await startReloadable(text);
    const stopping = bridge.stop();
    expect(await reload(text).catch((error) => error.message)).to.equal("the bridge is stopping");
    await stopping;
  });
});

describe("two bridges of different configurations on one PostgreSQL", () => {
  before(needPostgres);
  afterEach(tidy);

  it("leave unknown destinations to each other at a start, list them, and park by a reload", async () => {
    const { config } = await parseConfig(JSON.stringify({ store: await STORES.postgres() }), "c.yaml", {});
    if (!config) throw new Error("no store");
    const open = () => openStore(config.store, () => {});
    const crm = await startReceiver();
    const newer = await startReloadable(to({ crm: crm.url, erp: "http://127.0.0.1:9/" }), {
      store: await open(),
    });
    await newer.bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
    await crm.got(1);

    const { logger, logged } = logging();
    const older = await startReloadable(to({ crm: crm.url }), { store: await open(), logger });
    await until(() => logged("deliveries.stranded").length > 0, "the stranded deliveries are logged");
    const listed = (await older.bridge.admin("/api/v1/destinations")).body.items;
    expect(listed.find(({ name }: { name: string }) => name === "erp")).to.include({
      configured: false,
      open: 1,
    });
    expect(await deliveriesOf(newer.bridge)).to.include("erp pending");

    await older.reload(to({ crm: crm.url }));
    expect(await deliveriesOf(newer.bridge)).to.include("erp parked destination_removed");
  });

  it("end no lease of the other when one starts with a clock half a minute ahead", async () => {
    const { config } = await parseConfig(JSON.stringify({ store: await STORES.postgres() }), "c.yaml", {});
    if (!config) throw new Error("no store");
    const open = () => openStore(config.store, () => {});
    const receiver = await startHolding();
    const ahead: Clock = {
      now: () => Date.now() + 30_000,
      elapsed: () => performance.now(),
      after(ms, run) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    };
    const first = await startReloadable(to({ crm: receiver.url }), { store: await open(), clock: ahead });
    await first.bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
    await receiver.came("r1/1");

    const store = await open();
    let claims = 0;
    const claim: Store["claim"] = async (request) => {
      const leases = await store.claim(request);
      claims += 1;
      return leases;
    };
    await startReloadable(to({ crm: receiver.url }), { store: { ...store, claim } });
    await until(() => claims > 0, "the second bridge has claimed");
    await settled();
    receiver.answer("r1/1", 200);
    await nothingOpen(first.bridge);
    expect(receiver.posts()).to.equal(1);
  });

  it("a bridge that starts alone parks deliveries to a removed destination", async () => {
    const { config } = await parseConfig(JSON.stringify({ store: await STORES.postgres() }), "c.yaml", {});
    if (!config) throw new Error("no store");
    const open = () => openStore(config.store, () => {});
    const first = await startReloadable(to({ crm: "http://127.0.0.1:9/" }), { store: await open() });
    await first.bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
    await first.bridge.stop();
    const second = await startReloadable(to({ erp: "http://127.0.0.1:9/" }), { store: await open() });
    await nothingOpen(second.bridge);
    expect(await deliveriesOf(second.bridge)).to.deep.equal(["crm parked destination_removed"]);
  });
});

const control = (bridge: Bridge, path: string, body: object) =>
  fetch(`${bridge.adminUrl}/api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

type Call = (...given: unknown[]) => Promise<unknown>;

/**
 * A store that stands still at the nth of these calls once it is armed: before it, or after it has been
 * carried out.
 */
function pausing(side: "before" | "after", nth: number, calls = ["record", "amend", "reject"]) {
  const store = openSqliteStore({ file: ":memory:", token: () => `${Math.random()}` });
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let left = Number.POSITIVE_INFINITY;
  const stand = async (call: Call, given: unknown[]) => {
    left -= 1;
    const here = left === 0;
    const halt = () => {
      reached.resolve();
      return released.promise;
    };
    if (here && side === "before") await halt();
    const value = await call(...given);
    if (here && side === "after") await halt();
    return value;
  };
  const wrapped = Object.fromEntries(
    calls.map((name) => {
      const call: Call = Reflect.get(store, name);
      return [name, (...given: unknown[]) => stand(call, given)];
    }),
  );
  return {
    store: { ...store, ...wrapped } as Store,
    reached: reached.promise,
    arm() {
      left = nth;
    },
    release: () => released.resolve(),
  };
}
