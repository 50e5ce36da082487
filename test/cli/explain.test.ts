import { expect } from "chai";
import {
  type Bridge,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { nth, only } from "../support/only.ts";
import { until } from "../support/until.ts";
import { commandsFor, crm, post } from "./operator.ts";

const NOON = Date.UTC(2026, 0, 31, 12);

/** All deliveries, once `count` of them have been attempted. */
function attempted(bridge: Bridge, count: number): Promise<{ id: string; event: string }[]> {
  return until(async () => {
    const { items } = (await bridge.admin("/api/v1/deliveries?order=oldest")).body;
    return items.filter((one: { attempts: number }) => one.attempts > 0).length >= count && items;
  }, `${count} deliveries have been attempted`);
}

async function idsIn(bridge: Bridge, list: string): Promise<string[]> {
  const { items } = (await bridge.admin(`/api/v1/${list}?order=oldest`)).body;
  return items.map(({ id }: { id: string }) => id);
}

/** A signature request with one signer, as Lumin posts it. */
const signedBy = (name: string, { id = "r1", title = "A lease" } = {}) =>
  JSON.stringify({
    event: { event_type: "signature_request_signed", event_time: NOON - 2_000 },
    signature_request: {
      signature_request_id: id,
      title,
      signers: [{ name, email_address: "ada@example.com", status: "APPROVED", is_approved: true }],
    },
  });

describe("countersign explain", () => {
  afterEach(tidy);

  it("prints a document's history as a table, with footnotes and ids below", async () => {
    const clock = createManualClock(NOON);
    const receiver = await startReceiver((nth) => (nth === 2 ? 503 : 200));
    const text = crm(receiver.url, ", retry: [5m]");
    const bridge = await startBridge(text, { clock, random: () => 0 });
    await post(bridge, "d1", "10", "20", "30");
    await post(bridge, "d1", "10");
    const skip = `countersign skip ${nth(await attempted(bridge, 2), 1).id}`;
    const [evt1, evt2, evt3] = await idsIn(bridge, "events");
    const [rcp1, rcp2] = await idsIn(bridge, "receipts");
    const { stdout } = await commandsFor(bridge, text)("explain", "d1");
    expect(stdout.replace(/sha256:\w+/, "sha256:…")).to.equal(`\
Document d1, from legalesign: completed, 3 events.

   happened (UTC)       event                             received (UTC)
1  2022-07-11 07:28:25  document sent for signing         batch 2026-01-31 12:00:00, again 12:00:00
                        → crm  delivered after 1 attempt at 12:00:00 (200)
2  2022-07-11 07:28:25  fields of the document completed  batch 2026-01-31 12:00:00
                        → crm  pending: attempt 2 at 12:05:00 (in 5m), last: 503 [1]
3  2022-07-11 07:28:25  document completed                batch 2026-01-31 12:00:00
                        → crm  held behind 2

[1] Later events of the document wait for it; \`${skip}\` gives it up, so that the next goes.

Read by legalesign@sha256:…, found genuine by token.
Receipts: ${rcp1} (1–3), ${rcp2} (1)
Events: 1 ${evt1}, 2 ${evt2}
        3 ${evt3}
`);
  });

  it("prints the same for every id: event, delivery and receipt", async () => {
    const receiver = await startReceiver();
    const text = crm(receiver.url);
    const bridge = await startBridge(text);
    await post(bridge, "d1", "10");
    const delivery = only(await attempted(bridge, 1));
    const receipt = only(await idsIn(bridge, "receipts"));
    for (const id of [delivery.id, delivery.event, receipt, "d1"]) {
      const { stdout } = await commandsFor(bridge, text)("explain", id);
      expect(stdout, id).to.include(id);
      expect(stdout, id).to.match(/→ crm {2}delivered after 1 attempt at \S+ \(200\)\n/);
    }
  });

  it("names the signer, and shows an address masked in every form", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    const body = signedBy("");
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const [id = ""] = await idsIn(bridge, "events");
    for (const args of [[id], ["r1"], [id, "--verbose"], [id, "--json"]]) {
      const { stdout } = await run("explain", ...args);
      expect(stdout, args.join(" ")).to.include("a•••@example.com").and.not.include("ada@");
    }
  });

  it("prints the full account with --verbose, and all of both with --json", async () => {
    const receiver = await startReceiver();
    const text = crm(receiver.url);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10");
    await attempted(bridge, 1);
    const [id = ""] = await idsIn(bridge, "events");
    const { body } = await bridge.admin(`/api/v1/explain/${id}`);
    expect(JSON.parse((await run("explain", id, "--json")).stdout)).to.deep.equal(body);
    expect(body.summary.rows).to.have.length(1);
    const { stdout } = await run("explain", id, "--verbose");
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(26))).to.deep.equal(
      body.sentences.map((one: { text: string }) => one.text),
    );
    expect(lines.at(-1)).to.match(new RegExp(`^now {23}${id} is delivered to crm\\.$`));
    expect(stdout).to.match(/Attempt 1 to send evt_\w+ to crm was answered with 200 after \d+ ms\./);
    expect(stdout).to.match(
      /number 1 of document d1, .*; it happened at 2022-07-11T07:28:25\.000Z, says receipt rcp_\w+\./,
    );
  });

  it("keeps its columns where a name holds control characters", async () => {
    const text = configText(
      `destinations: { crm: { url: "http://127.0.0.1:9/", secrets: ["${SECRET}"], paused: true } }`,
    );
    const bridge = await startBridge(text);
    for (const name of ["Ada", "\u001b[31mBob\u202e"]) {
      const body = signedBy(name, { id: `r${name}`, title: "\u001b]0;owned\u0007" });
      await bridge.post("/in/lumin/account", body, signedByLumin(body));
    }
    const receipts = await idsIn(bridge, "receipts");
    const { stdout } = await commandsFor(bridge, text)("explain", nth(receipts, 1));
    expect(stdout).to.include("signed by \\u{1b}[31mBob\\u{202e} ");
    expect(stdout).to.include("“\\u{1b}]0;owned\\u{7}”");
    const [heading = "", ...rows] = stdout.split("\n").slice(2);
    const row = only(rows.filter((line) => line.includes("signed by")));
    expect(row.indexOf("account ")).to.equal(heading.indexOf("received (UTC)"));
  });

  it("does not let one long event push the others' columns away", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    const value = "x".repeat(200);
    await post(bridge, "d1", "10", value);
    const { stdout } = await commandsFor(bridge, text)("explain", "d1");
    const lines = stdout.split("\n");
    const column = lines.find((line) => line.includes("received (UTC)"))?.indexOf("received (UTC)");
    expect(lines.find((line) => line.includes("sent for signing"))?.indexOf("batch ")).to.equal(column);
    expect(lines.find((line) => line.includes("unknown code"))).to.include(`“document ${"x".repeat(31)}…”`);
  });

  it("names ten ids and counts the rest, and names all with --verbose", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    for (let nth = 0; nth < 12; nth++) await post(bridge, "d1", `9${nth}`);
    const run = commandsFor(bridge, text);
    const { stdout } = await run("explain", "d1");
    expect(stdout.match(/evt_\w+/g)).to.have.length(10);
    expect(stdout.match(/and 2 more, which --verbose names/g)).to.have.length(2);
    const all = (await run("explain", "d1", "--verbose")).stdout;
    for (const id of [...(await idsIn(bridge, "events")), ...(await idsIn(bridge, "receipts"))])
      expect(all).to.include(id);
  });
});
