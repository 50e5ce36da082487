import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { aDocument, aSigner, NEW_YEAR } from "../support/builders.ts";
import { createScene, MINUTE, RECEIVED, record, SECOND, viewed, withNotes } from "./explaining.ts";

describe("the summary of a document", () => {
  afterEach(tidy);

  it("says first how it stands: title, source, status, PDF, signatures and events", async () => {
    const scene = createScene();
    const signers = [
      aSigner("s1", { name: "Ada", role: "signer", status: "signed" }),
      aSigner("s2", { name: "Bob", role: "signer", status: "sent" }),
      aSigner("s3", { name: "Cyd", role: "copy" }),
    ];
    await record(scene, [{ document: { ...aDocument(), title: "A lease" }, signers }]);
    expect((await scene.explain("doc-1")).summary.heading).to.deep.equal([
      "Document doc-1 “A lease”, from legalesign: sent, 1 of 2 signed, 1 event.",
    ]);
    await record(scene, [{ type: "document.completed", time: NEW_YEAR + SECOND }]);
    await record(scene, [{ type: "document.downloadable", time: NEW_YEAR + SECOND }]);
    expect((await scene.explain("doc-1")).summary.heading[0]).to.match(
      /: completed, PDF ready, 1 of 2 signed, 3 events\.$/,
    );
  });

  it("has a row an event in the order recorded, and says once what many have in common", async () => {
    const scene = createScene();
    const first = await record(scene, [{}, viewed(1)]);
    const second = await record(scene, [viewed(2), { type: "document.completed", time: NEW_YEAR - SECOND }]);
    const { rows, notes, closing } = (await scene.explain("doc-1")).summary;
    expect(
      rows.map(({ label, group, event }) => `${label} ${group} ${withNotes(event, notes)}`),
    ).to.deep.equal([
      "1 null document sent for signing",
      "2 null viewed by Signer 1",
      "3 null viewed by Signer 2",
      "4 null document completed [Late: something newer of the document was known before.]",
    ]);
    expect(closing.lines).to.deep.equal(["Read by legalesign@sha256:000000000000, found genuine by token."]);
    const { items } = await scene.store.findEvents({ document: "doc-1" }, { limit: 10 });
    expect(closing.lists).to.deep.equal([
      { name: "Receipts", items: [`${first.id} (1–2)`, `${second.id} (3–4)`], more: 0 },
      { name: "Events", items: items.map(({ id }, index) => `${index + 1} ${id}`), more: 0 },
    ]);
  });

  it("says which events were read or checked in another way", async () => {
    const scene = createScene();
    await record(scene, [{}]);
    await record(scene, [viewed(1)], { verified: "hmac+token" });
    await record(scene, [viewed(2)]);
    await record(scene, [viewed(3)], { mapping: "legalesign@sha256:111111111111" });
    expect((await scene.explain("doc-1")).summary.closing.lines).to.deep.equal([
      "Read by legalesign@sha256:000000000000, found genuine by token (1, 3).",
      "Read by legalesign@sha256:000000000000, found genuine by hmac and token (2).",
      "Read by legalesign@sha256:111111111111, found genuine by token (4).",
    ]);
  });

  it("shares a footnote between all deliveries that a pause holds up", async () => {
    const scene = createScene();
    await record(scene, [{}, viewed(1), viewed(2)]);
    const paused = { at: NEW_YEAR, reason: "moving house" };
    const { rows, notes } = (await scene.explain("doc-1", { state: { name: "crm", paused, breaker: null } }))
      .summary;
    expect(rows.map(({ deliveries }) => deliveries[0]?.text)).to.deep.equal([
      "pending: crm is paused [1]",
      "held: crm is paused [1]",
      "held: crm is paused [1]",
    ]);
    expect(notes).to.have.length(1);
  });

  it("names five receipts with problems, and counts the rest", async () => {
    const scene = createScene();
    const problems = [{ kind: "missing", item: null, field: null, message: "no time" }];
    for (let nth = 0; nth < 8; nth++) await record(scene, [viewed(nth)], { problems });
    const { lines } = (await scene.explain("doc-1")).summary.closing;
    expect(lines.filter((line) => line.includes("could be read: no time"))).to.have.length(5);
    expect(lines.at(-1)).to.equal("3 more receipts have problems.");
  });

  it("shows the newest hundred events of a long one, and says so in both forms", async () => {
    const scene = createScene();
    for (let nth = 0; nth < 130; nth++) await record(scene, [viewed(nth)]);
    const { summary, sentences } = await scene.explain("doc-1");
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
    const scene = createScene();
    for (let nth = 0; nth < 100; nth++) await record(scene, [viewed(nth)]);
    await scene.attempt(
      { startedAt: RECEIVED, status: 503, answer: "x".repeat(2_000) },
      { status: "pending", dueAt: RECEIVED + MINUTE },
    );
    const { rows } = (await scene.explain("doc-1")).summary;
    expect(rows).to.have.length(100);
    for (const { event, received, deliveries } of rows) {
      expect(`${event} ${received}`).to.have.length.below(80);
      for (const { text } of deliveries) expect(text).to.have.length.below(110);
    }
  });

  it("is given of a document whose events are not kept any more", async () => {
    const scene = createScene();
    await record(scene, [{}]);
    await scene.attempt({ startedAt: RECEIVED }, { status: "delivered" });
    await scene.store.prune({ table: "events", before: RECEIVED + 1, limit: 10 });
    const { what, summary, sentences } = await scene.explain("doc-1");
    expect(what).to.equal("document");
    expect(summary.heading).to.deep.equal([
      "Document doc-1, from legalesign: sent, 1 event.",
      "None of its events is kept any more.",
    ]);
    expect([summary.rows, sentences]).to.deep.equal([[], []]);
  });

  it("is given of events whose document is not kept any more", async () => {
    const scene = createScene();
    await record(scene, [{}, viewed(1)]);
    await scene.store.prune({ table: "documents", before: RECEIVED + MINUTE, limit: 10 });
    const { heading, rows } = (await scene.explain("doc-1")).summary;
    expect(heading).to.deep.equal(["Document doc-1, from legalesign."]);
    expect(rows).to.have.length(2);
  });

  it("tells the documents of two sources apart that have the same id", async () => {
    const scene = createScene();
    await record(scene, [{}, viewed(1)]);
    await record(scene, [{ source: "lumin" }], { source: "lumin" });
    await record(scene, [viewed(2)]);
    const { heading, rows } = (await scene.explain("doc-1")).summary;
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
