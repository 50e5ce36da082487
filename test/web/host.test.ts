import { request } from "node:http";
import { expect } from "chai";
import { isOurHost } from "../../src/web/host.ts";
import { configText, startBridge, tidy } from "../support/bridge.ts";

/** fetch does not allow to choose the Host header. */
function ask(
  url: string,
  host: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { ...headers, host } }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text });
    });
    asked.on("error", reject).end();
  });
}

const admin = (given: string) => configText().replace("admin: { port: 0 }", `admin: { port: 0, ${given} }`);

describe("the Host header of a request to the admin API", () => {
  afterEach(tidy);

  it("may be any name and address of loopback, with any port", () => {
    for (const host of [
      "localhost",
      "LOCALHOST:8081",
      "localhost.",
      "a.localhost",
      "127.0.0.1:1",
      "127.9.9.9",
      "[::1]:8081",
      "",
    ])
      expect(isOurHost(host, []), host).to.equal(true);
  });

  it("may be no other name, however similar", () => {
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example#localhost",
      "localhost@evil.example",
      "10.0.0.5",
      "[::2]",
      "a b",
    ])
      expect(isOurHost(host, []), host).to.equal(false);
  });

  it("may be a name that the configuration gives", () => {
    expect(isOurHost("Bridge.Internal:8081", ["bridge.internal"])).to.equal(true);
    expect(isOurHost("[2001:db8::1]:8081", ["2001:db8::1"])).to.equal(true);
    expect(isOurHost("bridge.internal.evil.example", ["bridge.internal"])).to.equal(false);
  });

  it("is refused with 421 and a sentence on any route, where it is another's without a token", async () => {
    const bridge = await startBridge();
    for (const path of ["/api/v1/receipts", "/metrics", "/readyz", "/livez"]) {
      const { status, text } = await ask(`${bridge.adminUrl}${path}`, "evil.example");
      expect([status, JSON.parse(text).error], path).to.deep.equal([421, "misdirected"]);
      expect(text).to.include("admin.hosts").and.not.include("countersign_");
    }
    expect((await ask(`${bridge.adminUrl}/api/v1/receipts`, "localhost:1")).status).to.equal(200);
  });

  it("is checked beside a token only where the configuration names hosts", async () => {
    const token = "an-admin-token-of-some-length";
    const authorization = `Bearer ${token}`;
    const any = await startBridge(admin(`token: ${token}`));
    expect((await ask(`${any.adminUrl}/api/v1/audit`, "any.example", { authorization })).status).to.equal(
      200,
    );
    const named = await startBridge(admin(`token: ${token}, hosts: [bridge.internal]`));
    const statusFor = async (host: string) =>
      (await ask(`${named.adminUrl}/api/v1/audit`, host, { authorization })).status;
    expect([await statusFor("bridge.internal"), await statusFor("any.example")]).to.deep.equal([200, 421]);
  });
});
