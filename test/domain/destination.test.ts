import { expect } from "chai";
import { laneOf, wants } from "../../src/domain/destination.ts";
import { EVENT_TYPES, type EventType } from "../../src/domain/event.ts";
import { anEvent } from "../outbound/fixtures.ts";

const wanted = (...events: string[]) => EVENT_TYPES.filter((type) => wants({ events }, { type }));
const isWanted = (pattern: string, type: EventType) => wants({ events: [pattern] }, { type });

describe("wants", () => {
  it("wants everything with `*`, the unknown too", () => {
    expect(wanted("*")).to.deep.equal([...EVENT_TYPES]);
  });

  it("wants a type by its name, and no other that looks like it", () => {
    expect(wanted("signer.sent")).to.deep.equal(["signer.sent"]);
    expect(wanted("signer")).to.deep.equal([]);
    expect(wanted("signer.sen")).to.deep.equal([]);
  });

  it("wants a family with `*` in any place", () => {
    expect(wanted("document.*")).to.deep.equal(EVENT_TYPES.filter((type) => type.startsWith("document.")));
    expect(wanted("*.declined")).to.deep.equal(["document.declined", "signer.declined"]);
    expect(wanted("s*.*ed")).to.include("signer.signed").and.not.include("document.failed");
  });

  it("takes a dot for a dot", () => {
    expect(isWanted("signer?*", "signer.signed")).to.equal(false);
    expect(isWanted("signer.s.gned*", "signer.signed")).to.equal(false);
    expect(isWanted("(signer*", "signer.signed")).to.equal(false);
  });

  it("wants what any of several patterns names, and nothing without patterns", () => {
    expect(wanted("unknown", "signer.signed")).to.deep.equal(["signer.signed", "unknown"]);
    expect(wanted()).to.deep.equal([]);
  });
});

describe("laneOf", () => {
  const byDocument = { ordering: "document" } as const;

  it("puts all events of a document, its signers' too, into one lane", () => {
    const { document } = anEvent();
    const lane = laneOf(byDocument, anEvent());
    expect(lane).to.be.a("string");
    expect(laneOf(byDocument, anEvent({ signer: null, type: "document.sent" }))).to.equal(lane);
    expect(
      laneOf(byDocument, anEvent({ document: document && { ...document, id: "another" } })),
    ).not.to.equal(lane);
  });

  it("tells the same id at two sources apart", () => {
    expect(laneOf(byDocument, anEvent({ source: "lumin" }))).not.to.equal(laneOf(byDocument, anEvent()));
  });

  it("gives a signer whose document is not known a lane of its own", () => {
    const lane = laneOf(byDocument, anEvent({ document: null }));
    expect(lane).to.be.a("string").and.not.equal(laneOf(byDocument, anEvent()));
  });

  it("gives none to what names nobody, nor to a destination that does not ask for order", () => {
    expect(laneOf(byDocument, anEvent({ document: null, signer: null }))).to.equal(null);
    expect(laneOf({ ordering: "none" }, anEvent())).to.equal(null);
  });
});
