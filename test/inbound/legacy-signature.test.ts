import { type KeyObject, sign } from "node:crypto";
import { expect } from "chai";
import { aFolder, type Bridge, configText, FORM, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { makeRsaCertificate } from "./certificate.ts";

/** Legalesign's legacy signatures, as an operator configures them: a certificate in PEM beside the token. */
describe("Legalesign's certificate", function () {
  this.timeout(20_000);
  const DATA = '[{"value": "40", "timestamp": "2022-07-11T07:29:06", "resource_uri": "/api/v1/signer/s-1/"}]';
  const SIGNED = '{"event": "100", "uuid": "d-1", "name": "Caf\u00e9 + 1"}';
  let folder: string;
  let key: KeyObject;
  before(function () {
    folder = aFolder();
    const made = makeRsaCertificate(folder);
    if (!made) this.skip();
    key = made;
  });
  after(tidy);

  const start = (more = "") => {
    const channel = (name: string) => `${name}: { token: ${TOKEN}, certificate: legalesign.pem${more} }`;
    const text = ["upon", "batch"].reduce(
      (config, name) => config.replace(`${name}: { token: ${TOKEN} }`, channel(name)),
      configText(),
    );
    return startBridge(text, { folder });
  };
  const signature = (text: string) => sign("sha1", Buffer.from(text), key).toString("base64");
  const post = async (bridge: Bridge, channel: string, fields: object, headers = {}) => {
    const body = new URLSearchParams({ ...fields }).toString();
    const path = `/in/legalesign/${channel}?token=${TOKEN}`;
    const { status, body: answer } = await bridge.post(path, body, { ...FORM, ...headers });
    return status === 200 ? answer.events : answer.message;
  };

  it("checks a signature that is present, and accepts a post without one", async () => {
    const bridge = await start();
    expect(await post(bridge, "batch", { data: DATA, signed: signature(DATA) })).to.equal(1);
    expect(await post(bridge, "batch", { data: DATA, signed: signature(`${DATA} `) })).to.match(
      /does not match/,
    );
    expect(await post(bridge, "batch", { data: DATA.replace("s-1", "s-2") })).to.equal(1);

    const upon = { json_signed: SIGNED };
    expect(await post(bridge, "upon", upon, { "x-signed": signature(SIGNED) })).to.equal(2);
    expect(await post(bridge, "upon", upon, { "x-signed": signature("{}") })).to.match(/does not match/);
    expect(await post(bridge, "upon", { uuid: "d-2", event: "10" })).to.equal(1);
    expect(await post(bridge, "upon", { uuid: "d-3" }, { "x-signed": signature("") })).to.match(
      /a part of what is signed/,
    );
    await bridge.stop();
  });

  it("takes type and document from no field beside the signed one or repeating its name", async () => {
    const bridge = await start(", requireSignature: true");
    const genuine = SIGNED.replace("d-1", "d-7");
    const headers = { "x-signed": signature(genuine) };
    const sent = async (...fields: [name: string, value: string][]) => {
      const body = new URLSearchParams(fields).toString();
      return bridge.post(`/in/legalesign/upon?token=${TOKEN}`, body, { ...FORM, ...headers });
    };
    const victim = [
      ["event", "100"],
      ["uuid", "VICTIM"],
      ["resource_uri", "/api/v1/document/VICTIM/"],
    ] as const;
    const beside = victim.map(([name, value]): [string, string] => [name, value]);
    for (const fields of [
      [["json_signed", genuine], ["json_signed", ""], ...beside],
      [["json_signed", ""], ["json_signed", genuine], ...beside],
    ] as [string, string][][]) {
      const { status, body } = await sent(...fields);
      expect([status, body.message]).to.deep.equal([
        401,
        "field:json_signed, which is signed, comes more than once in the request",
      ]);
    }
    expect((await sent(["json_signed", genuine], ...beside)).body.events).to.equal(2);
    expect((await bridge.admin("/api/v1/documents/VICTIM")).status).to.equal(404);
    expect((await bridge.admin("/api/v1/documents/d-7")).status).to.equal(200);
    await bridge.stop();
  });

  it("refuses a post without one where the configuration says requireSignature", async () => {
    const bridge = await start(", requireSignature: true");
    expect(await post(bridge, "batch", { data: DATA })).to.match(/has no field:signed/);
    expect(await post(bridge, "upon", { uuid: "d-1", event: "10" })).to.match(/has no header:x-signed/);
    expect(await post(bridge, "batch", { data: DATA, signed: signature(DATA) })).to.be.a("number");
    await bridge.stop();
  });
});
