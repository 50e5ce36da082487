import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { Attempt } from "../../src/domain/delivery.ts";
import { createDeliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import type { OAuth2 } from "../../src/outbound/token-request.ts";
import { listenUntilTidy, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { aDestination, anEvent, type Receiver, startReceiver } from "./fixtures.ts";
import { grant, type Issue, issueHourly, startTokenEndpoint } from "./token-endpoint.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CLIENT_SECRET = "a:secret/with +% signs";

describe("deliver, with access tokens of OAuth 2.0", () => {
  const clock = createManualClock(Date.now());
  const open: Receiver[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((receiver) => receiver.close()));
    await tidy();
  });

  /** Answers a post with what `accepts` gives for its `authorization`, and repeats that in the body. */
  async function startApi(accepts: (token: string, nth: number) => number = () => 200): Promise<Receiver> {
    const receiver = await startReceiver((response, { headers }) => {
      const token = headers.authorization ?? "";
      response.statusCode = accepts(token, receiver.received.length);
      response.end(`you sent ${token}`);
    });
    open.push(receiver);
    return receiver;
  }
  const tokensOf = ({ received }: Receiver) => received.map(({ headers }) => headers.authorization);

  async function set(given: {
    issue?: Issue;
    accepts?: (token: string, nth: number) => number;
    oauth2?: Partial<OAuth2>;
    destination?: Partial<Destination>;
  }) {
    const endpoint = await startTokenEndpoint(given.issue);
    const api = await startApi(given.accepts);
    const oauth2: OAuth2 = {
      tokenUrl: endpoint.url,
      ...{ clientId: "bridge", clientSecret: CLIENT_SECRET },
      ...{ scope: null, audience: null, clientAuth: "basic", tls: null, proxy: null },
      ...given.oauth2,
    };
    const destination = aDestination({ url: api.url, oauth2, ...given.destination });
    const deliver = createDeliver({ clock, version: "0.1.0" });
    let number = 0;
    const attempt = (signal?: AbortSignal) =>
      deliver(destination, anEvent(), ++number, { ...(signal && { signal }) });
    return { endpoint, api, attempt, deliver, destination };
  }
  /** Nothing was sent, and the answer says why. */
  const expectTokenless = (attempt: Attempt, words: string) => {
    expect(attempt).to.include({ cause: "token", status: null });
    expect(attempt.answer).to.include(words);
    expect(JSON.stringify(attempt)).not.to.include("secret");
  };

  it("asks for a token by client credentials, with the client in the header, and sends it as bearer", async () => {
    const { endpoint, api, attempt } = await set({
      oauth2: { scope: "events:write all", audience: "urn:crm" },
    });
    expect(await attempt()).to.include({ cause: "answered", status: 200 });
    expect(tokensOf(api)).to.deep.equal(["Bearer token-no-1"]);
    const [request] = endpoint.requests;
    expect(Object.fromEntries(request?.form ?? [])).to.deep.equal({
      ...{ grant_type: "client_credentials", scope: "events:write all", audience: "urn:crm" },
    });
    const basic = Buffer.from(
      `${request?.headers.authorization}`.replace(/^Basic /, ""),
      "base64",
    ).toString();
    expect(basic).to.equal("bridge:a%3Asecret%2Fwith+%2B%25+signs");
    expect(request?.headers["content-type"]).to.equal("application/x-www-form-urlencoded");
  });

  it("sends the client in the form where the destination says so, and only what is given", async () => {
    const { endpoint, attempt } = await set({ oauth2: { clientAuth: "post" } });
    await attempt();
    const [request] = endpoint.requests;
    expect(Object.fromEntries(request?.form ?? [])).to.deep.equal({
      ...{ grant_type: "client_credentials", client_id: "bridge", client_secret: CLIENT_SECRET },
    });
    expect(request?.headers).not.to.have.property("authorization");
  });

  it("keeps a token until a minute before its end", async () => {
    const { endpoint, api, attempt } = await set({});
    await attempt();
    await clock.advance(59 * MINUTE - 1);
    await attempt();
    expect(endpoint.requests).to.have.length(1);
    await clock.advance(1);
    await attempt();
    expect(tokensOf(api)).to.deep.equal(["Bearer token-no-1", "Bearer token-no-1", "Bearer token-no-2"]);
  });

  for (const [expires_in, lifetime] of [
    [100, 90 * SECOND],
    ["100", 90 * SECOND],
    [undefined, 4.5 * MINUTE],
    [null, 4.5 * MINUTE],
  ] as const)
    it(`renews a token with expires_in ${JSON.stringify(expires_in)} after ${lifetime / SECOND} s`, async () => {
      const issue: Issue = (response, nth) =>
        grant(response, { access_token: `token-no-${nth}`, expires_in });
      const { endpoint, attempt } = await set({ issue });
      await attempt();
      await clock.advance(lifetime - 1);
      await attempt();
      expect(endpoint.requests).to.have.length(1);
      await clock.advance(1);
      await attempt();
      expect(endpoint.requests).to.have.length(2);
    });

  it("uses a token to its end while no new one can be had", async () => {
    const issue: Issue = (response, nth) =>
      nth === 1
        ? issueHourly(response, nth, { path: "", headers: {}, form: new URLSearchParams() })
        : void response.writeHead(503).end();
    const { api, attempt } = await set({ issue });
    await attempt();
    await clock.advance(60 * MINUTE - 1);
    expect(await attempt()).to.include({ cause: "answered", status: 200 });
    await clock.advance(1);
    expectTokenless(await attempt(), "answered with 503");
    expect(api.received).to.have.length(2);
  });

  it("fetches one token for fifty attempts that wait for it", async () => {
    const { endpoint, api, deliver, destination } = await set({
      issue: (response, nth) => setImmediate(() => grant(response, { access_token: `token-no-${nth}` })),
      destination: { concurrency: 50 },
    });
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => deliver(destination, anEvent(), index + 1)),
    );
    expect(all.filter(({ status }) => status === 200)).to.have.length(50);
    expect(endpoint.requests).to.have.length(1);
    expect(new Set(tokensOf(api))).to.deep.equal(new Set(["Bearer token-no-1"]));
  });

  it("fetches one new token for fifty attempts whose token is refused", async () => {
    const { endpoint, api, attempt, deliver, destination } = await set({
      accepts: (token, nth) => (token === "Bearer token-no-1" && nth > 1 ? 401 : 200),
      destination: { concurrency: 50 },
    });
    await attempt();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => deliver(destination, anEvent(), index + 1)),
    );
    expect(all.filter(({ status }) => status === 200)).to.have.length(50);
    expect(endpoint.requests).to.have.length(2);
    expect(tokensOf(api).filter((token) => token === "Bearer token-no-2")).to.have.length(50);
  });

  it("fetches a token again once after a 401, in the same attempt", async () => {
    const accepts = (token: string) => (token === "Bearer token-no-1" ? 401 : 200);
    const { endpoint, api, attempt } = await set({ accepts });
    expect(await attempt()).to.include({ number: 1, cause: "answered", status: 200 });
    expect(tokensOf(api)).to.deep.equal(["Bearer token-no-1", "Bearer token-no-2"]);
    expect(await attempt()).to.include({ status: 200 });
    expect(endpoint.requests).to.have.length(2);
  });

  it("takes a second 401 as the answer, and asks for no other token within a minute", async () => {
    const { endpoint, api, attempt } = await set({ accepts: () => 401 });
    const first = await attempt();
    expect(first).to.include({ cause: "answered", status: 401, answer: "you sent Bearer (not kept)" });
    await clock.advance(5 * SECOND);
    expect(await attempt()).to.include({ cause: "answered", status: 401 });
    expect(tokensOf(api)).to.deep.equal(["Bearer token-no-1", "Bearer token-no-2", "Bearer token-no-2"]);
    await clock.advance(MINUTE);
    await attempt();
    expect(endpoint.requests).to.have.length(3);
  });

  it("fetches no token again after any other answer", async () => {
    for (const status of [400, 403, 407, 500]) {
      const { endpoint, attempt } = await set({ accepts: () => status });
      expect(await attempt()).to.include({ cause: "answered", status });
      expect(endpoint.requests).to.have.length(1);
    }
  });

  it("shows no token in an answer that repeats it", async () => {
    const { attempt } = await set({ accepts: (token) => (token === "Bearer token-no-1" ? 401 : 500) });
    expect((await attempt()).answer).to.equal("you sent Bearer (not kept)");
  });

  describe("when the token endpoint fails", () => {
    const trouble: readonly [string, Issue, string][] = [
      [
        "refuses the client",
        (r) => void r.writeHead(401).end('{"error":"invalid_client"}'),
        "answered with 401 (invalid_client)",
      ],
      [
        "repeats the secret in an error",
        (r, _, { headers }) =>
          void r
            .writeHead(400)
            .end(JSON.stringify({ error: `no ${headers.authorization}`, error_description: CLIENT_SECRET })),
        "answered with 400",
      ],
      [
        "redirects",
        (r) => void r.writeHead(302, { location: "/other?client_secret=x" }).end(),
        "answered with 302; redirects are not followed",
      ],
      ["answers with a page", (r) => void r.end("<html>secret</html>"), "its answer is no JSON object"],
      [
        "answers with JSON that is no object",
        (r) => void r.end('["secret"]'),
        "its answer is no JSON object",
      ],
      ["answers without a token", (r) => void r.end('{"expires_in":60}'), "has no `access_token`"],
      [
        "answers with a token of several lines",
        (r) => void grant(r, { access_token: "secret\r\nx-admin: 1" }),
        "has no `access_token`",
      ],
      [
        "answers with another type of token",
        (r) => void grant(r, { access_token: "secret", token_type: "mac" }),
        "`token_type` other than Bearer",
      ],
      [
        "answers with a life that is none",
        (r) => void grant(r, { access_token: "secret", expires_in: -1 }),
        "`expires_in` that is no number",
      ],
      [
        "answers compressed, although nothing asked for it",
        (r) => void r.setHeader("content-encoding", "gzip").end(gzipSync("{}")),
        "its answer is no JSON object",
      ],
      [
        "answers with megabytes",
        (r) => void r.end(`{"access_token":"${"x".repeat(4 * 1_024 ** 2)}"}`),
        "answered with more than 64 KiB",
      ],
      [
        "answers without an end",
        (r) => {
          const more = () => void (r.writable && r.write("x".repeat(16_384), more));
          more();
        },
        "answered with more than 64 KiB",
      ],
      ["hangs up", (r) => void r.socket?.destroy(), "cannot be reached"],
      ["speaks no HTTP", (r) => void r.socket?.end("% no HTTP %\r\n\r\n"), "cannot be reached"],
    ];
    for (const [what, issue, words] of trouble)
      it(`says so, and sends nothing: it ${what}`, async () => {
        const { api, attempt } = await set({ issue });
        expectTokenless(await attempt(), words);
        expect(api.received).to.have.length(0);
      });

    it("names it without its query", async () => {
      const { attempt, destination, deliver } = await set({ issue: (r) => void r.writeHead(500).end() });
      const oauth2 = { ...(destination.oauth2 as OAuth2) };
      oauth2.tokenUrl += "?key=hush";
      const { answer } = await deliver(aDestination({ ...destination, oauth2 }), anEvent(), 1);
      expect(answer)
        .to.equal((await attempt()).answer)
        .and.match(/^the token endpoint http:.+\/oauth2\/token answered with 500$/);
    });

    it("waits as long as its Retry-After asks for", async () => {
      const issue: Issue = (r) => void r.writeHead(429, { "retry-after": "90" }).end();
      expect(await (await set({ issue })).attempt()).to.include({ cause: "token", retryAfter: 90_000 });
    });

    it("fails the attempt when the token is refused and no other can be had", async () => {
      const issue: Issue = (response, nth) =>
        nth === 1 ? grant(response, { access_token: "token-no-1" }) : void response.writeHead(500).end();
      const { attempt } = await set({ issue, accepts: () => 401 });
      expectTokenless(await attempt(), "answered with 500");
    });

    it("ends at the timeout of the attempt, is told apart from a slow destination, and does not go on", async () => {
      const { endpoint, attempt } = await set({ issue: () => {}, destination: { timeout: 15 * SECOND } });
      const ended = attempt();
      await until(() => endpoint.open === 1, "the token endpoint has the request");
      await clock.advance(15 * SECOND);
      const result = await ended;
      expectTokenless(result, "gave no answer in time");
      expect(result.duration).to.equal(15 * SECOND);
      await until(() => endpoint.open === 0, "the request for a token has ended");
      expect(clock.timers).to.equal(0);
    });

    it("goes on while another attempt waits, and ends with the last one", async () => {
      const { endpoint, attempt } = await set({ issue: () => {} });
      const [one, other] = [new AbortController(), new AbortController()];
      const ended = [attempt(one.signal), attempt(other.signal)] as const;
      await until(() => endpoint.open === 1, "the token endpoint has the request");
      one.abort();
      expect(await ended[0]).to.include({
        cause: "interrupted",
        answer: "stopped before there was an answer",
      });
      expect(endpoint.open).to.equal(1);
      other.abort();
      expect(await ended[1]).to.include({ cause: "interrupted" });
      await until(() => endpoint.open === 0, "the request for a token has ended");
      expect(endpoint.requests).to.have.length(1);
      expect(clock.timers).to.equal(0);
    });

    it("asks again at the next attempt", async () => {
      const issue: Issue = (response, nth) =>
        nth === 1 ? void response.writeHead(500).end() : grant(response, { access_token: `token-no-${nth}` });
      const { attempt } = await set({ issue });
      expectTokenless(await attempt(), "answered with 500");
      expect(await attempt()).to.include({ cause: "answered", status: 200 });
    });
  });

  describe("guards the token endpoint", () => {
    const at = (tokenUrl: string, given: Partial<Destination> = {}) =>
      set({ oauth2: { tokenUrl }, destination: given });

    for (const tokenUrl of ["http://169.254.169.254/token", "http://[::ffff:a9fe:a9fe]/token"])
      it(`never asks ${tokenUrl}`, async () => {
        const { attempt, endpoint } = await at(tokenUrl);
        expectTokenless(await attempt(), "cloud metadata address");
        expect(endpoint.requests).to.have.length(0);
      });

    it("asks no private address where the destination says public", async () => {
      const { endpoint } = await set({});
      const { attempt } = await at(endpoint.url, { url: "https://198.51.100.7/", network: "public" });
      expectTokenless(await attempt(), "is a loopback address");
      expect(endpoint.requests).to.have.length(0);
    });

    it("asks no name that resolves to a refused address", async () => {
      const { destination } = await at("http://tokens.test/token");
      const deliver = createDeliver({
        clock,
        version: "0.1.0",
        lookup: (_hostname, _options, callback) =>
          callback(null, [{ address: "169.254.169.254", family: 4 }]),
      });
      expectTokenless(await deliver(destination, anEvent(), 1), "tokens.test resolves to 169.254.169.254");
    });

    it("reaches it through the proxy that it names, and through no other", async () => {
      const { createServer } = await import("node:http");
      const asked: string[] = [];
      const server = createServer();
      server.on("connect", (request, socket) => {
        asked.push(request.url ?? "");
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      });
      const proxy = await listenUntilTidy(server);
      const { attempt, endpoint } = await set({ oauth2: { proxy } });
      expectTokenless(await attempt(), "answered CONNECT with 403");
      expect(asked).to.deep.equal([new URL(endpoint.url).host]);
      expect(endpoint.requests).to.have.length(0);
    });
  });
});
