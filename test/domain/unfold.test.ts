import { expect } from "chai";
import type { Subscriber } from "../../src/domain/destination.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { type Known, questionsOf, type Unfolded, unfold as unfoldBy } from "../../src/domain/unfold.ts";
import { aDocument, aDraft, aReceipt, aSigner, CRM, NEW_YEAR } from "../builders.ts";

const NOTHING: Known = { documents: new Map(), links: new Map(), events: new Map(), kin: new Map() };

const unfold = (
  receipt: Receipt,
  drafts: readonly Draft[],
  known: Known,
  subscribers: readonly Subscriber[],
) => unfoldBy(receipt, drafts, known, { subscribers, coalesce: 0 });

/** What is known after a request. */
function knowing({ documents, links, events }: Unfolded): Known {
  const told = Map.groupBy(events, ({ key }) => key);
  return {
    documents: new Map(documents.map((document) => [document.id, document])),
    links: new Map(links.map(({ signer, document }) => [signer, document])),
    kin: Map.groupBy(
      events.flatMap(({ event, kin, at }) =>
        kin ? [{ kin, id: event.id, at, channels: [event.channel] }] : [],
      ),
      ({ kin }) => kin,
    ),
    events: new Map([...told].map(([key, all]) => [key, all.map(({ event }) => event.id)])),
  };
}

const eventsOf = (drafts: readonly Draft[], known = NOTHING) =>
  unfold(aReceipt(), drafts, known, [CRM]).events.map(({ event }) => event);

describe("unfold", () => {
  it("gives each event its document's state after it, and the next number", () => {
    const [first, second] = eventsOf([
      aDraft({ type: "document.sent" }),
      aDraft({ type: "document.completed" }),
    ]);
    expect(first).to.deep.include({ sequence: 1, late: false });
    expect(first?.document).to.include({ status: "sent" });
    expect(second).to.deep.include({ sequence: 2 });
    expect(second?.document).to.include({ status: "completed" });
  });

  it("gives a signer's event no document and no number while the document is not known", () => {
    const [event] = eventsOf([aDraft({ type: "signer.signed", document: null, signer: aSigner("ann") })]);
    expect(event).to.deep.include({ document: null, sequence: null });
    expect(event?.signer).to.include({ id: "ann" });
  });

  it("shows the signer in the status that the event gives", () => {
    const [event] = eventsOf([aDraft({ type: "signer.signed", signer: aSigner("ann") })]);
    expect(event?.signer).to.include({ status: "signed" });
    expect(event?.signers).to.deep.equal([event?.signer]);
  });

  it("makes one event of the same happening told twice in one request", () => {
    const { events, duplicates } = unfold(aReceipt(), [aDraft(), aDraft()], NOTHING, [CRM]);
    expect(events).to.have.length(1);
    expect(duplicates.map(({ event }) => event)).to.deep.equal(events.map(({ event }) => event.id));
  });

  it("lets a repeat over another channel add the title that the first did not have", () => {
    const known = knowing(unfold(aReceipt(), [aDraft()], NOTHING, [CRM]));
    const again = aDraft({ channel: "upon", time: null, document: { ...aDocument(), title: "Contract" } });
    const { events, documents } = unfold(aReceipt({ channel: "upon" }), [again], known, [CRM]);
    expect(events).to.deep.equal([]);
    expect(documents[0]).to.include({ title: "Contract", sequence: 1 });
  });

  it("recognises a repeat whose signer had been found by comparing, when nothing changes any more", () => {
    const created = aDraft({ type: "document.created", signers: [aSigner("ann"), aSigner("bob")] });
    const known = knowing(unfold(aReceipt(), [created], NOTHING, [CRM]));
    const signed = aDraft({
      type: "signer.signed",
      signers: [aSigner("ann", { status: "signed" }), aSigner("bob")],
    });
    const first = unfold(aReceipt(), [signed], known, [CRM]);
    const second = unfold(aReceipt(), [signed], knowing(first), [CRM]);
    expect(first.events.map(({ event }) => event.signer?.id)).to.deep.equal(["ann"]);
    expect(second.events).to.deep.equal([]);
    expect(second.duplicates.map(({ event }) => event)).to.deep.equal(
      first.events.map(({ event }) => event.id),
    );
  });

  it("makes no third event of two signatures when the second's post came before the first's", () => {
    const signed = (ids: string[], minutes: number) =>
      aDraft({
        type: "signer.signed",
        time: NEW_YEAR + minutes * 60_000,
        signers: ["ann", "bob"].map((id) => aSigner(id, { status: ids.includes(id) ? "signed" : null })),
      });
    const created = aDraft({ type: "document.created", signers: [aSigner("ann"), aSigner("bob")] });
    const known = knowing(unfold(aReceipt(), [created, signed(["ann", "bob"], 2)], NOTHING, []));
    const late = unfold(aReceipt(), [signed(["ann"], 1)], known, []);
    expect(late.events).to.deep.equal([]);
    expect(late.duplicates).to.have.length(1);
  });

  it("addresses each event to the destinations that asked for its type, and keeps it when none did", () => {
    const picky = { ...CRM, name: "picky", events: ["document.completed"] };
    const drafts = [aDraft({ type: "document.sent" }), aDraft({ type: "document.completed" })];
    const { events, deliveries } = unfold(aReceipt(), drafts, NOTHING, [picky]);
    expect(events).to.have.length(2);
    expect(deliveries.map(({ destination, event }) => [destination, event])).to.deep.equal([
      ["picky", events[1]?.event.id],
    ]);
  });

  it("takes the time of receipt where the provider gives none", () => {
    const [event] = eventsOf([aDraft({ time: null })]);
    expect(event?.time).to.equal(new Date(NEW_YEAR).toISOString());
  });

  it("calls an event late that is older than what is known, and numbers it all the same", () => {
    const known = knowing(
      unfold(aReceipt(), [aDraft({ type: "document.completed", time: NEW_YEAR + 1_000 })], NOTHING, []),
    );
    const [event] = eventsOf([aDraft({ type: "document.sent", time: NEW_YEAR })], known);
    expect(event).to.deep.include({ late: true, sequence: 2 });
    expect(event?.document).to.include({ status: "completed" });
  });
});

