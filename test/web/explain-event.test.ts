import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import { EVENT_TYPES, meaningOf, SIGNER_ROLES } from "../../src/domain/event.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { describeEvent } from "../../src/web/explain-words.ts";
import { tidy } from "../support/bridge.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { createExplainer, MINUTE, SECOND, withNotes } from "./explaining.ts";

const CODE = { object: "signer", value: "40", name: null, meaning: null };
const RECEIVED = NEW_YEAR + 4 * SECOND;

/** An explainer with one event of one receipt. */
async function anEvent(draft: Partial<Draft>, receipt: Partial<Receipt> = {}) {
  const explainer = createExplainer();
  const stored = aReceipt({ receivedAt: RECEIVED, ...receipt });
  const { events } = await explainer.store.record(aRecordRequest([aDraft(draft)], { receipt: stored }));
  return { ...explainer, id: only(events).id, receipt: stored };
}

/** The one row of the event, with the text of its footnotes in place of their marks. */
async function rowOf(explainer: Awaited<ReturnType<typeof anEvent>>) {
  const { rows, notes } = (await explainer.explain(explainer.id)).summary;
  const row = only(rows);
  return { ...row, event: withNotes(row.event, notes) };
}

describe("an event in plain words", () => {
  it("has its own text for each type, which names the signer where it is about one", () => {
    const texts = EVENT_TYPES.map((type) =>
      describeEvent({ type, code: CODE, signer: aSigner("s1", { name: "Ada" }) }),
    );
    expect(new Set(texts).size).to.equal(EVENT_TYPES.length);
    for (const [index, type] of EVENT_TYPES.entries())
      expect(texts[index]?.includes("Ada"), type).to.equal(meaningOf(type)?.about !== "document");
  });

  const signed = (given: Parameters<typeof aSigner>[1]) =>
    describeEvent({ type: "signer.signed", code: CODE, signer: aSigner("s1", given) });

  it("shows the signer's name, and no address beside it", () => {
    expect(signed({ name: "Ada Example", email: "ada@example.com" })).to.equal("signed by Ada Example");
  });

  it("shows the masked address of a signer without a name, or with the address as its name", () => {
    expect(signed({ email: "ada@example.com" })).to.equal("signed by a•••@example.com");
    expect(signed({ name: "", email: "ada@example.com" })).to.equal("signed by a•••@example.com");
    expect(signed({ name: "ada@example.com" })).to.equal("signed by a•••@example.com");
  });

  it("shows the id of a signer without name and address, and says where none is named", () => {
    expect(signed({})).to.equal("signed by signer s1");
    const event = { type: "signer.signed", code: CODE, signer: null } as const;
    expect(describeEvent(event)).to.equal("signed by a signer");
  });

  it("shows every role that is known", () => {
    for (const role of SIGNER_ROLES)
      expect(signed({ name: "Ada", role })).to.equal(`signed by Ada (${role})`);
  });

  it("cuts long names between characters", () => {
    expect(signed({ name: "𝒶".repeat(1_000) })).to.equal(`signed by ${"𝒶".repeat(40)}…`);
    expect(signed({ name: "a".repeat(40) })).to.equal(`signed by ${"a".repeat(40)}`);
  });

  it("quotes an unknown code, and names the signer where there is one", () => {
    expect(describeEvent({ type: "unknown", code: CODE, signer: null })).to.equal("unknown code “signer 40”");
    const signer = aSigner("s1", { name: "Ada" });
    expect(describeEvent({ type: "unknown", code: { ...CODE, object: null }, signer })).to.equal(
      "unknown code “40” about Ada",
    );
  });
});

