import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { expect } from "chai";
import { CountersignError } from "../../src/domain/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { aFolder, configText, FORM, signedByLumin, startBridge, TOKEN, tidy } from "../support/bridge.ts";

const LUMIN = "/in/lumin/account";
const CREATED = JSON.stringify({
  event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
  signature_request: { signature_request_id: "r1", a_key_nobody_knows: { deep: [1] } },
});
const item = (value: unknown, given: object = {}) => ({
  value,
  timestamp: "2022-07-11T07:28:25+00:00",
  resource_uri: "/api/v1/document/d1/",
  name: "status",
  ...given,
});
const batch = (...items: unknown[]) => `data=${encodeURIComponent(JSON.stringify(items))}`;

/** Sends bytes that no HTTP client would send; resolves with the whole answer. */
function raw(url: string, text: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
      if (answer.includes("\r\n\r\n")) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

describe("POST /in/<source>/<channel>", () => {
  afterEach(tidy);

  it("is answered with exactly 200 and the counts of its result", async () => {
    const bridge = await startBridge();
    const answer = await bridge.post(LUMIN, CREATED, signedByLumin(CREATED));
    expect(answer.status).to.equal(200);
    expect(answer.body).to.have.all.keys("receipt", "events", "duplicates", "problem");
    expect(answer.body.receipt).to.match(/^rcp_[0-9a-z]{26}$/);
  });

  it("stores the bytes, the query without its token and the headers of a genuine request", async () => {
    const bridge = await startBridge();
    const body = Buffer.from("uuid=d1&event=100&name=Caf\xe9+%2B+10.50&tag=007&tag=008", "latin1");
    const headers = { ...FORM, authorization: "Basic c2VjcmV0" };
    const { receipt } = (
      await bridge.post(`/in/legalesign/upon?trigger=signed&token=${TOKEN}`, body, headers)
    ).body;
    const stored = (await bridge.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(Buffer.from(stored.body, "base64")).to.deep.equal(body);
    expect(stored).to.deep.include({
      query: "trigger=signed",
      verified: "token",
      source: "legalesign",
      channel: "upon",
    });
    expect(stored.headers).to.deep.include({
      authorization: "(not kept)",
      "content-type": FORM["content-type"],
    });
    expect(JSON.stringify(stored)).not.to.include(TOKEN);
  });

  it("stores a genuine request that cannot be read with a problem, and answers 200", async () => {
    const bridge = await startBridge();
    const body = "this is { no JSON";
    const answer = await bridge.post(LUMIN, body, signedByLumin(body));
    expect(answer.status).to.equal(200);
    expect(answer.body).to.include({ events: 0 });
    expect(answer.body.problem).to.be.a("string");
    const { items } = (await bridge.admin("/api/v1/receipts?order=oldest&problems=true")).body;
    expect(items).to.have.length(1);
    expect(items[0].problems[0]).to.include({ kind: "undecodable" });
  });

  it("records the good items of a batch beside a bad one, and names the bad one's field", async () => {
    const bridge = await startBridge();
    const answer = await bridge.post(
      `/in/legalesign/batch?token=${TOKEN}`,
      batch(item("10"), item("20", { resource_uri: 7 }), item("30")),
      FORM,
    );
    expect(answer.status).to.equal(200);
    expect(answer.body).to.include({ events: 2 });
    expect(answer.body.problem).to.match(/^item 1: .*resource_uri/);
  });

  it("forwards a code that is not in the mapping as `unknown`", async () => {
    const bridge = await startBridge();
    const answer = await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(item("777")), FORM);
    expect(answer.body).to.deep.include({ events: 1, problem: null });
    const [event] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    expect(event).to.deep.include({ type: "unknown" });
    expect(event.code).to.deep.include({ object: "document", value: "777" });
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_unmapped_total{source="legalesign",object="document"} 1',
    );
  });

  it("refuses a request that is not genuine with 401, and records no event", async () => {
    const bridge = await startBridge();
    const forged = await bridge.post(LUMIN, CREATED, signedByLumin(CREATED, "another_key"));
    expect([forged.status, forged.body.error]).to.deep.equal([401, "bad_signature"]);
    const tokenless = await bridge.post("/in/legalesign/batch", batch(item("10")), FORM);
    expect([tokenless.status, tokenless.body.error]).to.deep.equal([401, "bad_signature"]);
    const guessed = await bridge.post("/in/legalesign/batch?token=guess", batch(item("10")), FORM);
    expect(guessed.status).to.equal(401);
    expect((await bridge.admin("/api/v1/events")).body.items).to.deep.equal([]);
  });

  it("answers 404 for a source or channel that is not configured", async () => {
    const bridge = await startBridge();
    for (const path of [
      "/in/lumin/app",
      "/in/docusign/main",
      "/in/lumin",
      "/in",
      "/",
      "/in/lumin/account/a/b",
    ]) {
      expect((await bridge.post(path, "{}")).status, path).to.equal(404);
    }
  });

  it("answers other methods with 405 and the allowed ones", async () => {
    const bridge = await startBridge();
    for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const answer = await fetch(`${bridge.url}${LUMIN}`, { method });
      expect([answer.status, answer.headers.get("allow")], method).to.deep.equal([405, "POST"]);
    }
  });

  it("answers no path and method under /in with 3xx", async () => {
    const bridge = await startBridge();
    const paths = [
      "/in",
      "/in/",
      "//in//lumin",
      "/in/lumin/account/",
      "/in/../in/lumin/account",
      "/in/%",
      "/in/%2e%2e/x",
      "/IN/LUMIN/ACCOUNT",
    ];
    for (const method of ["GET", "POST", "PUT", "HEAD", "OPTIONS"]) {
      for (const path of paths) {
        const answer = await raw(
          bridge.url,
          `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`,
        );
        expect(answer, `${method} ${path}`).to.match(/^HTTP\/1\.1 (401|404|405) /);
      }
    }
  });

  it("refuses a body over the limit, announced or chunked, and takes one of exactly the limit", async () => {
    const bridge = await startBridge(configText(undefined, "{ host: 127.0.0.1, port: 0, maxBody: 1kb }"));
    const fits = `{"pad":"${"x".repeat(1_024 - 10)}"}`;
    expect(Buffer.byteLength(fits)).to.equal(1_024);
    expect((await bridge.post(LUMIN, fits, signedByLumin(fits))).status).to.equal(200);

    const head = `POST ${LUMIN} HTTP/1.1\r\nhost: x\r\n`;
    const announced = await raw(bridge.url, `${head}content-length: 1025\r\n\r\n`);
    expect(announced)
      .to.match(/^HTTP\/1\.1 413 /)
      .and.include('"too_large"');
    const chunk = `400\r\n${"x".repeat(1_024)}\r\n`;
    const chunked = await raw(
      bridge.url,
      `${head}transfer-encoding: chunked\r\n\r\n${chunk}1\r\nx\r\n0\r\n\r\n`,
    );
    expect(chunked)
      .to.match(/^HTTP\/1\.1 413 /)
      .and.include('"too_large"');
    expect((await bridge.admin("/api/v1/receipts")).body.items).to.have.length(1);
  });

  it("answers 503 with Retry-After while the store cannot write", async () => {
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    const store = {
      ...real,
      record: async () => {
        throw new CountersignError("store_unavailable", "the disk is full");
      },
    };
    const bridge = await startBridge(configText(), { store });
    const answer = await bridge.post(LUMIN, CREATED, signedByLumin(CREATED));
    expect([answer.status, answer.body.error]).to.deep.equal([503, "store_unavailable"]);
    expect(Number(answer.headers.get("retry-after"))).to.be.greaterThan(0);
  });

  it("answers 500 for an internal fault, without its details", async () => {
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    const store = {
      ...real,
      record: async () => {
        throw new TypeError("secret internals");
      },
    };
    const bridge = await startBridge(configText(), { store });
    const answer = await bridge.post(LUMIN, CREATED, signedByLumin(CREATED));
    expect(answer.status).to.equal(500);
    expect(JSON.stringify(answer.body)).not.to.include("secret internals");
  });

  it("answers only when the request is on disk", async () => {
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    const written = Promise.withResolvers<void>();
    const store = {
      ...real,
      record: async (recording: Parameters<typeof real.record>[0]) => {
        await written.promise;
        return real.record(recording);
      },
    };
    const bridge = await startBridge(configText(), { store });
    let answered = false;
    const answer = bridge.post(LUMIN, CREATED, signedByLumin(CREATED)).then(() => {
      answered = true;
    });
    expect((await bridge.admin("/livez")).status).to.equal(200);
    expect(answered).to.equal(false);
    written.resolve();
    await answer;
    expect((await bridge.admin("/api/v1/receipts")).body.items).to.have.length(1);
  });

  it("answers with the mapping's text where the provider expects one", async () => {
    const folder = aFolder();
    mkdirSync(`${folder}/mappings`);
    writeFileSync(
      `${folder}/mappings/acme.yaml`,
      `
provider: acme
title: Acme
verify: [{ token: {} }]
event: { word: { from: what, table: words }, document: { id: id } }
answer: { body: "Hello Event", type: text/plain }
tables: { words: { done: document.completed } }
channels: { main: { title: Main } }
`,
    );
    const text = `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
sources: { acme: { mapping: acme, channels: { main: { token: ${TOKEN} } } } }
`;
    const bridge = await startBridge(text, { folder });
    const answer = await bridge.post(`/in/acme/main?token=${TOKEN}`, '{"what":"done","id":"1"}');
    expect([answer.status, answer.body]).to.deep.equal([200, "Hello Event"]);
    expect(answer.headers.get("content-type")).to.match(/^text\/plain/);
  });
});
