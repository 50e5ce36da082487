import { createHmac } from "node:crypto";
import { expect } from "chai";
import { type Bridge, startBridge, tidy } from "../support/bridge.ts";

const KEY = "a-connect-key-0123456789";
const CONFIG = `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources: { docusign: { mapping: docusign, channels: { connect: { secrets: ["${KEY}"] } } } }
destinations: {}
`;

const sign = (body: string, key = KEY) => createHmac("sha256", key).update(body).digest("base64");

function send({ post }: Bridge, message: object | string, headers: Record<string, string> = {}) {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  return post("/in/docusign/connect", body, { "x-docusign-signature-1": sign(body), ...headers });
}

const about = (event: string, envelopeId: string, more: object = {}) => ({
  event,
  apiVersion: "v2.1",
  retryCount: 0,
  configurationId: 1,
  generatedDateTime: "2026-03-02T10:15:00.0000000Z",
  data: { accountId: "a-1", envelopeId, ...more },
});

describe("DocuSign Connect, at a real bridge with no limits of its own", () => {
  afterEach(tidy);

  it("can send the finished documents without a content length", async () => {
    const bridge = await startBridge(CONFIG);
    const envelopeDocuments = [{ documentId: "1", PDFBytes: "JVBERi0x".repeat(2_250_000) }];
    const body = JSON.stringify(
      about("envelope-completed", "e-1", { envelopeSummary: { status: "completed", envelopeDocuments } }),
    );
    const chunked = await fetch(`${bridge.url}/in/docusign/connect`, {
      method: "POST",
      body: new Blob([body]).stream(),
      duplex: "half",
      headers: { "x-docusign-signature-1": sign(body) },
    });
    expect(chunked.status).to.equal(200);
    expect(await chunked.json()).to.include({ events: 2, duplicates: 0, problem: null });
  });

  it("signs with the keys of all teams, of which any can be the configured one", async () => {
    const bridge = await startBridge(CONFIG);
    const message = JSON.stringify(about("envelope-sent", "e-1"));
    const others = Array.from({ length: 56 }, (_, index) => [
      `x-docusign-signature-${index + 1}`,
      sign(message, `of-another-team-${index}`),
    ]);
    const theirs = Object.fromEntries(others);
    expect((await send(bridge, message, theirs)).status).to.equal(401);
    const ours = { ...theirs, "x-docusign-signature-57": sign(message) };
    expect((await send(bridge, message, ours)).status).to.equal(200);
  });

  it("gets 415 for XML, which is stored as a rejection, with the format to choose", async () => {
    const bridge = await startBridge(CONFIG);
    const xml = '<?xml version="1.0"?><DocuSignEnvelopeInformation/>';
    for (const type of ["text/xml; charset=utf-8", "application/xml", "application/octet-stream"]) {
      const { status, body } = await send(bridge, xml, { "content-type": type });
      expect(status).to.equal(415);
      expect(body.message).to.match(/choose JSON with the event model SIM/);
    }
    const { items } = (await bridge.admin("/api/v1/rejections?order=oldest")).body;
    expect(items.map(({ reason }: { reason: string }) => /posts XML here/.test(reason))).to.deep.equal([
      true,
      true,
      true,
    ]);
  });

  it("signs once for each signer, and not for recipients of copies or of other lists", async () => {
    const bridge = await startBridge(CONFIG);
    const recipients = (list: string) => ({
      recipientCount: "2",
      signers: [{ recipientId: "1", status: "sent" }],
      [list]: [{ recipientId: "2", status: "completed" }],
    });
    const completed = (envelopeId: string, recipientId: unknown, list: string) =>
      about("recipient-completed", envelopeId, {
        recipientId,
        envelopeSummary: { recipients: recipients(list) },
      });
    const typesOf = async (envelopeId: string) =>
      (await bridge.admin(`/api/v1/documents/${envelopeId}`)).body.events.map(
        ({ type }: { type: string }) => type,
      );
    for (const list of [
      "carbonCopies",
      "certifiedDeliveries",
      "agents",
      "editors",
      "participants",
      "others",
    ]) {
      await send(bridge, completed(`e-${list}`, "2", list));
      await send(bridge, completed(`n-${list}`, 2, list));
      expect([await typesOf(`e-${list}`), await typesOf(`n-${list}`)], list).to.deep.equal([
        ["unknown"],
        ["unknown"],
      ]);
    }
    for (const list of ["inPersonSigners", "witnesses", "notaries"]) {
      await send(bridge, completed(`e-${list}`, "2", list));
      expect(await typesOf(`e-${list}`), list).to.deep.equal(["signer.signed"]);
    }
    // Older configurations send neither recipients nor a time.
    const minimal = { event: "recipient-completed", data: { envelopeId: "e-1", recipientId: "1" } };
    for (const retryCount of [0, 1]) await send(bridge, { ...minimal, retryCount });
    expect(await typesOf("e-1")).to.deep.equal(["signer.signed"]);
  });
});
