import { expect } from "chai";
import fc from "fast-check";
import { type Filter, laneOf, wants } from "../../src/domain/destination.ts";
import { EVENT_TYPES, type Event, type EventType } from "../../src/domain/event.ts";
import { anEvent } from "../outbound/fixtures.ts";

const wanted = (...events: string[]) => EVENT_TYPES.filter((type) => wants({ events }, anEvent({ type })));
const isWanted = (pattern: string, type: EventType) => wants({ events: [pattern] }, anEvent({ type }));

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

  it("matches dots and other special characters literally", () => {
    expect(isWanted("signer?*", "signer.signed")).to.equal(false);
    expect(isWanted("signer.s.gned*", "signer.signed")).to.equal(false);
    expect(isWanted("(signer*", "signer.signed")).to.equal(false);
  });

  it("wants a type that any of several patterns matches, and nothing without patterns", () => {
    expect(wanted("unknown", "signer.signed")).to.deep.equal(["signer.signed", "unknown"]);
    expect(wanted()).to.deep.equal([]);
  });
});

describe("wants, with a filter", () => {
  const document = { ...anEvent().document, tags: ["sales", "region/eu"] } as NonNullable<Event["document"]>;
  const event = anEvent({ source: "legalesign-uk", channel: "batch", document });
  const passes = (filter: Filter, given = event) => wants({ events: ["*"], filter }, given);

  it("passes when any entry of a list matches, with `*` for any run of characters", () => {
    expect(passes({ sources: ["lumin", "legalesign-uk"] })).to.equal(true);
    expect(passes({ sources: ["legalesign-*"] })).to.equal(true);
    expect(passes({ sources: ["lumin", "legalesign"] })).to.equal(false);
    expect(passes({ channels: ["upon", "batch"] })).to.equal(true);
    expect(passes({ channels: ["upon"] })).to.equal(false);
    expect(passes({ tags: ["hr", "region/*"] })).to.equal(true);
    expect(passes({ tags: ["hr", "region"] })).to.equal(false);
  });

  it("passes only when every list matches, and the event types too", () => {
    expect(passes({ sources: ["legalesign-uk"], channels: ["batch"], tags: ["sales"] })).to.equal(true);
    expect(passes({ sources: ["legalesign-uk"], channels: ["upon"], tags: ["sales"] })).to.equal(false);
    expect(wants({ events: ["document.*"], filter: { channels: ["batch"] } }, event)).to.equal(false);
    expect(passes({})).to.equal(true);
  });

  it("matches no tag, not even `*`, for documents without tags or unknown ones", () => {
    expect(passes({ tags: ["*"] })).to.equal(true);
    expect(passes({ tags: ["*"] }, { ...event, document: { ...document, tags: [] } })).to.equal(false);
    expect(passes({ tags: ["*"] }, { ...event, document: null })).to.equal(false);
    expect(passes({ sources: ["legalesign-uk"] }, { ...event, document: null })).to.equal(true);
  });

  it("passes all but the provider's test mode, or only that", () => {
    const as = (test: boolean | null) => ({ ...event, document: { ...document, test } });
    expect([true, false, null].map((test) => passes({ test: false }, as(test)))).to.deep.equal([
      false,
      true,
      true,
    ]);
    expect([true, false, null].map((test) => passes({ test: true }, as(test)))).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(passes({ test: false }, { ...event, document: null })).to.equal(true);
    expect(passes({ test: true }, { ...event, document: null })).to.equal(false);
  });

  it("passes when each named reference has one of the values", () => {
    const given = { ...event, document: { ...document, references: { crm: "47-11", toString: "x" } } };
    expect(passes({ references: { crm: ["47-*", "48-*"] } }, given)).to.equal(true);
    expect(passes({ references: { crm: ["48-*"] } }, given)).to.equal(false);
    expect(passes({ references: { crm: ["*"], erp: ["*"] } }, given)).to.equal(false);
    expect(passes({ references: { valueOf: ["*"] } }, given)).to.equal(false);
    expect(passes({ references: { crm: ["*"] } }, { ...event, document: null })).to.equal(false);
  });
});

describe("patterns of a filter", () => {
  const document = anEvent().document as NonNullable<Event["document"]>;
  const matches = (pattern: string, text: string) =>
    wants(
      { events: ["*"], filter: { tags: [pattern] } },
      anEvent({ document: { ...document, tags: [text] } }),
    );

  /** The definition: `*` is nothing, or one character and `*` again. */
  function defined([first, ...pattern]: readonly string[], [next, ...text]: readonly string[]): boolean {
    if (first === undefined) return next === undefined;
    if (first === "*" && defined(pattern, next === undefined ? [] : [next, ...text])) return true;
    return (
      next !== undefined &&
      (first === "*" ? defined([first, ...pattern], text) : first === next && defined(pattern, text))
    );
  }

  it("match as the definition of `*` says, for any pattern and text", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", ".", "\n"), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "\n"), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (given, tag) => {
        expect(matches(given, tag)).to.equal(defined([...given], [...tag]));
      }),
      { numRuns: 2_000 },
    );
  });

  it("do not backtrack: many stars over a long tag that nearly matches", () => {
    expect(matches(`${"*a".repeat(20)}*b`, "a".repeat(100_000))).to.equal(false);
    expect(matches(`${"*a".repeat(20)}*b`, `${"a".repeat(100_000)}b`)).to.equal(true);
  });
});

describe("laneOf", () => {
  const byDocument = { ordering: "document" } as const;

  it("is one lane for all events of a document, its signers' too", () => {
    const { document } = anEvent();
    const lane = laneOf(byDocument, anEvent());
    expect(lane).to.be.a("string");
    expect(laneOf(byDocument, anEvent({ signer: null, type: "document.sent" }))).to.equal(lane);
    expect(
      laneOf(byDocument, anEvent({ document: document && { ...document, id: "another" } })),
    ).not.to.equal(lane);
  });

  it("differs for the same id at two sources", () => {
    expect(laneOf(byDocument, anEvent({ source: "lumin" }))).not.to.equal(laneOf(byDocument, anEvent()));
  });

  it("is a lane of its own for a signer whose document is unknown", () => {
    const lane = laneOf(byDocument, anEvent({ document: null }));
    expect(lane).to.be.a("string").and.not.equal(laneOf(byDocument, anEvent()));
  });

  it("is null for an event without object, and for a destination without ordering", () => {
    expect(laneOf(byDocument, anEvent({ document: null, signer: null }))).to.equal(null);
    expect(laneOf({ ordering: "none" }, anEvent())).to.equal(null);
  });
});
