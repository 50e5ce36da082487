import { expect } from "chai";
import fc from "fast-check";
import { startBridge, tidy } from "../support/bridge.ts";
import { acmeConfig, DONE, hmac, startAcme } from "./acme.ts";

const TOKEN = "a-token-nobody-guesses";
const SECRET = "0123456789abcdef0123456789abcdef";

/** Adobe's way: GET and every POST carry the client id, which the answer must repeat. */
const CLIENT = `verify:
  - equals: { place: "header:x-adobesign-clientid", to: allowed }
  - token: {}
challenge:
  answer:
    headers: { x-adobesign-clientid: { copy: "header:x-adobesign-clientid" } }
    json: { xAdobeSignClientId: { copy: "header:x-adobesign-clientid" } }
answer:
  headers: { x-adobesign-clientid: { copy: "header:x-adobesign-clientid" } }
  json: { ok: true, xAdobeSignClientId: { copy: "header:x-adobesign-clientid" } }`;
const CLIENTS = `{ token: ${TOKEN}, allowed: [CL-17, UB7E5BXCXY] }`;

/** CloudEvents' handshake (http-webhook.md, 4). */
const HANDSHAKE = `verify: [{ token: {} }]
challenge:
  method: OPTIONS
  answer:
    headers:
      WebHook-Allowed-Origin: { copy: "header:webhook-request-origin" }
      WebHook-Allowed-Rate: "*"`;

/** The common way: the value of \`?challenge=\`. */
const ECHO = `verify: [{ token: {} }]
challenge: { method: [GET, HEAD], answer: { body: { copy: "query:challenge", verified: true } } }`;

const metricOf = async (bridge: Awaited<ReturnType<typeof startAcme>>, outcome: string) => {
  const { body } = await bridge.admin("/metrics");
  const [, count] =
    new RegExp(`ingress_requests_total\\{[^}]*outcome="${outcome}"\\} (\\d+)`).exec(body) ?? [];
  return Number(count ?? 0);
};

