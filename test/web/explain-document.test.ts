import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { aDocument, aSigner, NEW_YEAR } from "../support/builders.ts";
import { createExplainer, MINUTE, RECEIVED, record, SECOND, viewed, withNotes } from "./explaining.ts";

describe("the summary of a document", () => {
  afterEach(tidy);

  it("begins with its state: title, source, status, PDF, signatures and events", async () => {
    const explainer = createExplainer();
    const signers = [
      aSigner("s1", { name: "Ada", role: "signer", status: "signed" }),
      aSigner("s2", { name: "Bob", role: "signer", status: "sent" }),
      aSigner("s3", { name: "Cyd", role: "copy" }),
    ];
    await record(explainer, [{ document: { ...aDocument(), title: "A lease" }, signers }]);
    expect((await explainer.explain("doc-1")).summary.heading).to.deep.equal([
      "Document doc-1 “A lease”, from legalesign: sent, 1 of 2 signed, 1 event.",
    ]);
    await record(explainer, [{ type: "document.completed", time: NEW_YEAR + SECOND }]);
    await record(explainer, [{ type: "document.downloadable", time: NEW_YEAR + SECOND }]);
    expect((await explainer.explain("doc-1")).summary.heading[0]).to.match(
      /: completed, PDF ready, 1 of 2 signed, 3 events\.$/,
    );
  });

  it("has a row for each event in the order recorded, and a common footnote once", async () => {
    const explainer = createExplainer();
    const first = await record(explainer, [{}, viewed(1)]);
    const second = await record(explainer, [
      viewed(2),
      { type: "document.completed", time: NEW_YEAR - SECOND },
    ]);
    const { rows, notes, closing } = (await explainer.explain("doc-1")).summary;
    expect(
      rows.map(({ label, group, event }) => `${label} ${group} ${withNotes(event, notes)}`),
    ).to.deep.equal([
      "1 null document sent for signing",
      "2 null viewed by Signer 1",
      "3 null viewed by Signer 2",
      "4 null document completed [Late: something newer of the document was known before.]",
    ]);
    expect(closing.lines).to.deep.equal(["Read by legalesign@sha256:000000000000, found genuine by token."]);
    const { items } = await explainer.store.findEvents({ document: "doc-1" }, { limit: 10 });
    expect(closing.lists).to.deep.equal([
      { name: "Receipts", items: [`${first.id} (1–2)`, `${second.id} (3–4)`], more: 0 },
      { name: "Events", items: items.map(({ id }, index) => `${index + 1} ${id}`), more: 0 },
    ]);
  });

  it("says which events were read by another mapping or checked in another way", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}]);
    await record(explainer, [viewed(1)], { verified: "hmac+token" });
    await record(explainer, [viewed(2)]);
    await record(explainer, [viewed(3)], { mapping: "legalesign@sha256:111111111111" });
    expect((await explainer.explain("doc-1")).summary.closing.lines).to.deep.equal([
      "Read by legalesign@sha256:000000000000, found genuine by token (1, 3).",
      "Read by legalesign@sha256:000000000000, found genuine by hmac and token (2).",
      "Read by legalesign@sha256:111111111111, found genuine by token (4).",
    ]);
  });

  it("shares a footnote between all deliveries that a pause delays", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}, viewed(1), viewed(2)]);
    const paused = { at: NEW_YEAR, reason: "moving house" };
    const { rows, notes } = (
      await explainer.explain("doc-1", { state: { name: "crm", paused, breaker: null } })
    ).summary;
    expect(rows.map(({ deliveries }) => deliveries[0]?.text)).to.deep.equal([
      "pending: crm is paused [1]",
      "held: crm is paused [1]",
      "held: crm is paused [1]",
    ]);
    expect(notes).to.have.length(1);
  });

  it("names five receipts with problems, and counts the rest", async () => {
    const explainer = createExplainer();
    const problems = [{ kind: "missing", item: null, field: null, message: "no time" }];
    for (let nth = 0; nth < 8; nth++) await record(explainer, [viewed(nth)], { problems });
    const { lines } = (await explainer.explain("doc-1")).summary.closing;
    expect(lines.filter((line) => line.includes("could be read: no time"))).to.have.length(5);
    expect(lines.at(-1)).to.equal("3 more receipts have problems.");
  });

  it("shows the newest hundred events of a long one, and says so in both forms", async () => {
    const explainer = createExplainer();
    for (let nth = 0; nth < 130; nth++) await record(explainer, [viewed(nth)]);
    const { summary, sentences } = await explainer.explain("doc-1");
    expect(summary.rows.map(({ label }) => label)).to.deep.equal(
      Array.from({ length: 100 }, (_, index) => 31 + index),
    );
    const bound =
      "The newest 100 events are shown; " +
      "`countersign events --document doc-1 --limit 130` lists the 30 before them, too.";
    expect(summary.heading[1]).to.equal(bound);
    expect(sentences.at(-1)).to.deep.equal({ at: null, text: bound });
    for (const { items, more } of summary.closing.lists) expect([items.length, more]).to.deep.equal([10, 90]);
    expect(sentences.filter(({ text }) => text.startsWith("It said"))).to.have.length(100);
  });

  it("keeps every row short, with thirty signers and long answers", async () => {
    const explainer = createExplainer();
    for (let nth = 0; nth < 100; nth++) await record(explainer, [viewed(nth)]);
    await explainer.attempt(
      { startedAt: RECEIVED, status: 503, answer: "x".repeat(2_000) },
      { status: "pending", dueAt: RECEIVED + MINUTE },
    );
    const { rows } = (await explainer.explain("doc-1")).summary;
    expect(rows).to.have.length(100);
    for (const { event, received, deliveries } of rows) {
      expect(`${event} ${received}`).to.have.length.below(80);
      for (const { text } of deliveries) expect(text).to.have.length.below(110);
    }
  });

  it("is given of a document whose events were pruned", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}]);
    await explainer.attempt({ startedAt: RECEIVED }, { status: "delivered" });
    await explainer.store.prune({ table: "events", before: RECEIVED + 1, limit: 10 });
    const { what, summary, sentences } = await explainer.explain("doc-1");
    expect(what).to.equal("document");
    expect(summary.heading).to.deep.equal([
      "Document doc-1, from legalesign: sent, 1 event.",
      "None of its events is kept any more.",
    ]);
    expect([summary.rows, sentences]).to.deep.equal([[], []]);
  });

  it("is given of events whose document was pruned", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}, viewed(1)]);
    await explainer.store.prune({ table: "documents", before: RECEIVED + MINUTE, limit: 10 });
    const { heading, rows } = (await explainer.explain("doc-1")).summary;
    expect(heading).to.deep.equal(["Document doc-1, from legalesign."]);
    expect(rows).to.have.length(2);
  });

  it("distinguishes documents of two sources with the same id", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}, viewed(1)]);
    await record(explainer, [{ source: "lumin" }], { source: "lumin" });
    await record(explainer, [viewed(2)]);
    const { heading, rows } = (await explainer.explain("doc-1")).summary;
    expect(heading).to.deep.equal([
      "Document doc-1, from legalesign: sent, 0 of 2 signed, 3 events.",
      "Document doc-1, from lumin: sent, 1 event.",
    ]);
    expect(rows.map(({ label, group }) => [label, group])).to.deep.equal([
      [1, "From legalesign"],
      [2, null],
      [3, null],
      [4, "From lumin"],
    ]);
  });
});
