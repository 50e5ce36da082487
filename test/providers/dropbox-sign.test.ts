import { createHmac } from "node:crypto";
import { expect } from "chai";
import { type Bridge, FORM, startBridge, startReceiver, tidy } from "../support/bridge.ts";

const KEY = "an-api-key-0123456789";
const OUTBOUND = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const CHANNEL = `{ secrets: ["${KEY}"] }`;

const configOf = (destinations = "{}") => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources:
  dropbox-sign: { mapping: dropbox-sign, channels: { account: ${CHANNEL}, app: ${CHANNEL} } }
destinations: ${destinations}
`;

interface Callback {
  type: string;
  /** Seconds since 1970. */
  time?: number;
  payload: object;
  channel?: string;
}

function send({ post }: Bridge, { type, time = 1_772_442_840, payload, channel = "account" }: Callback) {
  const event_hash = createHmac("sha256", KEY).update(`${time}${type}`).digest("hex");
  const json = JSON.stringify({
    event: { event_type: type, event_time: String(time), event_hash },
    ...payload,
  });
  return post(`/in/dropbox-sign/${channel}`, `json=${encodeURIComponent(json)}`, FORM);
}

const request = (signature_request_id: string, signatures: object[], more: object = {}) => ({
  signature_request: { signature_request_id, title: "Garden lease", signatures, ...more },
});

describe("Dropbox Sign, at a real bridge", () => {
  afterEach(tidy);

  it("removes a replaced signer from the view, even when the first post is repeated", async () => {
    const bridge = await startBridge(configOf());
    const mina = { signature_id: "sig-1", signer_email_address: "mina@example.com" };
    const jo = { signature_id: "sig-9", signer_email_address: "jo@example.com" };
    const sent = { type: "signature_request_sent", payload: request("r-1", [mina]) };
    const passedOn = { type: "signature_request_reassigned", time: 1_772_442_940 };
    await send(bridge, sent);
    await send(bridge, { ...passedOn, payload: request("r-1", [jo]) });
    await send(bridge, sent);
    const signed = request("r-1", [{ ...jo, status_code: "signed" }]);
    await send(bridge, { type: "signature_request_all_signed", time: 1_772_443_940, payload: signed });
    const { events, signers } = (await bridge.admin("/api/v1/documents/r-1")).body;
    expect(events.at(-1).signers.map(({ id, status }: Record<string, string>) => [id, status])).to.deep.equal(
      [["sig-9", "signed"]],
    );
    expect(signers.map(({ id, listed }: Record<string, unknown>) => [id, listed])).to.deep.equal([
      ["sig-1", false],
      ["sig-9", true],
    ]);
  });

  it("has one event for each of two templates of one second, over two channels and repeated", async () => {
    const bridge = await startBridge(configOf());
    for (const channel of ["account", "app", "account"]) {
      for (const template_id of ["t-1", "t-2"])
        await send(bridge, { type: "template_created", payload: { template: { template_id } }, channel });
    }
    const { items } = (await bridge.admin("/api/v1/events?order=oldest")).body;
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal(["unknown", "unknown"]);
  });

  it("delivers nothing of its test mode to a destination that filters it out", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(
      configOf(`{ crm: { url: "${receiver.url}", secrets: [${OUTBOUND}], filter: { test: false } } }`),
    );
    const type = "signature_request_sent";
    await send(bridge, { type, payload: request("r-test", [], { test_mode: true }) });
    await send(bridge, { type, payload: request("r-number", [], { test_mode: 1 }) });
    await send(bridge, { type, payload: request("r-real", [], { test_mode: false }) });
    const [delivered] = await receiver.got(1);
    expect(delivered?.json.data.document).to.include({ id: "r-real", test: false });
    const { items } = (await bridge.admin("/api/v1/deliveries?order=oldest")).body;
    expect(items).to.have.length(1);
    expect((await bridge.admin("/api/v1/events")).body.items).to.have.length(3);
  });
});
