import { expect } from "chai";
import { attribute } from "../../src/domain/attribute.ts";
import { type Document, evolve, unknownDocument } from "../../src/domain/document.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { KnownType } from "../../src/domain/event.ts";
import { aDraft, aSigner, NEW_YEAR } from "../support/builders.ts";

/** A post that lists ann, bob and cid with these having signed, and does not say whom it is about. */
const post = (type: KnownType, signed: readonly string[], minutes = 1): Draft =>
  aDraft({
    type,
    time: NEW_YEAR + minutes * 60_000,
    signers: ["ann", "bob", "cid"].map((id) =>
      aSigner(id, { status: signed.includes(id) ? "signed" : null }),
    ),
  });

/** The document after these posts, each attributed in turn. */
function knowing(...posts: readonly Draft[]): Document {
  const start = unknownDocument("lumin", "doc-1");
  return posts.reduce((known, draft) => {
    const { drafts, repeats } = attribute(draft, known.sequence === 0 ? null : known);
    if (repeats) return known;
    return drafts.reduce((document, one) => evolve(document, one, NEW_YEAR).document, known);
  }, start);
}

const signersFor = (draft: Draft, known: Document | null) =>
  attribute(draft, known).drafts.map(({ signer }) => signer?.id ?? null);

describe("the signer of a post that names none", () => {
  it("is the one who had not signed before", () => {
    expect(signersFor(post("signer.signed", ["ann"]), knowing(post("document.created", [])))).to.deep.equal([
      "ann",
    ]);
  });

  it("is two signers when one post shows two changes", () => {
    const known = knowing(post("document.created", []));
    expect(signersFor(post("signer.signed", ["ann", "bob"]), known)).to.deep.equal(["ann", "bob"]);
  });

  it("is the second signer, not the first again", () => {
    const known = knowing(post("document.created", []), post("signer.signed", ["ann"]));
    expect(signersFor(post("signer.signed", ["ann", "bob"]), known)).to.deep.equal(["bob"]);
  });

  it("is found although an earlier event already showed the signature", () => {
    const known = knowing(post("document.created", []), post("signer.viewed", ["ann"]));
    expect(signersFor(post("signer.signed", ["ann"]), known)).to.deep.equal(["ann"]);
  });

  it("is null when nothing changed", () => {
    const known = knowing(post("document.created", []), post("signer.signed", ["ann"]));
    expect(signersFor(post("signer.signed", ["ann"], 2), known)).to.deep.equal([null]);
  });

  it("is null in a first post that shows several signatures", () => {
    expect(signersFor(post("signer.signed", ["ann", "bob"]), null)).to.deep.equal([null]);
    expect(signersFor(post("signer.signed", ["ann"]), null)).to.deep.equal(["ann"]);
  });

  it("is not one who had signed before the document was first seen", () => {
    const known = knowing(post("signer.viewed", ["ann", "bob"]));
    expect(signersFor(post("signer.signed", ["ann", "bob", "cid"]), known)).to.deep.equal(["cid"]);
  });

  it("repeats when a newer post that arrived first showed the signature too", () => {
    const known = knowing(post("document.created", [], 1), post("signer.signed", ["ann", "bob"], 3));
    const late = attribute(post("signer.signed", ["ann"], 2), known);
    expect(late.repeats).to.equal(true);
    expect(late.drafts.map(({ signer }) => signer?.id)).to.deep.equal(["ann"]);
  });

  it("repeats in a post without a time that shows no further signature", () => {
    const timeless = (type: KnownType, signed: readonly string[]) => ({ ...post(type, signed), time: null });
    const known = knowing(timeless("document.created", []), timeless("signer.signed", ["ann", "bob"]));
    const late = attribute(timeless("signer.signed", ["ann"]), known);
    expect([late.repeats, late.drafts.map(({ signer }) => signer?.id)]).to.deep.equal([true, ["ann"]]);
    expect(signersFor(timeless("signer.signed", ["ann", "bob", "cid"]), known)).to.deep.equal(["cid"]);
  });

  it("is found in a late post though the first post about the document showed it", () => {
    const known = knowing(post("signer.viewed", ["ann"], 3));
    expect(attribute(post("signer.signed", ["ann"], 2), known)).to.include({ repeats: false });
    expect(signersFor(post("signer.signed", ["ann"], 2), known)).to.deep.equal(["ann"]);
    expect(signersFor(post("signer.signed", ["ann"], 4), known)).to.deep.equal([null]);
  });

  it("is null when thousands sign in one post: each event would list all of them", () => {
    const many = (status: "signed" | null) =>
      Array.from({ length: 2_500 }, (_, i) => aSigner(`s${i}`, { status }));
    const known = knowing(aDraft({ type: "document.created", signers: many(null) }));
    expect(
      signersFor(aDraft({ type: "signer.signed", time: NEW_YEAR, signers: many("signed") }), known),
    ).to.deep.equal([null]);
  });

  it("is not inferred where the provider names one, or for other types of events", () => {
    const known = knowing(post("document.created", []));
    expect(signersFor({ ...post("signer.signed", ["ann"]), signer: aSigner("bob") }, known)).to.deep.equal([
      "bob",
    ]);
    expect(signersFor(post("signer.viewed", ["ann"]), known)).to.deep.equal([null]);
    expect(signersFor(post("document.completed", ["ann"]), known)).to.deep.equal([null]);
  });
});
