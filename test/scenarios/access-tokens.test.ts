import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect } from "chai";
import { pino } from "pino";
import { parseConfig } from "../../src/config.ts";
import { makeCertificates } from "../outbound/certificates.ts";
import { grant, type Issue, startTokenEndpoint } from "../outbound/token-endpoint.ts";
import {
  aFolder,
  atTidy,
  type Bridge,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";

/** Whole bridges whose destination asks for access tokens or client certificates. */

const created = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id },
  });

const CLIENT = { old: "the-old-client-secret", new: "the-new-client-secret" };

describe("a bridge whose destination needs credentials that change", function () {
  this.timeout(20_000);
  afterEach(tidy);

  const send = async (bridge: Bridge, id: string) => {
    const body = created(id);
    expect((await bridge.post("/in/lumin/account", body, signedByLumin(body))).status).to.equal(200);
  };

  /** A bridge that reads the text of `given` again at a reload. */
  async function start(given: { text: string }, lines: string[] = [], clock = createManualClock(Date.now())) {
    const folder = aFolder();
    const log = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    return startBridge(given.text, {
      ...{ folder, clock, logger: log },
      load: () => parseConfig(given.text, join(folder, "countersign.yaml"), {}),
    });
  }

  const withTokens = (url: string, tokenUrl: string, clientSecret: string, rest = "") =>
    configText(
      `destinations: { crm: { url: "${url}", secrets: ["${SECRET}"], auth: { oauth2: { tokenUrl: "${tokenUrl}", clientId: bridge, clientSecret: ${clientSecret} } }${rest} } }`,
    );

  /** Knows one client secret. */
  const knowing =
    (secret: { text: string }): Issue =>
    (response, nth, { headers }) => {
      const [, pair = ""] = String(headers.authorization).split(" ");
      const isKnown = Buffer.from(pair, "base64").toString() === `bridge:${secret.text}`;
      if (isKnown) grant(response, { access_token: `a-token-of-${secret.text}-${nth}`, expires_in: 3_600 });
      else response.writeHead(401).end('{"error":"invalid_client"}');
    };

  it("takes a new client secret at a reload, and loses nothing in between", async () => {
    const secret = { text: CLIENT.old };
    const endpoint = await startTokenEndpoint(knowing(secret));
    const receiver = await startReceiver();
    const given = { text: withTokens(receiver.url, endpoint.url, CLIENT.old) };
    const lines: string[] = [];
    const clock = createManualClock(Date.now());
    const bridge = await start(given, lines, clock);
    await send(bridge, "doc-1");
    await receiver.got(1);

    secret.text = CLIENT.new;
    await clock.advance(3_600_000);
    await send(bridge, "doc-2");
    await until(() => lines.some((line) => line.includes('"cause":"token"')), "an attempt failed");
    given.text = withTokens(receiver.url, endpoint.url, CLIENT.new);
    await bridge.reload();
    await clock.advance(10_000);
    await receiver.got(2);
    const tokens = receiver.deliveries.map(({ headers }) => headers.authorization);
    expect(tokens).to.deep.equal([
      "Bearer a-token-of-the-old-client-secret-1",
      `Bearer a-token-of-the-new-client-secret-3`,
    ]);
    const everything = lines.join("") + (await bridge.admin("/metrics")).body;
    for (const text of ["a-token-of", CLIENT.old, CLIENT.new]) expect(everything).not.to.include(text);
  });

  it("says everywhere that it is the token endpoint that is down", async () => {
    const endpoint = await startTokenEndpoint((response) => void response.writeHead(503).end());
    const receiver = await startReceiver();
    const lines: string[] = [];
    const text = withTokens(receiver.url, endpoint.url, CLIENT.old, ", breaker: { failures: 2 }");
    const bridge = await start({ text }, lines);
    for (const id of ["doc-1", "doc-2"]) await send(bridge, id);
    const logged = await until(
      () => lines.map((line) => JSON.parse(line)).find(({ event }) => event === "breaker.opened"),
      "the circuit breaker is open",
    );
    expect(logged).to.include({ destination: "crm", failing: "token_endpoint" });
    const [delivery] = (await bridge.admin("/api/v1/deliveries")).body.items;
    expect(delivery.lastAttempt).to.include({ cause: "token", status: null });
    const [destination] = (await bridge.admin("/api/v1/destinations")).body.items;
    expect(destination.breaker).to.include({ failures: 2, failing: "token_endpoint" });
    const explained = JSON.stringify((await bridge.admin(`/api/v1/explain/${delivery.id}`)).body);
    expect(explained)
      .to.include("was not sent, for want of an access token, after")
      .and.include("answered with 503")
      .and.include("It is the token endpoint that failed, not crm")
      .and.include("the token endpoint of crm failed 2 times in a row");
    expect(receiver.deliveries).to.have.length(0);
  });

  it("shows another client certificate after a reload", async function () {
    const made = makeCertificates();
    if (!made) return this.skip();
    const shown: string[] = [];
    const server = createServer({ ...made.server, ca: made.ca, requestCert: true }, (request, response) => {
      shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    atTidy(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const tls = "tls: { ca: ca.pem, cert: client.pem, key: client.key }";
    const text = configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"], ${tls} } }`);
    const folder = aFolder();
    const write = ({ cert, key }: { cert: string; key: string }) => {
      writeFileSync(join(folder, "ca.pem"), made.ca);
      writeFileSync(join(folder, "client.pem"), cert);
      writeFileSync(join(folder, "client.key"), key);
    };
    write(made.client);
    const load = () => parseConfig(text, join(folder, "countersign.yaml"), {});
    const bridge = await startBridge(text, { folder, load });
    await send(bridge, "doc-1");
    await until(() => shown.length === 1, "the first event has come");
    write(made.server);
    await bridge.reload();
    await send(bridge, "doc-2");
    await until(() => shown.length === 2, "the second event has come");
    expect(shown).to.deep.equal(["client", "server"]);
  });
});
