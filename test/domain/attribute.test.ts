import { expect } from "chai";
import { attribute } from "../../src/domain/attribute.ts";
import { type Document, evolve, unknownDocument } from "../../src/domain/document.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { KnownType } from "../../src/domain/event.ts";
import { aDraft, aSigner, NEW_YEAR } from "../support/builders.ts";

/** A post that lists ann, bob and cid, of whom these have signed; it does not say who did what. */
const post = (type: KnownType, signed: readonly string[], minutes = 1): Draft =>
  aDraft({
    type,
    time: NEW_YEAR + minutes * 60_000,
    signers: ["ann", "bob", "cid"].map((id) =>
      aSigner(id, { status: signed.includes(id) ? "signed" : null }),
    ),
  });

/** The document after these posts, each attributed as it came. */
function knowing(...posts: readonly Draft[]): Document {
  const start = unknownDocument("lumin", "doc-1");
  return posts.reduce((known, draft) => {
    const { drafts, repeats } = attribute(draft, known.sequence === 0 ? null : known);
    if (repeats) return known;
    return drafts.reduce((document, one) => evolve(document, one, NEW_YEAR).document, known);
  }, start);
}

const whoDid = (draft: Draft, known: Document | null) =>
  attribute(draft, known).drafts.map(({ signer }) => signer?.id ?? null);

describe("who signed, where the provider does not say", () => {
  it("is the one who had not signed before", () => {
    expect(whoDid(post("signer.signed", ["ann"]), knowing(post("document.created", [])))).to.deep.equal([
      "ann",
    ]);
  });

  it("is two when one post shows two changes", () => {
    const known = knowing(post("document.created", []));
    expect(whoDid(post("signer.signed", ["ann", "bob"]), known)).to.deep.equal(["ann", "bob"]);
  });

  it("is the second signer, not the first again", () => {
    const known = knowing(post("document.created", []), post("signer.signed", ["ann"]));
    expect(whoDid(post("signer.signed", ["ann", "bob"]), known)).to.deep.equal(["bob"]);
  });

  it("is found although another event had shown the signature before", () => {
    const known = knowing(post("document.created", []), post("signer.viewed", ["ann"]));
    expect(whoDid(post("signer.signed", ["ann"]), known)).to.deep.equal(["ann"]);
  });

  it("is nobody when nothing changed: never a guess", () => {
    const known = knowing(post("document.created", []), post("signer.signed", ["ann"]));
    expect(whoDid(post("signer.signed", ["ann"], 2), known)).to.deep.equal([null]);
  });

  it("is told of the past by no first post: of several who have signed, none is named", () => {
    expect(whoDid(post("signer.signed", ["ann", "bob"]), null)).to.deep.equal([null]);
    expect(whoDid(post("signer.signed", ["ann"]), null)).to.deep.equal(["ann"]);
  });

  it("is not somebody who had signed before anything was heard of the document", () => {
    const known = knowing(post("signer.viewed", ["ann", "bob"]));
    expect(whoDid(post("signer.signed", ["ann", "bob", "cid"]), known)).to.deep.equal(["cid"]);
  });

  it("was told already when a newer post, that came first, showed the signature too: no further event", () => {
    const known = knowing(post("document.created", [], 1), post("signer.signed", ["ann", "bob"], 3));
    const late = attribute(post("signer.signed", ["ann"], 2), known);
    expect(late.repeats).to.equal(true);
    expect(late.drafts.map(({ signer }) => signer?.id)).to.deep.equal(["ann"]);
  });

  it("was told already by a post without a time that shows no other signature: it may be older than any", () => {
    const timeless = (type: KnownType, signed: readonly string[]) => ({ ...post(type, signed), time: null });
    const known = knowing(timeless("document.created", []), timeless("signer.signed", ["ann", "bob"]));
    const late = attribute(timeless("signer.signed", ["ann"]), known);
    expect([late.repeats, late.drafts.map(({ signer }) => signer?.id)]).to.deep.equal([true, ["ann"]]);
    expect(whoDid(timeless("signer.signed", ["ann", "bob", "cid"]), known)).to.deep.equal(["cid"]);
  });

  it("is found in a late post although the signature had been seen when the document was first heard of", () => {
    const known = knowing(post("signer.viewed", ["ann"], 3));
    expect(attribute(post("signer.signed", ["ann"], 2), known)).to.include({ repeats: false });
    expect(whoDid(post("signer.signed", ["ann"], 2), known)).to.deep.equal(["ann"]);
    expect(whoDid(post("signer.signed", ["ann"], 4), known)).to.deep.equal([null]);
  });

  it("is nobody when thousands sign in one post: an event for each, showing all, would hold up everything", () => {
    const many = (status: "signed" | null) =>
      Array.from({ length: 2_500 }, (_, i) => aSigner(`s${i}`, { status }));
    const known = knowing(aDraft({ type: "document.created", signers: many(null) }));
    expect(
      whoDid(aDraft({ type: "signer.signed", time: NEW_YEAR, signers: many("signed") }), known),
    ).to.deep.equal([null]);
  });

  it("is left alone where the provider names the signer, or the event is about no signature", () => {
    const known = knowing(post("document.created", []));
    expect(whoDid({ ...post("signer.signed", ["ann"]), signer: aSigner("bob") }, known)).to.deep.equal([
      "bob",
    ]);
    expect(whoDid(post("signer.viewed", ["ann"]), known)).to.deep.equal([null]);
    expect(whoDid(post("document.completed", ["ann"]), known)).to.deep.equal([null]);
  });
});
