import { createHmac } from "node:crypto";
import type { Socket } from "node:net";
import { expect } from "chai";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import {
  type Bridge,
  configText,
  FORM,
  LUMIN_KEY,
  signedByLumin,
  startBridge,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { openRaw, type RawConnection } from "../support/raw.ts";

const LUMIN = "/in/lumin/account";
const BODY = JSON.stringify({
  event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
  signature_request: { signature_request_id: "r1" },
});
const SIGNED = signedByLumin(BODY);

const headOf = (path: string, headers: Record<string, string | number>) =>
  [
    `POST ${path} HTTP/1.1`,
    "host: x",
    ...Object.entries(headers).map((pair) => pair.join(": ")),
    "",
    "",
  ].join("\r\n");

const sockets: Socket[] = [];

async function open(url: string): Promise<RawConnection> {
  const connection = await openRaw(url);
  sockets.push(connection.socket);
  return connection;
}

const server = (more: string) => configText(undefined, `{ host: 127.0.0.1, port: 0, ${more} }`);

/** The stored refused requests, each with its bytes. */
async function rejectionsOf(bridge: Bridge) {
  const { items } = (await bridge.admin("/api/v1/rejections?order=oldest")).body;
  const whole = items.map(({ id }: { id: string }) => bridge.admin(`/api/v1/rejections/${id}`));
  return (await Promise.all(whole)).map(({ body }) => body);
}

describe("taking a request in", () => {
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await tidy();
  });

  it("refuses a wrong token before the body is requested, and stores the refusal without it", async () => {
    const bridge = await startBridge();
    const head = headOf("/in/legalesign/upon?token=guess", { ...FORM, "content-length": 5_000_000 });
    const { status, body } = await (await open(bridge.url)).write(head).answer();
    expect([status, JSON.parse(body).error]).to.deep.equal([401, "bad_signature"]);
    const [rejection] = await rejectionsOf(bridge);
    expect(rejection).to.include({ body: null, length: 5_000_000, channel: "upon" });
    expect(rejection.reason).to.include("token");
    expect(rejection.headers).to.include({ "content-length": "5000000" });
  });

  it("stores a wrong token's short body if it comes at once, and waits for no other", async () => {
    const bridge = await startBridge();
    const post = (more: string) =>
      open(bridge.url).then((one) =>
        one
          .write(headOf("/in/legalesign/upon?token=guess", { ...FORM, "content-length": 8 }) + more)
          .answer(),
      );
    expect((await post("uuid=d-1")).status).to.equal(401);
    expect((await post("uuid")).status).to.equal(401);
    const items = await rejectionsOf(bridge);
    const bodies = items.map(({ body }: { body: string }) => Buffer.from(body, "base64").toString());
    expect(bodies).to.deep.equal(["uuid=d-1", "uuid"]);
    expect(items.map(({ length }: { length: number }) => length)).to.deep.equal([8, 8]);
    expect((await rejectionsOf(bridge))[1].cut).to.equal(true);
  });

  it("answers `Expect: 100-continue` with 100, or with the refusal", async () => {
    const bridge = await startBridge(server("maxBody: 1kb"));
    const ask = (path: string, headers: Record<string, string | number>) =>
      open(bridge.url).then((one) => one.write(headOf(path, { expect: "100-continue", ...headers })));
    const good = await ask(LUMIN, { ...SIGNED, "content-length": BODY.length });
    expect((await good.answer()).status).to.equal(100);
    expect((await good.write(BODY).answer()).status).to.equal(200);
    const statusOf = async (...args: Parameters<typeof ask>) => (await (await ask(...args)).answer()).status;
    expect(await statusOf(LUMIN, { "content-length": 1_025 })).to.equal(413);
    expect(await statusOf("/in/legalesign/upon", { "content-length": 10 })).to.equal(401);
    expect(await statusOf("/in/nobody/main", { "content-length": 10 })).to.equal(404);
    expect(await statusOf(LUMIN, { "content-length": 10, "content-encoding": "zstd" })).to.equal(415);
    expect(await statusOf(LUMIN, { "content-length": 10, expect: "a miracle" })).to.equal(417);
  });

  for (const [kind, framing] of [
    ["announced", { "content-length": 4_000_000 }],
    ["chunked", { "transfer-encoding": "chunked" }],
  ] as const) {
    it(`answers 413 to a sender that reads only after its whole body: ${kind}`, async () => {
      const bridge = await startBridge(server("maxBody: 1kb"));
      const connection = await open(bridge.url);
      connection.socket.pause();
      const piece = "x".repeat(100_000);
      const wire = kind === "chunked" ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece;
      connection.write(headOf(LUMIN, framing));
      for (let i = 0; i < 40; i++) {
        if (!connection.socket.write(wire))
          await new Promise((resolve) => connection.socket.once("drain", resolve));
      }
      if (kind === "chunked") connection.write("0\r\n\r\n");
      connection.socket.resume();
      const { status, head, body } = await connection.answer();
      expect([status, JSON.parse(body).error]).to.deep.equal([413, "too_large"]);
      expect(head).to.match(/^connection: close/im);
      expect(await connection.closed).to.equal("ended");
    });

    it(`stores headers, length and first kilobyte of a body over the limit: ${kind}`, async () => {
      const bridge = await startBridge(server("maxBody: 2kb"));
      const text = `{"pad":"${"é".repeat(3_000)}"}`;
      const bytes = Buffer.from(text);
      const connection = await open(bridge.url);
      const headers = { ...SIGNED, "x-mark": "mine" };
      if (kind === "chunked") {
        connection.write(headOf(LUMIN, { ...headers, ...framing }));
        connection.write(`${bytes.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
      } else connection.write(headOf(LUMIN, { ...headers, "content-length": bytes.length }) + text);
      expect((await connection.answer()).status).to.equal(413);

      const [rejection] = await rejectionsOf(bridge);
      expect(rejection).to.include({ source: "lumin", channel: "account", length: bytes.length, cut: true });
      expect(rejection.headers).to.include({ "x-mark": "mine" });
      expect(Buffer.from(rejection.body, "base64")).to.deep.equal(bytes.subarray(0, 1_024));
      expect(rejection.reason).to.include("longer than 2kb");
      const { what, sentences } = (await bridge.admin(`/api/v1/explain/${rejection.id}`)).body;
      expect(what).to.equal("rejection");
      expect(sentences[0].text).to.include(`with ${bytes.length} bytes`).and.include("longer than 2kb");
      expect(sentences[1].text).to.include("cannot be checked again");
      expect((await bridge.admin("/metrics")).body).to.include(
        'countersign_ingress_requests_total{source="lumin",channel="account",outcome="too_large"} 1',
      );
    });
  }

  it("does not reprocess a cut body, even if the signature matches the stored part", async () => {
    const small = await startBridge(server("maxBody: 1kb"));
    const beginning = `${BODY}${" ".repeat(1_024 - BODY.length)}`;
    const headers = { ...signedByLumin(beginning), "content-length": 2_000 };
    const answer = await (await open(small.url))
      .write(headOf(LUMIN, headers) + " ".repeat(2_000).replace(/^ {1024}/, beginning))
      .answer();
    expect(answer.status).to.equal(413);
    await small.stop();
    const bridge = await startBridge(configText(), { folder: small.folder });
    const [rejection] = await rejectionsOf(bridge);
    expect(String(Buffer.from(rejection.body, "base64"))).to.equal(beginning);
    expect(await bridge.reprocess({ which: "rejected" })).to.include({ checked: 0, fixed: 0, events: 0 });
    expect((await bridge.admin("/api/v1/receipts")).body.items).to.deep.equal([]);
  });

  it("accepts a completed envelope with its documents, and one with thousands of tabs", async () => {
    const text = configText("destinations: {}").replace(
      "  lumin:",
      `  docusign: { mapping: docusign, channels: { connect: { secrets: [key] } } }\n  lumin:`,
    );
    const bridge = await startBridge(text);
    const tab = Object.fromEntries(Array.from({ length: 45 }, (_, i) => [`member${i}`, `value ${i}`]));
    const envelope = (envelopeId: string, summary: object) =>
      JSON.stringify({
        event: "envelope-completed",
        generatedDateTime: "2026-03-02T10:15:00.0000000Z",
        data: { envelopeId, envelopeSummary: { status: "completed", ...summary } },
      });
    for (const body of [
      envelope("e1", { envelopeDocuments: [{ PDFBytes: "JVBERi0x".repeat(18 * 131_072) }] }),
      envelope("e2", { tabs: { textTabs: Array(2_400).fill(tab) } }),
    ]) {
      const signature = createHmac("sha256", "key").update(body).digest("base64");
      const answer = await bridge.post("/in/docusign/connect", body, { "x-docusign-signature-1": signature });
      expect([answer.status, answer.body.events, answer.body.problem]).to.deep.equal([200, 2, null]);
    }
  });

  it("answers 408 to a stalled or too slow body, and 200 to a slow one without pauses", async () => {
    const clock = createManualClock(1_700_000_000_000);
    const bridge = await startBridge(server("stallTimeout: 30s, requestTimeout: 5m"), { clock });
    const begin = async () => {
      const connection = await open(bridge.url);
      connection.write(headOf(LUMIN, { ...SIGNED, "content-length": BODY.length, expect: "100-continue" }));
      expect((await connection.answer()).status).to.equal(100);
      return connection;
    };
    const stalled = await begin();
    await clock.advance(30_000);
    const cut = await stalled.answer();
    expect([cut.status, JSON.parse(cut.body)]).to.deep.equal([
      408,
      { error: "request_timeout", message: "nothing came of the body for 30s" },
    ]);

    const endless = await begin();
    const slow = await begin();
    for (let i = 0; i < 14; i++) {
      endless.write(BODY.slice(i, i + 1));
      if (i < 9) slow.write(BODY.slice(i * 10, i === 8 ? BODY.length : i * 10 + 10));
      await arrived(bridge, endless, slow);
      await clock.advance(25_000);
    }
    expect((await slow.answer()).status).to.equal(200);
    expect(JSON.parse((await endless.answer()).body).message).to.equal("the body took longer than 5m");
    expect((await bridge.admin("/metrics")).body).to.include('outcome="request_timeout"} 2');
  });

  it("answers 503 before reading while complete bodies fill the budget, then 200", async () => {
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    const written = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const store = {
      ...real,
      record: async (recording: Parameters<typeof real.record>[0]) => {
        began.resolve();
        await written.promise;
        return real.record(recording);
      },
    };
    const limits = server("maxBody: 1mb, maxBytesInFlight: 2mb");
    const bridge = await startBridge(limits, { store });
    const long = `{"pad":"${"x".repeat(1_000_000)}"}`;
    const waiting = bridge.post(LUMIN, long, signedByLumin(long));
    await began.promise;
    const head = headOf(LUMIN, { ...SIGNED, "content-length": 1_000_000 });
    const refused = await (await open(bridge.url)).write(head).answer();
    expect([refused.status, JSON.parse(refused.body).error]).to.deep.equal([503, "overloaded"]);
    expect(refused.head)
      .to.match(/^retry-after: 10$/im)
      .and.match(/^connection: close$/im);
    const small = bridge.post(LUMIN, BODY, SIGNED);
    written.resolve();
    expect([(await waiting).status, (await small).status]).to.deep.equal([200, 200]);
    const other = `${long} `;
    expect((await bridge.post(LUMIN, other, signedByLumin(other))).status).to.equal(200);
  });

  it("answers a small post while unfinished bodies of strangers exceed the budget", async () => {
    const bridge = await startBridge(server("maxBody: 1mb, maxBytesInFlight: 2mb"));
    const piece = Buffer.alloc(900_000, "x");
    const strangers = await Promise.all(Array.from({ length: 12 }, () => open(bridge.url)));
    for (const one of strangers) one.write(headOf(LUMIN, { "content-length": 1_000_000 })).write(piece);
    // All but one are dropped; which ones depends on the order of their bytes.
    // A sender that still writes then may lose the answer.
    const answers = strangers.map((one) => one.answer().catch(() => null));
    const shed = await firstOf(answers, strangers.length - 1);
    expect(shed.filter((answer) => answer && answer.status !== 503)).to.deep.equal([]);
    expect((await bridge.admin("/metrics")).body).to.match(/outcome="overloaded"} 1[12]$/m);
    expect((await bridge.post(LUMIN, BODY, SIGNED)).status).to.equal(200);
    const long = `{"pad":"${"x".repeat(900_000)}"}`;
    expect((await bridge.post(LUMIN, long, signedByLumin(long))).status).to.equal(200);
  });

  it("answers 503 to a connection over the limit, and serves the next once one is closed", async () => {
    const bridge = await startBridge(server("maxConnections: 2"));
    const connections = await Promise.all([0, 1, 2].map(() => open(bridge.url)));
    const post = headOf(LUMIN, { ...SIGNED, "content-length": BODY.length }) + BODY;
    const statuses = [];
    for (const one of connections) statuses.push((await one.write(post).answer()).status);
    expect(statuses.toSorted()).to.deep.equal([200, 200, 503]);
  });

  it("keeps idle connections longer than proxies do, on both listeners, or as configured", async () => {
    const idle = async (text: string) => {
      const bridge = await startBridge(text);
      const answers = [];
      for (const url of [bridge.url, bridge.adminUrl])
        answers.push((await (await open(url)).write("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").answer()).head);
      return answers.map((head) => /^keep-alive: timeout=(\d+)/im.exec(head)?.[1]);
    };
    expect(await idle(configText())).to.deep.equal(["75", "75"]);
    expect(await idle(server("idleTimeout: 130s"))).to.deep.equal(["130", "130"]);
  });

  it("accepts paths as proxies forward them, but no name in another case", async () => {
    const bridge = await startBridge();
    const statusOf = async (target: string) =>
      (
        await (
          await open(bridge.url)
        )
          .write(headOf(target, { ...SIGNED, "content-length": BODY.length }) + BODY)
          .answer()
      ).status;
    for (const target of [
      LUMIN,
      "//in/lumin/account",
      "/in//lumin///account/",
      "/in/lumin/account?",
      "/in/lumin/account/?a=b",
      "/in/lumin/%61ccount",
      "http://bridge.example/in/lumin/account",
    ]) {
      expect(await statusOf(target), target).to.equal(200);
    }
    for (const target of [
      "/in/Lumin/Account",
      "/esign/in/lumin/account",
      "/IN/lumin/account",
      "/in/lumin/%zz",
      "*",
    ])
      expect(await statusOf(target), target).to.equal(404);
  });

  it("answers below the base path only, and shows the path without naming a source", async () => {
    const bridge = await startBridge(server("basePath: /esign/v1"));
    const post = (path: string) => bridge.post(path, BODY, SIGNED);
    expect((await post(`/esign/v1${LUMIN}`)).status).to.equal(200);
    expect((await post(`//esign/v1/${LUMIN}/`)).status).to.equal(200);
    for (const path of [LUMIN, "/esign/v1", "/esign/v1/in/lumin/other", "/esign/in/lumin/account"]) {
      const { status, body } = await post(path);
      expect(status, path).to.equal(404);
      expect(body.message, path)
        .to.include("/esign/v1/in/<source>/<channel>")
        .and.not.match(/lumin|account/);
    }
  });

  it("refuses a request that shows its credentials twice", async () => {
    const text = configText().replace(
      `"${LUMIN_KEY}"]`,
      `"${LUMIN_KEY}"], basic: { user: me, password: a-password-of-16 }`,
    );
    const bridge = await startBridge(text);
    const basic = `Basic ${Buffer.from("me:a-password-of-16").toString("base64")}`;
    const head = headOf(LUMIN, { ...SIGNED, "content-length": BODY.length, authorization: basic });
    const post = (text: string) => open(bridge.url).then((one) => one.write(text + BODY).answer());
    expect((await post(head)).status).to.equal(200);
    expect((await post(head.replace("\r\n\r\n", `\r\nauthorization: ${basic}\r\n\r\n`))).status).to.equal(
      401,
    );
  });
});

/** Resolves once the bridge has read what was written: it answers others in the same event loop. */
async function arrived(
  bridge: { admin(path: string): Promise<unknown> },
  ...connections: RawConnection[]
): Promise<void> {
  await Promise.all(connections.map(({ socket }) => new Promise((resolve) => socket.write("", resolve))));
  for (let i = 0; i < 3; i++) await bridge.admin("/livez");
}

/** The answers that come first. */
function firstOf<T>(answers: readonly Promise<T>[], count: number): Promise<T[]> {
  const came: T[] = [];
  return new Promise((resolve, reject) => {
    for (const answer of answers) {
      answer.then((one) => {
        came.push(one);
        if (came.length === count) resolve(came);
      }, reject);
    }
  });
}
