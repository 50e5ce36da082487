import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { commandsFor } from "../cli/operator.ts";
import {
  aFolder,
  configText,
  FORM,
  LUMIN_KEY,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";

const MAPPING = (extra = "") => `
provider: acme
title: Acme
verify: [{ token: {} }]
read: { each: items }
event:
  word: { from: what, table: words }
  document: { id: id }
tables: { words: { done: document.completed${extra} } }
channels: { main: { title: Main } }
`;
const config = (url: string) => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
sources: { acme: { mapping: acme, channels: { main: { token: ${TOKEN} } } } }
destinations: { crm: { url: "${url}", secrets: ["${SECRET}"] } }
`;

function folderWith(mapping: string): string {
  const folder = aFolder();
  mkdirSync(join(folder, "mappings"));
  writeFileSync(join(folder, "mappings", "acme.yaml"), mapping);
  return folder;
}

/** `countersign reprocess` against a bridge. */
async function reprocess(
  bridge: { folder: string; adminUrl: string },
  text: string,
  ...args: string[]
): Promise<string> {
  const { stdout, stderr } = await commandsFor(bridge, text)("reprocess", ...args);
  return stdout + stderr;
}

describe("reprocessing", () => {
  afterEach(tidy);

  it("records the events that a fixed mapping finds, once, and forwards them", async () => {
    const receiver = await startReceiver();
    const text = config(receiver.url);
    const folder = folderWith(MAPPING().replace("id: id", "id: nowhere"));
    const before = await startBridge(text, { folder });
    const body = JSON.stringify({
      items: [
        { what: "done", id: "a" },
        { what: "done", id: "b" },
      ],
    });
    const { receipt } = (await before.post(`/in/acme/main?token=${TOKEN}`, body)).body;
    expect((await before.admin("/api/v1/events")).body.items).to.deep.equal([]);
    await before.stop();

    writeFileSync(join(folder, "mappings", "acme.yaml"), MAPPING());
    const after = await startBridge(text, { folder });
    expect(await reprocess(after, text, "--dry-run")).to.equal(
      "1 request would be reprocessed: 1 fixed, 2 events\n",
    );
    expect((await after.admin("/api/v1/events")).body.items).to.deep.equal([]);
    expect(await reprocess(after, text)).to.equal("1 request reprocessed: 1 fixed, 2 new events\n");
    const deliveries = await receiver.got(2);
    expect(deliveries.map(({ json }) => json.data.document.id)).to.have.members(["a", "b"]);
    expect(deliveries[0]?.json.data.provenance.receipt).to.equal(receipt);
    expect(await reprocess(after, text)).to.equal("0 requests reprocessed: 0 fixed, 0 new events\n");
    const stored = (await after.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(stored.problems).to.deep.equal([]);
    expect(stored.events).to.have.length(2);
  });

  it("counts items that were good before neither as events nor as duplicates", async () => {
    const text = config("http://127.0.0.1:9/");
    const folder = folderWith(MAPPING());
    const bridge = await startBridge(text, { folder });
    const body = JSON.stringify({ items: [{ what: "done", id: "a" }, { what: "done" }] });
    const { receipt } = (await bridge.post(`/in/acme/main?token=${TOKEN}`, body)).body;
    expect(await reprocess(bridge, text)).to.equal("1 request reprocessed: 0 fixed, 0 new events\n");
    const stored = (await bridge.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(stored.events).to.have.length(1);
    expect(stored.duplicates).to.deep.equal([]);
    expect((await bridge.admin(`/api/v1/events/${stored.events[0]}`)).body.duplicates).to.deep.equal([]);
  });

  it("accepts refused requests once the secret is fixed, and only the genuine ones", async () => {
    const wrong = configText()
      .replace(LUMIN_KEY, "a-key-that-is-wrong")
      .replaceAll(TOKEN, "another-token-as-well");
    const before = await startBridge(wrong);
    const body = JSON.stringify({
      event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
      signature_request: { signature_request_id: "r1" },
    });
    await before.post("/in/lumin/account", body, signedByLumin(body));
    await before.post("/in/lumin/account", body, signedByLumin(body, "a forger's key"));
    await before.post(`/in/legalesign/upon?token=${TOKEN}`, "uuid=d1&event=100", FORM);
    await before.post("/in/legalesign/upon?token=a-forgers-token", "uuid=d1&event=100", FORM);
    const { items } = (await before.admin("/api/v1/rejections?order=oldest")).body;
    expect(items).to.have.length(4);
    expect(JSON.stringify(items)).not.to.include(TOKEN);
    expect(items[0].reason).to.include("does not match");
    await before.stop();

    const after = await startBridge(configText(), { folder: before.folder });
    const text = configText();
    expect(await reprocess(after, text, "--rejected", "--dry-run")).to.include(
      "4 requests would be reprocessed: 2 fixed",
    );
    expect(await reprocess(after, text, "--rejected")).to.equal(
      "4 requests reprocessed: 2 fixed, 3 new events\n",
    );
    expect((await after.admin("/api/v1/rejections")).body.items).to.have.length(2);
    const types = (await after.admin("/api/v1/events?order=oldest")).body.items.map(
      ({ type }: { type: string }) => type,
    );
    expect(types).to.deep.equal(["document.created", "document.completed", "document.downloadable"]);
  });

  it("finds only the newest refused requests of a channel, and only short bodies", async () => {
    const text = configText().replace("log:", "rejected: { keep: 2, maxBody: 10b }\nlog:");
    const bridge = await startBridge(text);
    for (const body of ["one", "two", "a body that is too long", "four"])
      await bridge.post("/in/lumin/account", body);
    await bridge.post("/in/legalesign/upon", "uuid=d1", FORM);
    const { items } = (await bridge.admin("/api/v1/rejections?order=oldest&source=lumin")).body;
    expect(items.map(({ size }: { size: number | null }) => size)).to.deep.equal([null, 4]);
    const bodies = items.map(async ({ id }: { id: string }) => {
      const { body } = (await bridge.admin(`/api/v1/rejections/${id}`)).body;
      return body && Buffer.from(body, "base64").toString();
    });
    expect(await Promise.all(bodies)).to.deep.equal([null, "four"]);
    expect((await bridge.admin("/api/v1/rejections")).body.items).to.have.length(3);
  });
});