describe("the row of an event", () => {
  afterEach(tidy);

  it("says when it happened, when it was received and over which channel", async () => {
    const row = await rowOf(await anEvent({}));
    expect(row).to.deep.include({
      label: 1,
      happened: "2026-01-01 00:00:00",
      event: "document sent for signing",
      received: "batch 00:00:04",
    });
  });

  it("shows the day of the receipt where that differs from the happening's", async () => {
    const row = await rowOf(await anEvent({ time: NEW_YEAR - SECOND }));
    expect([row.happened, row.received]).to.deep.equal(["2025-12-31 23:59:59", "batch 2026-01-01 00:00:04"]);
  });

  it("lists each channel's first report and its duplicates", async () => {
    const explainer = await anEvent({ type: "document.completed" });
    const report = async (channel: string, after: number) => {
      const receipt = aReceipt({ channel, receivedAt: RECEIVED + after });
      await explainer.store.record(
        aRecordRequest([aDraft({ type: "document.completed", channel })], { receipt }),
      );
    };
    await report("upon", SECOND);
    await report("batch", 6 * MINUTE);
    expect((await rowOf(explainer)).received).to.equal("batch 00:00:04, again 00:06:04; upon 00:00:05");
    await report("batch", 12 * MINUTE);
    await report("batch", 24 * 60 * MINUTE);
    await report("upon", 30 * SECOND);
    expect((await rowOf(explainer)).received).to.equal(
      "batch 00:00:04, again 3 times until 2026-01-02 00:00:04; upon 00:00:05, again 00:00:34",
    );
    expect((await rowOf(explainer)).deliveries).to.have.length(1);
  });

  it("says that a happening is dated by its receipt where the provider gives no time", async () => {
    const row = await rowOf(await anEvent({ time: null }));
    expect(row.happened).to.equal("2026-01-01 00:00:04");
    expect(row.event).to.include("[Dated by its receipt: the provider gave no other time.]");
  });

  it("says that one of two clocks is wrong where it happened after its receipt", async () => {
    const wrong = "one of the two clocks is wrong.]";
    expect((await rowOf(await anEvent({ time: RECEIVED + 61 * SECOND }))).event).to.include(wrong);
    expect((await rowOf(await anEvent({ time: RECEIVED + 60 * SECOND }))).event).not.to.include("[");
  });

  it("says that it came late", async () => {
    const explainer = await anEvent({ type: "document.completed" });
    const late = aDraft({ time: NEW_YEAR - MINUTE });
    const receipt = aReceipt({ receivedAt: RECEIVED + SECOND });
    const { events } = await explainer.store.record(aRecordRequest([late], { receipt }));
    const row = await rowOf({ ...explainer, id: only(events).id });
    expect(row.event).to.equal(
      "document sent for signing [Late: something newer of the document was known before.]",
    );
  });

  it("says that the mapping has no event for an unknown code", async () => {
    const code = { object: "document", value: "999", name: null, meaning: null };
    expect((await rowOf(await anEvent({ type: "unknown", code }))).event).to.equal(
      "unknown code “document 999” [The mapping has no event for this code.]",
    );
  });

  it("says that no destination subscribes to it", async () => {
    const explainer = createExplainer();
    const receipt = aReceipt({ receivedAt: RECEIVED });
    const { events } = await explainer.store.record(aRecordRequest([aDraft()], { receipt, subscribers: [] }));
    const row = await rowOf({ ...explainer, id: only(events).id, receipt });
    expect(row.event).to.equal("document sent for signing [No destination asked for it.]");
    expect(row.deliveries).to.deep.equal([]);
  });
});

describe("the account of an event beside its row", () => {
  afterEach(tidy);

  it("begins with the event, its document and its source, and ends with digest and ids", async () => {
    const { id, receipt, explain, store } = await anEvent({ document: { ...aDocument(), title: "A lease" } });
    const [delivery] = (await store.findEvent(id))?.deliveries ?? [];
    const { heading, closing } = (await explain(id)).summary;
    expect(heading).to.deep.equal([
      `Event ${id} (document.sent) of document doc-1 “A lease”, from legalesign.`,
    ]);
    expect(closing.lines).to.deep.equal(["Read by legalesign@sha256:000000000000, found genuine by token."]);
    expect(closing.lists).to.deep.equal([
      { name: "Receipts", items: [receipt.id], more: 0 },
      { name: "Deliveries", items: [`crm ${delivery?.id}`], more: 0 },
    ]);
  });

  it("is the same for a delivery, with that delivery alone", async () => {
    const { id, explain, store } = await anEvent({});
    const delivery = only((await store.findEvent(id))?.deliveries ?? []);
    const { heading, rows } = (await explain(delivery.id)).summary;
    expect(heading).to.deep.equal([
      `Delivery ${delivery.id} to crm.`,
      `Event ${id} (document.sent) of document doc-1, from legalesign.`,
    ]);
    expect(rows.map(({ deliveries }) => deliveries.length)).to.deep.equal([1]);
  });

  it("says that no document is known", async () => {
    const { id, explain } = await anEvent({ type: "signer.signed", document: null, signer: aSigner() });
    expect((await explain(id)).summary.heading[0]).to.include("of no known document, from legalesign");
  });

  it("masks addresses in titles and cuts them, but leaves escaping to the printer", async () => {
    const title = `\u001b[2J ada@example.com ${"x".repeat(100)}`;
    const { id, explain } = await anEvent({ document: { ...aDocument(), title } });
    const [heading = ""] = (await explain(id)).summary.heading;
    expect(heading).to.include("“\u001b[2J a•••@example.com xxxx");
    expect(heading).to.include("x…”").and.not.include("x".repeat(60));
  });

  it("says which part of its receipt could not be read, and that it was not checked", async () => {
    const problems = [
      { kind: "invalid", item: 2, field: "time", message: "no time: ada@example.com" },
      { kind: "invalid", item: 3, field: "time", message: "no time" },
    ] as const;
    const { id, receipt, explain } = await anEvent({}, { problems, verified: "none" });
    expect((await explain(id)).summary.closing.lines).to.deep.equal([
      "Read by legalesign@sha256:000000000000, not checked, as the configuration says.",
      `Not all of ${receipt.id} could be read: item 2: no time: a•••@example.com (and 1 more).`,
    ]);
  });

  it("says that its receipt was pruned", async () => {
    const { id, receipt, explain, store } = await anEvent({});
    await store.prune({ table: "receipts", before: RECEIVED + 1, limit: 10 });
    const { rows, closing } = (await explain(id)).summary;
    expect(rows[0]?.received).to.equal("batch 00:00:04");
    expect(closing.lists[0]?.items).to.deep.equal([`${receipt.id} (not kept any more)`]);
  });
});