describe("two unknown happenings at the same moment", () => {
  it("are two events when the provider names what the word is a value of, and the names differ", () => {
    const unknown = (name: string) =>
      aDraft({ type: "unknown", code: { object: "document", value: "7", name, meaning: null } });
    expect(eventsOf([unknown("status"), unknown("reminder")])).to.have.length(2);
    expect(eventsOf([unknown("status"), unknown("status")])).to.have.length(1);
  });
});

describe("a happening that two channels tell", () => {
  const WINDOW = { subscribers: [CRM], coalesce: 600_000 };
  const viewed = (channel: string, seconds: number) =>
    aDraft({ type: "signer.viewed", channel, signer: aSigner("ann"), time: NEW_YEAR + seconds * 1_000 });
  const tell = (known: Known, ...drafts: Draft[]) =>
    unfoldBy(aReceipt({ channel: drafts[0]?.channel ?? "" }), drafts, known, WINDOW);

  it("is one event although their clocks differ by seconds, whichever came first", () => {
    for (const [first, second] of [
      ["batch", "realtime"],
      ["realtime", "batch"],
    ] as const) {
      const known = tell(NOTHING, viewed(first, 0));
      const again = tell(knowing(known), viewed(second, 3));
      expect(again.events).to.deep.equal([]);
      expect(again.duplicates.map(({ event }) => event)).to.deep.equal(
        known.events.map(({ event }) => event.id),
      );
    }
  });

  it("is two events when they are further apart than the window, or the window is shut", () => {
    const known = knowing(tell(NOTHING, viewed("batch", 0)));
    expect(tell(known, viewed("realtime", 601)).events).to.have.length(1);
    const shut = unfoldBy(aReceipt(), [viewed("realtime", 3)], known, { ...WINDOW, coalesce: 0 });
    expect(shut.events).to.have.length(1);
  });

  it("is two events when one channel tells of two, and each has its own counterpart on the other", () => {
    const known = tell(NOTHING, viewed("batch", 0), viewed("batch", 100));
    expect(known.events).to.have.length(2);
    const again = tell(knowing(known), viewed("realtime", 101), viewed("realtime", 1));
    const [early, late] = known.events.map(({ event }) => event.id);
    expect(again.events).to.deep.equal([]);
    expect(again.duplicates.map(({ event }) => event)).to.deep.equal([late, early]);
    const third = tell(knowing(known), viewed("realtime", 1), viewed("realtime", 2), viewed("realtime", 3));
    expect(third.events).to.have.length(1);
  });

  it("is asked for once, over all the time that one request tells of it", () => {
    const [early, late] = [viewed("batch", 0), viewed("batch", 7_200)];
    const { kins } = questionsOf(aReceipt(), [early, late], WINDOW);
    expect(kins).to.have.length(1);
    expect(kins[0]).to.include({ from: NEW_YEAR - 600_000, to: NEW_YEAR + 7_800_000 });
  });

  it("is two events when no channel says whose they are: two signers can do the same within the window", () => {
    for (const type of ["signer.viewed", "signer.signed"] as const) {
      const signers = (signed: readonly string[]) =>
        ["ann", "bob"].map((id) => aSigner(id, { status: signed.includes(id) ? "signed" : null }));
      const post = (channel: string, seconds: number, signed: readonly string[]) =>
        aDraft({ type, channel, signers: signers(signed), time: NEW_YEAR + seconds * 1_000 });
      const created = tell(NOTHING, aDraft({ type: "document.created", signers: signers([]) }));
      const first = knowing(tell(knowing(created), post("account", 60, ["ann"])));
      expect(tell(first, post("app", 60, ["ann"])).events, type).to.have.length(0);
      expect(tell(first, post("app", 120, ["ann", "bob"])).events, type).to.have.length(1);
    }
  });
});

describe("a signer's event that names no document", () => {
  it("belongs to the document that another post named for the signer, with the same id as without", () => {
    const viewed = aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") });
    const [alone] = eventsOf([viewed]);
    const known = knowing(
      unfold(aReceipt(), [aDraft({ type: "document.sent", signers: [aSigner("ann")] })], NOTHING, []),
    );
    const [linked] = eventsOf([viewed], known);
    expect(alone?.document).to.equal(null);
    expect(linked?.document).to.include({ id: "doc-1", status: "sent" });
    expect(linked?.sequence).to.equal(2);
    expect(linked?.id).to.equal(alone?.id);
  });
});
