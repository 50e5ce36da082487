import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { createDeliver } from "../../src/outbound/deliver.ts";
import type { OAuth2 } from "../../src/outbound/token-request.ts";
import { createManualClock } from "../support/clock.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { aDestination, anEvent, startReceiver } from "./fixtures.ts";

describe("deliver, over TLS", function () {
  this.timeout(20_000);
  const closing: (() => void)[] = [];
  let made: Certificates;
  before(function () {
    const certificates = makeCertificates();
    if (!certificates) return this.skip();
    made = certificates;
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /**
   * Answers with the name on the client's certificate; `drops`: ends a connection at its second request;
   * `issues`: answers with a token for that name.
   */
  async function start(options: ServerOptions = {}, { drops = false, issues = false } = {}): Promise<string> {
    const used = new WeakSet<object>();
    const server = createServer({ ...made.server, ...options }, (request, response) => {
      const socket = request.socket as TLSSocket;
      if (drops && used.has(socket)) return void socket.destroy();
      used.add(socket);
      const name = String(socket.getPeerCertificate().subject?.CN);
      const answer = issues ? JSON.stringify({ access_token: `token-for-${name}` }) : name;
      request.resume().on("end", () => response.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  }

  const deliver = createDeliver({ clock: createManualClock(Date.now()), version: "0.1.0" });
  const destination = (url: string, tls?: SecureContextOptions) =>
    aDestination({ url, tls: tls ? createSecureContext(tls) : null });
  const tryAt = (url: string, tls?: SecureContextOptions) => deliver(destination(url, tls), anEvent(), 1);

  it("trusts a server of a private authority only where the destination names it", async () => {
    const url = await start();
    expect(await tryAt(url)).to.include({ cause: "tls", status: null });
    expect(await tryAt(url, { ca: made.ca })).to.include({ cause: "answered", status: 200 });
    expect(await tryAt(url, { ca: made.client.cert })).to.include({ cause: "tls", status: null });
  });

  it("does not trust a server whose certificate is for another name", async () => {
    const url = (await start()).replace("127.0.0.1", "countersign.test");
    const lookup = createDeliver({
      clock: createManualClock(Date.now()),
      version: "0.1.0",
      lookup: (_hostname, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    const attempt = await lookup(destination(url, { ca: made.ca }), anEvent(), 1);
    expect(attempt).to.include({ cause: "tls", status: null });
  });

  it("asks a token endpoint of another authority, with a client certificate of its own", async () => {
    const tokenUrl = await start(
      { requestCert: true, rejectUnauthorized: true, ca: made.ca },
      { issues: true },
    );
    const receiver = await startReceiver();
    closing.push(() => void receiver.close());
    const oauth2: OAuth2 = {
      ...{ tokenUrl, clientId: "bridge", clientSecret: "secret", scope: null, audience: null },
      ...{ clientAuth: "basic", tls: createSecureContext({ ca: made.ca, ...made.client }), proxy: null },
    };
    const tryWith = (given: OAuth2) =>
      deliver(aDestination({ url: receiver.url, oauth2: given }), anEvent(), 1);
    expect(await tryWith(oauth2)).to.include({ cause: "answered", status: 200 });
    expect(receiver.received[0]?.headers.authorization).to.equal("Bearer token-for-client");
    const untrusted = await tryWith({ ...oauth2, tls: null });
    expect(untrusted).to.include({ cause: "token", status: null });
    expect(untrusted.answer).to.match(/^the token endpoint https:.+ cannot be reached: .*certificate/);
    expect(receiver.received).to.have.length(1);
  });

  it("presents its certificate to a server that asks for one", async () => {
    const url = await start({ requestCert: true, rejectUnauthorized: true, ca: made.ca });
    const shown = await tryAt(url, { ca: made.ca, ...made.client });
    expect(shown).to.include({ cause: "answered", status: 200, answer: "client" });
    expect((await tryAt(url, { ca: made.ca })).status).to.equal(null);
  });

  it("presents it over a second connection too, when a pooled one had just been closed", async () => {
    const url = await start({ requestCert: true, ca: made.ca }, { drops: true });
    const pooled = destination(url, { ca: made.ca, ...made.client });
    expect(await deliver(pooled, anEvent(), 1)).to.include({ answer: "client" });
    expect(await deliver(pooled, anEvent(), 2)).to.include({ cause: "answered", answer: "client" });
  });
});
