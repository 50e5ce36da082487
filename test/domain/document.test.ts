import { expect } from "chai";
import fc from "fast-check";
import { type Document, evolve, isStuck, learn, unknownDocument } from "../../src/domain/document.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { KnownType } from "../../src/domain/event.ts";
import { aDocument, aDraft, aSigner, NEW_YEAR } from "../support/builders.ts";

const NOTHING = unknownDocument("legalesign", "doc-1");

function evolved(drafts: readonly Draft[], before = NOTHING): Document {
  return drafts.reduce((document, draft) => evolve(document, draft, NEW_YEAR).document, before);
}

const at = (type: KnownType, minutes: number, given: Partial<Draft> = {}) =>
  aDraft({ type, time: NEW_YEAR + minutes * 60_000, ...given });

describe("a document", () => {
  it("moves with its events, and counts them", () => {
    const document = evolved([
      at("document.created", 0),
      at("document.sent", 1),
      at("document.fields_completed", 2),
    ]);
    expect(document).to.include({ status: "in_progress", sequence: 3, downloadable: false });
  });

  it("is downloadable only after an event that says so, not by being completed", () => {
    expect(evolved([at("document.completed", 1)])).to.include({ status: "completed", downloadable: false });
    expect(evolved([at("document.downloadable", 1)])).to.include({ status: "completed", downloadable: true });
  });

  it("never goes back, and marks the event that would have moved it back as late", () => {
    const completed = evolved([at("document.completed", 2)]);
    const { document, late } = evolve(completed, at("document.sent", 1), NEW_YEAR);
    expect(late).to.equal(true);
    expect(document).to.include({ status: "completed", sequence: 2 });
  });

  it("never leaves a terminal status", () => {
    const terminal: KnownType[] = [
      "document.completed",
      "document.declined",
      "document.canceled",
      "document.expired",
      "document.failed",
    ];
    for (const first of terminal) {
      const before = evolved([at(first, 1)]);
      for (const second of terminal)
        expect(evolved([at(second, 2)], before).status, `${first}, ${second}`).to.equal(before.status);
    }
  });

  it("treats an event without a time as not late, and makes no other late by it", () => {
    const completed = evolved([at("document.sent", 5)]);
    const timeless = evolve(
      completed,
      aDraft({ type: "document.fields_completed", time: null }),
      NEW_YEAR + 3_600_000,
    );
    expect(timeless.late).to.equal(false);
    expect(evolve(timeless.document, at("document.completed", 6), NEW_YEAR).late).to.equal(false);
  });

  it("takes title and tags of the newest event, and of older ones only where unknown", () => {
    const titled = (title: string | null, minutes: number, tags: string[] | null = null) =>
      at("document.sent", minutes, { document: { ...aDocument(), title, tags } });
    expect(evolved([titled("New", 2), titled("Old", 1)]).title).to.equal("New");
    expect(evolved([titled(null, 2), titled("Old", 1)]).title).to.equal("Old");
    expect(evolved([titled("A", 1, ["x"]), titled("B", 2)])).to.deep.include({ title: "B", tags: ["x"] });
  });

  it("learns missing values from a repeat, without counting it", () => {
    const known = evolved([at("document.sent", 1)]);
    const repeat = aDraft({
      type: "document.sent",
      time: null,
      document: { ...aDocument(), title: "Contract" },
    });
    expect(learn(known, repeat, NEW_YEAR)).to.include({ title: "Contract", sequence: 1, status: "sent" });
  });

  it("leaves a signer signed after later events, such as a download", () => {
    const signer = aSigner();
    const document = evolved([
      at("signer.signed", 1, { signer }),
      at("signer.downloaded", 2, { signer }),
      at("signer.viewed", 3, { signer }),
    ]);
    expect(document.signers).to.have.length(1);
    expect(document.signers[0]).to.include({ status: "signed", statusAt: NEW_YEAR + 60_000 });
  });

  it("takes the later of two signer statuses, whatever the order of a provider's codes", () => {
    const signer = aSigner();
    const document = evolved([
      at("signer.bounced", 2, { signer }),
      at("signer.sent", 3, { signer }),
      at("signer.viewed", 1, { signer }),
    ]);
    expect(document.signers[0]).to.include({ status: "sent" });
  });

  it("holds a hundred thousand signers", () => {
    const signers = Array.from({ length: 100_000 }, (_, i) => aSigner(`s${i}`));
    expect(
      evolved([at("document.sent", 1, { signers }), at("document.completed", 2, { signers })]).signers,
    ).to.have.length(100_000);
  });

  it("ends in the same state for any order and repetition of its events", () => {
    const timeline: Draft[] = [
      at("document.created", 0),
      at("document.sent", 1),
      at("signer.sent", 1, { signer: aSigner("ann") }),
      at("signer.sent", 1, { signer: aSigner("bob") }),
      at("signer.viewed", 2, { signer: aSigner("ann", { name: "Ann" }) }),
      at("signer.bounced", 2, { signer: aSigner("bob") }),
      at("signer.fields_completed", 3, { signer: aSigner("ann") }),
      at("signer.signed", 3, { signer: aSigner("ann") }),
      at("document.fields_completed", 3),
      at("signer.sent", 4, { signer: aSigner("bob") }),
      at("signer.signed", 5, { signer: aSigner("bob", { email: "bob@example.com" }) }),
      at("document.completed", 5),
      at("document.downloadable", 6),
      at("signer.downloaded", 7, { signer: aSigner("ann") }),
    ];
    const stateOf = (drafts: readonly Draft[]) => {
      const { status, downloadable, newest, signers } = evolved(drafts);
      return { status, downloadable, newest, signers: signers.toSorted((a, b) => a.id.localeCompare(b.id)) };
    };
    const truth = stateOf(timeline);
    const anyOrder = fc
      .tuple(
        fc.shuffledSubarray(timeline, { minLength: timeline.length }),
        fc.array(fc.tuple(fc.nat({ max: timeline.length - 1 }), fc.nat({ max: timeline.length })), {
          maxLength: 10,
        }),
      )
      .map(([shuffled, repeats]) =>
        repeats.reduce((all, [which, where]) => all.toSpliced(where, 0, timeline[which] as Draft), shuffled),
      );
    fc.assert(
      fc.property(anyOrder, (drafts) => {
        expect(stateOf(drafts)).to.deep.equal(truth);
      }),
    );
  });

  it("is stuck where it was sent, or began to be signed, before a moment, and has not ended", () => {
    const stuck = (...drafts: Draft[]) => isStuck(evolved(drafts), NEW_YEAR + 60_001);
    expect(stuck(at("document.sent", 1))).to.equal(true);
    expect(stuck(at("document.sent", 1), at("document.fields_completed", 1))).to.equal(true);
    expect(stuck(at("document.sent", 1), at("document.fields_completed", 2))).to.equal(false);
    expect(stuck(at("document.sent", 2))).to.equal(false);
    expect(stuck(at("document.created", 1))).to.equal(false);
    expect(stuck(at("document.sent", 0), at("document.completed", 1))).to.equal(false);
    expect(isStuck(NOTHING, NEW_YEAR)).to.equal(false);
  });
});