describe("a challenge", () => {
  afterEach(tidy);

  it("is answered with the request's value, in header and JSON, if the configuration has it", async () => {
    const { send } = await startAcme(CLIENT, CLIENTS);
    for (const id of ["CL-17", "UB7E5BXCXY"]) {
      const { status, headers, body } = await send("GET", `?token=${TOKEN}`, { "X-AdobeSign-ClientId": id });
      expect([status, headers.get("x-adobesign-clientid"), body]).to.deep.equal([
        200,
        id,
        { xAdobeSignClientId: id },
      ]);
      expect(headers.get("content-type")).to.equal("application/json; charset=utf-8");
    }
  });

  it("is refused without an echo, where the value is wrong, missing or repeated", async () => {
    const { send, url } = await startAcme(CLIENT, CLIENTS);
    for (const headers of [{ "x-adobesign-clientid": "CL-18" }, { "x-adobesign-clientid": "cl-17" }, {}]) {
      const answer = await send("GET", `?token=${TOKEN}`, headers);
      expect([answer.status, answer.headers.get("x-adobesign-clientid")]).to.deep.equal([401, null]);
      expect(JSON.stringify(answer.body)).not.to.match(/CL-1[78]/i);
    }
    const twice = new Headers();
    for (const id of ["CL-17", "CL-17"]) twice.append("x-adobesign-clientid", id);
    const answer = await fetch(`${url}/in/acme/main?token=${TOKEN}`, { headers: twice });
    expect([answer.status, answer.headers.get("x-adobesign-clientid")]).to.deep.equal([401, null]);
  });

  it("needs the token that every request to the channel needs", async () => {
    const { send } = await startAcme(CLIENT, CLIENTS);
    const good = { "x-adobesign-clientid": "CL-17" };
    for (const path of ["", "?token=wrong", "/wrong"]) {
      const answer = await send("GET", path, good);
      expect([answer.status, answer.headers.get("x-adobesign-clientid")]).to.deep.equal([401, null]);
    }
    expect((await send("GET", `/${TOKEN}`, good)).status).to.equal(200);
  });

  it("is part of the answer to every event, too", async () => {
    const { send } = await startAcme(CLIENT, CLIENTS);
    const { status, headers, body } = await send(
      "POST",
      `?token=${TOKEN}`,
      { "x-adobesign-clientid": "CL-17" },
      DONE,
    );
    expect([status, headers.get("x-adobesign-clientid"), body]).to.deep.equal([
      200,
      "CL-17",
      { ok: true, xAdobeSignClientId: "CL-17" },
    ]);
    const wrong = await send("POST", `?token=${TOKEN}`, { "x-adobesign-clientid": "CL-18" }, DONE);
    expect([wrong.status, JSON.stringify([...wrong.headers, wrong.body]).includes("CL-18")]).to.deep.equal([
      401,
      false,
    ]);
  });

  it("can be CloudEvents' handshake by OPTIONS", async () => {
    const { send } = await startAcme(HANDSHAKE, `{ token: ${TOKEN}, allowed: [sender.example] }`);
    const asked = (origin: string) =>
      send("OPTIONS", `?token=${TOKEN}`, { "webhook-request-origin": origin, "webhook-request-rate": "120" });
    const { status, headers } = await asked("sender.example");
    expect([
      status,
      headers.get("webhook-allowed-origin"),
      headers.get("webhook-allowed-rate"),
    ]).to.deep.equal([200, "sender.example", "*"]);
    const other = await asked("other.example");
    expect([other.status, other.headers.get("webhook-allowed-origin")]).to.deep.equal([401, null]);
  });

  it("is CloudEvents' handshake with the shipped mapping of Standard Webhooks", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const channel = `{ token: ${TOKEN}, secrets: ["${secret}"], allowed: [sender.example] }`;
    const bridge = await startBridge(
      acmeConfig(channel).replace(
        "acme: { mapping: acme, channels: { main:",
        "ce: { mapping: standard-webhooks, channels: { countersign:",
      ),
    );
    const ask = (origin: string, query = `?token=${TOKEN}`) =>
      fetch(`${bridge.url}/in/ce/countersign${query}`, {
        method: "OPTIONS",
        headers: { "webhook-request-origin": origin },
      });
    const good = await ask("sender.example");
    expect([good.status, good.headers.get("webhook-allowed-origin")]).to.deep.equal([200, "sender.example"]);
    for (const bad of [await ask("other.example"), await ask("sender.example", "")]) {
      expect([bad.status, bad.headers.get("webhook-allowed-origin")]).to.deep.equal([401, null]);
    }
  });

  it("is answered with any value only where the channel has checks and they pass", async () => {
    const { send } = await startAcme(ECHO, `{ token: ${TOKEN} }`);
    expect((await send("GET", `?token=${TOKEN}&challenge=abc-123`)).body).to.equal("abc-123");
    const head = await send("HEAD", `?token=${TOKEN}&challenge=abc-123`);
    expect([head.status, head.body]).to.deep.equal([200, ""]);
    expect((await send("GET", "?challenge=abc-123")).status).to.equal(401);
    for (const bad of [
      "",
      "&challenge=",
      "&challenge=a&challenge=b",
      `&challenge=${"a".repeat(513)}`,
      "&challenge=a%0d%0ab",
      "&challenge=%c3%a9",
      "&challenge=%20a",
    ]) {
      expect((await send("GET", `?token=${TOKEN}${bad}`)).status, bad).to.equal(401);
    }
    const open = await startAcme(ECHO, "{ verify: none }");
    expect((await open.send("GET", "?challenge=abc-123")).status).to.equal(401);
  });

  it("can be signed, and is answered only if it is", async () => {
    const lines = `verify: [{ hmac: { hash: sha256, signature: "header:x-signature" } }]
challenge:
  method: POST
  when: { place: "payload:type", is: url_verification }
  answer: { json: { challenge: { copy: "payload:challenge", verified: true } } }`;
    const bridge = await startAcme(lines, `{ secrets: ["${SECRET}"] }`);
    const body = '{"type":"url_verification","challenge":"3eZbrw"}';
    const answer = await bridge.send("POST", "", { "x-signature": hmac(body, SECRET) }, body);
    expect([answer.status, answer.body]).to.deep.equal([200, { challenge: "3eZbrw" }]);
    const forged = await bridge.send("POST", "", { "x-signature": hmac(body, "another") }, body);
    expect([forged.status, JSON.stringify(forged.body).includes("3eZbrw")]).to.deep.equal([401, false]);
    expect((await bridge.send("POST", "", { "x-signature": hmac(DONE, SECRET) }, DONE)).body.events).to.equal(
      1,
    );
  });

  it("can be a post before there is a secret, and is answered with a fixed text", async () => {
    const lines = `verify: [{ hmac: { hash: sha256, signature: "header:x-signature" } }]
challenge:
  method: POST
  when: { place: "payload:event.eventType", is: [Verification] }
  answer: { body: ok }`;
    const bridge = await startAcme(lines, `{ secrets: ["${SECRET}"] }`);
    const answer = await bridge.send("POST", "", {}, '{"event":{"eventType":"Verification"}}');
    expect([answer.status, answer.body]).to.deep.equal([200, "ok"]);
    for (const other of [
      '{"event":{"eventType":"Signed"}}',
      '{"event":{"eventType":["Verification"]}}',
      "{",
      `${" ".repeat(70_000)}{"event":{"eventType":"Verification"}}`,
    ]) {
      expect((await bridge.send("POST", "", {}, other)).status).to.equal(401);
    }
    expect((await bridge.admin("/api/v1/receipts")).body.items).to.have.length(0);
  });

  it("is not stored, makes no event, and has its own count", async () => {
    const bridge = await startAcme(CLIENT, CLIENTS);
    await bridge.send("GET", `?token=${TOKEN}`, { "x-adobesign-clientid": "CL-17" });
    await bridge.send("GET", `?token=${TOKEN}`, { "x-adobesign-clientid": "CL-18" });
    expect(await metricOf(bridge, "challenge")).to.equal(1);
    expect(await metricOf(bridge, "bad_signature")).to.equal(1);
    for (const list of ["receipts", "events", "rejections"]) {
      expect((await bridge.admin(`/api/v1/${list}`)).body.items, list).to.have.length(0);
    }
  });

  it("leaves other methods refused, and lists the allowed ones", async () => {
    const { send } = await startAcme(HANDSHAKE, `{ token: ${TOKEN} }`);
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await send(method, `?token=${TOKEN}`, { "webhook-request-origin": "sender.example" });
      expect([answer.status, answer.headers.get("allow")]).to.deep.equal([405, "POST, OPTIONS"]);
    }
  });

  it("echoes only values that are allowed or verified", async function () {
    this.timeout(60_000);
    const mapping = `verify: [{ token: {} }, { hmac: { hash: sha256, signature: "header:x-signature" } }]
challenge:
  - method: [GET, OPTIONS, HEAD]
    when: { place: "query:mode" }
    answer:
      body: { copy: "query:challenge", verified: true }
      headers: { x-back: { copy: "header:x-one" } }
  - method: [GET, OPTIONS, HEAD]
    answer: { json: { one: { copy: "header:x-one" }, two: { copy: "query:challenge" } } }
  - method: POST
    when: { place: "payload:type", is: ask }
    answer:
      body: { copy: "payload:challenge", verified: true }
      headers: { x-back: { copy: "header:x-one" } }
answer: { headers: { x-back: { copy: "header:x-one" } }, body: { copy: "payload:challenge" } }`;
    const { send } = await startAcme(
      mapping,
      `{ token: ${TOKEN}, secrets: ["${SECRET}"], allowed: [CL-17] }`,
    );
    const MARK = "ZQXJ-mark";
    const value = fc.oneof(
      fc.constantFrom(MARK, `CL-17${MARK}`, `CL-17, ${MARK}`, `${MARK},CL-17`, `"${MARK}"`, `<b>${MARK}</b>`),
      fc.string({ maxLength: 40 }).map((text) => `${MARK}${text.replace(/[^\x20-\x7e]/g, "")}`),
      fc.string({ maxLength: 40 }).map((text) => `CL-17\r\nx-evil: ${MARK}${text}`),
    );
    const request = fc.record({
      method: fc.constantFrom("GET", "OPTIONS", "HEAD", "POST", "PUT"),
      token: fc.boolean(),
      mode: fc.boolean(),
      one: value,
      challenge: value,
      body: fc.oneof(
        value,
        value.map((challenge) => JSON.stringify({ type: "ask", challenge, what: challenge })),
      ),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, token, mode, one, challenge, body }) => {
        const query = new URLSearchParams({
          challenge,
          ...(token ? { token: TOKEN } : {}),
          ...(mode ? { mode: MARK } : {}),
        });
        const header = one.replace(/[^\x20-\x7e]/g, " ");
        const answer = await send(
          method,
          `?${query}`,
          { "x-one": header },
          method === "POST" ? body : undefined,
        );
        expect(answer.status).to.be.within(200, 499);
        expect(JSON.stringify([...answer.headers, answer.body])).not.to.include(MARK);
      }),
      { seed: 20_261_127, numRuns: 300 },
    );
  });
});

describe("an answer with values of the request", () => {
  it("cannot set the bridge's own headers, nor a header of several lines", async () => {
    const problem = async (answer: string) => {
      try {
        await startAcme(`verify: [{ token: {} }]\nanswer: ${answer}`, `{ token: ${TOKEN} }`);
      } catch (error) {
        return String(error);
      }
      return "";
    };
    expect(await problem('{ headers: { Content-Length: "7" } }')).to.match(/is not for a mapping to set/);
    expect(await problem('{ headers: { "x y": "7" } }')).to.match(/is no name of a header/);
    expect(await problem('{ headers: { x-a: "a\\r\\nx-b: c" } }')).to.match(/printable ASCII in one line/);
    expect(await problem("{ body: a, json: { b: c } }")).to.match(/has `body` and `json`/);
    expect(await problem('{ body: { cpy: "header:x" } }')).to.match(/known here: copy, verified/);
    await tidy();
  });
});
