import { createHmac } from "node:crypto";
import { expect } from "chai";
import { type Bridge, FORM, startBridge, startReceiver, tidy } from "../support/bridge.ts";

const KEY = "an-api-key-0123456789";
const OUTBOUND = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const configOf = (destinations = "{}") => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources:
  dropbox-sign: { mapping: dropbox-sign, channels: { account: { secrets: ["${KEY}"] }, app: { secrets: ["${KEY}"] } } }
destinations: ${destinations}
`;

interface Said {
  type: string;
  /** Seconds since 1970. */
  time?: number;
  payload: object;
  channel?: string;
}

function tell({ post }: Bridge, { type, time = 1_772_442_840, payload, channel = "account" }: Said) {
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

  it("replaces a signer, who leaves the view also when the first post is repeated afterwards", async () => {
    const bridge = await startBridge(configOf());
    const mina = { signature_id: "sig-1", signer_email_address: "mina@example.com" };
    const jo = { signature_id: "sig-9", signer_email_address: "jo@example.com" };
    const sent = { type: "signature_request_sent", payload: request("r-1", [mina]) };
    const passedOn = { type: "signature_request_reassigned", time: 1_772_442_940 };
    await tell(bridge, sent);
    await tell(bridge, { ...passedOn, payload: request("r-1", [jo]) });
    await tell(bridge, sent);
    const signed = request("r-1", [{ ...jo, status_code: "signed" }]);
    await tell(bridge, { type: "signature_request_all_signed", time: 1_772_443_940, payload: signed });
    const { events, signers } = (await bridge.admin("/api/v1/documents/r-1")).body;
    expect(events.at(-1).signers.map(({ id, status }: Record<string, string>) => [id, status])).to.deep.equal(
      [["sig-9", "signed"]],
    );
    expect(signers.map(({ id, listed }: Record<string, unknown>) => [id, listed])).to.deep.equal([
      ["sig-1", false],
      ["sig-9", true],
    ]);
  });

  it("makes two templates in one second, and tells each over two channels and again", async () => {
    const bridge = await startBridge(configOf());
    for (const channel of ["account", "app", "account"]) {
      for (const template_id of ["t-1", "t-2"])
        await tell(bridge, { type: "template_created", payload: { template: { template_id } }, channel });
    }
    const { items } = (await bridge.admin("/api/v1/events")).body;
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal(["unknown", "unknown"]);
  });

  it("sends nothing of its test mode to a destination that wants none of it", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(
      configOf(`{ crm: { url: "${receiver.url}", secrets: [${OUTBOUND}], filter: { test: false } } }`),
    );
    const type = "signature_request_sent";
    await tell(bridge, { type, payload: request("r-test", [], { test_mode: true }) });
    await tell(bridge, { type, payload: request("r-number", [], { test_mode: 1 }) });
    await tell(bridge, { type, payload: request("r-real", [], { test_mode: false }) });
    const [delivered] = await receiver.got(1);
    expect(delivered?.json.data.document).to.include({ id: "r-real", test: false });
    const { items } = (await bridge.admin("/api/v1/deliveries")).body;
    expect(items).to.have.length(1);
    expect((await bridge.admin("/api/v1/events")).body.items).to.have.length(3);
  });
});
