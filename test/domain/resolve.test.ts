import { expect } from "chai";
import fc from "fast-check";
import type { Subscriber } from "../../src/domain/destination.ts";
import { type Draft, withRole } from "../../src/domain/draft.ts";
import { lookupOf } from "../../src/domain/lookup.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { type Known, type Resolution, resolve as resolveBy } from "../../src/domain/resolve.ts";
import { aDocument, aDraft, aReceipt, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { createMemory } from "./memory.ts";
import { ordersOf } from "./orders.ts";

const NOTHING: Known = {
  documents: new Map(),
  links: new Map(),
  events: new Map(),
  merged: new Map(),
  candidates: new Map(),
};

const resolve = (
  receipt: Receipt,
  drafts: readonly Draft[],
  known: Known,
  subscribers: readonly Subscriber[],
) => resolveBy(receipt, drafts, known, { subscribers, coalesce: 0 });

/** The knowledge after a request. */
function knowing({ documents, links, events }: Resolution): Known {
  const byKey = Map.groupBy(events, ({ dedupeKey }) => dedupeKey);
  return {
    ...NOTHING,
    documents: new Map(documents.map((document) => [document.id, document])),
    links: new Map(links.map(({ signer, document }) => [signer, document])),
    events: new Map([...byKey].map(([key, all]) => [key, all.map(({ event }) => event.id)])),
  };
}

const eventsOf = (drafts: readonly Draft[], known = NOTHING) =>
  resolve(aReceipt(), drafts, known, [CRM]).events.map(({ event }) => event);

describe("resolve", () => {
  it("gives each event its document's state after it, and the next sequence", () => {
    const [first, second] = eventsOf([
      aDraft({ type: "document.sent" }),
      aDraft({ type: "document.completed" }),
    ]);
    expect(first).to.deep.include({ sequence: 1, late: false });
    expect(first?.document).to.include({ status: "sent" });
    expect(second).to.deep.include({ sequence: 2 });
    expect(second?.document).to.include({ status: "completed" });
  });

  it("gives a signer's event no document and no sequence while the document is unknown", () => {
    const [event] = eventsOf([aDraft({ type: "signer.signed", document: null, signer: aSigner("ann") })]);
    expect(event).to.deep.include({ document: null, sequence: null });
    expect(event?.signer).to.include({ id: "ann" });
  });

  it("shows the signer in the status that the event gives", () => {
    const [event] = eventsOf([aDraft({ type: "signer.signed", signer: aSigner("ann") })]);
    expect(event?.signer).to.include({ status: "signed" });
    expect(event?.signers).to.deep.equal([event?.signer]);
  });

  it("makes one event of a happening reported twice in one request", () => {
    const { events, duplicates } = resolve(aReceipt(), [aDraft(), aDraft()], NOTHING, [CRM]);
    expect(events).to.have.length(1);
    expect(duplicates.map(({ event }) => event)).to.deep.equal(events.map(({ event }) => event.id));
  });

  it("lets a repeat over another channel add the title that the first did not have", () => {
    const known = knowing(resolve(aReceipt(), [aDraft()], NOTHING, [CRM]));
    const again = aDraft({ channel: "upon", time: null, document: { ...aDocument(), title: "Contract" } });
    const { events, documents } = resolve(aReceipt({ channel: "upon" }), [again], known, [CRM]);
    expect(events).to.deep.equal([]);
    expect(documents[0]).to.include({ title: "Contract", sequence: 1 });
  });

  it("recognises a repeat whose signer was inferred, though nothing changes any more", () => {
    const created = aDraft({ type: "document.created", signers: [aSigner("ann"), aSigner("bob")] });
    const known = knowing(resolve(aReceipt(), [created], NOTHING, [CRM]));
    const signed = aDraft({
      type: "signer.signed",
      signers: [aSigner("ann", { status: "signed" }), aSigner("bob")],
    });
    const first = resolve(aReceipt(), [signed], known, [CRM]);
    const second = resolve(aReceipt(), [signed], knowing(first), [CRM]);
    expect(first.events.map(({ event }) => event.signer?.id)).to.deep.equal(["ann"]);
    expect(second.events).to.deep.equal([]);
    expect(second.duplicates.map(({ event }) => event)).to.deep.equal(
      first.events.map(({ event }) => event.id),
    );
  });

  it("makes no third event of two signatures whose posts arrived in reverse", () => {
    const signed = (ids: string[], minutes: number) =>
      aDraft({
        type: "signer.signed",
        time: NEW_YEAR + minutes * 60_000,
        signers: ["ann", "bob"].map((id) => aSigner(id, { status: ids.includes(id) ? "signed" : null })),
      });
    const created = aDraft({ type: "document.created", signers: [aSigner("ann"), aSigner("bob")] });
    const known = knowing(resolve(aReceipt(), [created, signed(["ann", "bob"], 2)], NOTHING, []));
    const late = resolve(aReceipt(), [signed(["ann"], 1)], known, []);
    expect(late.events).to.deep.equal([]);
    expect(late.duplicates).to.have.length(1);
  });

  it("addresses each event to the destinations that want its type, if any", () => {
    const interested = { ...CRM, name: "interested", events: ["document.completed"] };
    const drafts = [aDraft({ type: "document.sent" }), aDraft({ type: "document.completed" })];
    const { events, deliveries } = resolve(aReceipt(), drafts, NOTHING, [interested]);
    expect(events).to.have.length(2);
    expect(deliveries.map(({ destination, event }) => [destination, event])).to.deep.equal([
      ["interested", events[1]?.event.id],
    ]);
  });

  it("takes the time of arrival where the provider gives none", () => {
    const [event] = eventsOf([aDraft({ time: null })]);
    expect(event?.time).to.equal(new Date(NEW_YEAR).toISOString());
  });

  it("marks an event as late that is older than the document, and gives it the next sequence", () => {
    const known = knowing(
      resolve(aReceipt(), [aDraft({ type: "document.completed", time: NEW_YEAR + 1_000 })], NOTHING, []),
    );
    const [event] = eventsOf([aDraft({ type: "document.sent", time: NEW_YEAR })], known);
    expect(event).to.deep.include({ late: true, sequence: 2 });
    expect(event?.document).to.include({ status: "completed" });
  });
});

describe("two unknown happenings at the same moment", () => {
  it("are two events when the names of their codes differ, and one when they are the same", () => {
    const unknown = (name: string) =>
      aDraft({ type: "unknown", code: { object: "document", value: "7", name, meaning: null } });
    expect(eventsOf([unknown("status"), unknown("reminder")])).to.have.length(2);
    expect(eventsOf([unknown("status"), unknown("status")])).to.have.length(1);
  });
});

describe("a happening that two channels report", () => {
  const WINDOW = { subscribers: [CRM], coalesce: 600_000 };
  const viewed = (channel: string, seconds: number) =>
    aDraft({ type: "signer.viewed", channel, signer: aSigner("ann"), time: NEW_YEAR + seconds * 1_000 });
  const idsOf = ({ events }: Resolution) => events.map(({ event }) => event.id);
  const repeatsIn = ({ duplicates }: Resolution) => duplicates.map(({ event }) => event);

  it("is one event although their clocks differ by seconds, in either order", () => {
    for (const [first, second] of [
      ["batch", "realtime"],
      ["realtime", "batch"],
    ] as const) {
      const memory = createMemory(WINDOW);
      const reported = memory.report(viewed(first, 0));
      const again = memory.report(viewed(second, 3));
      expect(again.events).to.deep.equal([]);
      expect(repeatsIn(again)).to.deep.equal(idsOf(reported));
      expect(repeatsIn(memory.report(viewed(second, 3))), "a repeat").to.deep.equal(idsOf(reported));
    }
  });

  it("is two events when they are further apart than the window, or the window is 0", () => {
    const memory = createMemory(WINDOW);
    memory.report(viewed("batch", 0));
    expect(memory.report(viewed("realtime", 601)).events).to.have.length(1);
    const unmerged = createMemory({ ...WINDOW, coalesce: 0 });
    unmerged.report(viewed("batch", 0));
    expect(unmerged.report(viewed("realtime", 3)).events).to.have.length(1);
  });

  it("is two events when one channel reports two, each with its counterpart on the other", () => {
    const memory = createMemory(WINDOW);
    const [early, late] = idsOf(memory.report(viewed("batch", 0), viewed("batch", 100)));
    const again = memory.report(viewed("realtime", 101), viewed("realtime", 1));
    expect(again.events).to.deep.equal([]);
    expect(repeatsIn(again)).to.deep.equal([late, early]);
    expect(memory.report(viewed("realtime", 50)).events).to.have.length(1);
  });

  it("is looked up once, over all the time that one request reports", () => {
    const [early, late] = [viewed("batch", 0), viewed("batch", 7_200)];
    const { coalesce } = lookupOf(aReceipt(), [early, late], WINDOW);
    expect(coalesce).to.have.length(1);
    expect(coalesce[0]).to.include({ from: NEW_YEAR - 1_800_000, to: NEW_YEAR + 9_000_000 });
  });

  it("is two events when no channel names the signer, since two signers can do the same", () => {
    for (const type of ["signer.viewed", "signer.signed"] as const) {
      const signers = (signed: readonly string[]) =>
        ["ann", "bob"].map((id) => aSigner(id, { status: signed.includes(id) ? "signed" : null }));
      const post = (channel: string, seconds: number, signed: readonly string[]) =>
        aDraft({ type, channel, signers: signers(signed), time: NEW_YEAR + seconds * 1_000 });
      const memory = createMemory(WINDOW);
      memory.report(aDraft({ type: "document.created", signers: signers([]) }));
      memory.report(post("account", 60, ["ann"]));
      expect(memory.report(post("app", 60, ["ann"])).events, type).to.have.length(0);
      expect(memory.report(post("app", 120, ["ann", "bob"])).events, type).to.have.length(1);
    }
  });

  it("becomes an event of its own once its channel reports the other happening exactly", () => {
    const memory = createMemory(WINDOW);
    memory.report(viewed("realtime", 300));
    expect(memory.report(viewed("batch", 0)).events).to.deep.equal([]);
    const split = only(memory.report(viewed("batch", 300)).events);
    expect(split.event).to.deep.include({ time: new Date(NEW_YEAR).toISOString(), channel: "batch" });
    expect(split.event.provenance.receipt).not.to.equal(undefined);
  });

  it("stays one event for a third channel after a shorter window is configured", () => {
    const memory = createMemory({ ...WINDOW });
    const first = only(idsOf(memory.report(viewed("batch", 0))));
    memory.report(viewed("realtime", 15));
    memory.rules.coalesce = 10_000;
    const third = memory.report(viewed("upon", 5));
    expect(third.events).to.deep.equal([]);
    expect(repeatsIn(third)).to.deep.equal([first]);
  });

  it("has its own time of arrival when it is split off and gives no time", () => {
    const memory = createMemory(WINDOW);
    const untimed = (channel: string, digest: string) =>
      aDraft({ type: "signer.viewed", channel, signer: aSigner("ann"), time: null, digest });
    memory.reportAt(NEW_YEAR, untimed("realtime", "b"));
    memory.reportAt(NEW_YEAR + 3_000, untimed("batch", "a"));
    const split = only(memory.reportAt(NEW_YEAR + 500_000, untimed("batch", "b")).events);
    expect(split).to.deep.include({ at: NEW_YEAR + 3_000 });
    expect(split.event).to.deep.include({
      time: new Date(NEW_YEAR + 3_000).toISOString(),
      recordedAt: new Date(NEW_YEAR + 500_000).toISOString(),
    });
  });

  it("has its own receipt when it is split off", () => {
    const memory = createMemory(WINDOW);
    memory.report(viewed("realtime", 300));
    const { channelKeys } = memory.report(viewed("batch", 0));
    const split = only(memory.report(viewed("batch", 300)).events);
    const { origin } = only(channelKeys.added);
    expect(split.event.provenance).to.deep.equal(origin?.provenance);
  });
});

/** Far apart, near, within a minute, and two of three near: seconds. */
const HAPPENINGS = [
  [0, 300],
  [0, 40],
  [0, 61],
  [0, 300, 600],
  [0, 20, 40],
  [0, 40, 100],
  [0, 300, 320],
];
/** How far each channel's clock is ahead: seconds. */
const CLOCKS = [
  { batch: 0, realtime: 0 },
  { batch: 0, realtime: 3 },
  { batch: 5, realtime: 0 },
  { batch: 0, realtime: 0, upon: 0 },
  { batch: 0, realtime: 2, upon: 2 },
  { batch: 0, realtime: 3, upon: 5 },
];

describe("happenings that several channels report, in every order of arrival", () => {
  const RULES = { subscribers: [CRM], coalesce: 60_000 };
  const type = "signer.viewed";

  for (const clocks of CLOCKS) {
    const names = Object.entries(clocks).map(([name, ahead]) => `${name} +${ahead} s`);
    for (const happenings of HAPPENINGS.filter(({ length }) => length * names.length <= 6)) {
      it(`are as many events as happenings: ${happenings.join(", ")} s, by ${names.join(", ")}`, () => {
        const reports = Object.entries(clocks).flatMap(([channel, ahead]) =>
          happenings.map((at) => ({ channel, at: at + ahead })),
        );
        for (const order of ordersOf(reports)) {
          const memory = createMemory(RULES);
          for (const [index, { channel, at }] of order.entries()) {
            const draft = aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 });
            memory.report(draft);
            // Each is repeated: at once, or later.
            if (index % 2 === 0) memory.report(draft);
          }
          for (const { channel, at } of order.toReversed())
            memory.report(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
          const shown = order.map(({ channel, at }) => `${channel} ${at}`).join(", ");
          expect(memory.events, shown).to.have.length(happenings.length);
          expect(new Set(memory.events.map(({ id }) => id)), shown).to.have.length(happenings.length);
        }
      });
    }
  }

  it("are as many events as happenings in a hundred random orders of three by three", () => {
    const reports = ["batch", "realtime", "upon"].flatMap((channel, ahead) =>
      [0, 40, 80].map((at) => ({ channel, at: at + ahead * 2 })),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(reports, { minLength: 9 }), (order) => {
        const memory = createMemory(RULES);
        for (const { channel, at } of order)
          memory.report(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
        expect(memory.events).to.have.length(3);
      }),
    );
  });

  it("are matched exactly first when one request reports several, in any order", () => {
    for (const listed of ordersOf([0, 20, 40])) {
      for (const before of ordersOf([0, 20, 40])) {
        const memory = createMemory(RULES);
        const at = (channel: string, seconds: number) =>
          aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + seconds * 1_000 });
        memory.report(at("realtime", before[0] ?? expect.fail("no time")));
        memory.report(...listed.map((seconds) => at("batch", seconds)));
        for (const seconds of before) memory.report(at("realtime", seconds));
        expect(memory.events).to.have.length(3);
      }
    }
  });
});

describe("a document that can be restarted", () => {
  const RULES = { subscribers: [CRM], coalesce: 60_000 };
  const at = (minutes: number, type: Draft["type"], given: Partial<Draft> = {}) =>
    aDraft({ type, time: NEW_YEAR + minutes * 60_000, reopenable: true, ...given });
  const ROUNDS = [
    at(0, "document.sent"),
    at(10, "document.completed"),
    at(20, "document.created", { reopens: "restart" }),
    at(30, "document.sent"),
    at(40, "document.completed"),
  ];

  it("has each event once in every order of arrival, over two channels and with repeats", () => {
    for (const order of ordersOf(ROUNDS.map((_, index) => index))) {
      const memory = createMemory(RULES);
      for (const index of order) {
        const draft = ROUNDS[index] ?? expect.fail(`no draft ${index}`);
        memory.report(draft);
        memory.report({
          ...draft,
          channel: "realtime",
          time: (draft.time ?? expect.fail("no time")) + 2_000,
        });
        memory.report(draft);
      }
      expect(memory.events.map(({ type }) => type).toSorted()).to.deep.equal(
        ROUNDS.map(({ type }) => type).toSorted(),
      );
      expect(memory.documents.get("doc-1"), order.join()).to.include({ status: "completed" });
    }
  });

  it("loses its status and signatures, and has both again after the second round", () => {
    const memory = createMemory(RULES);
    const signed = (minutes: number) => at(minutes, "signer.signed", { signer: aSigner("ann") });
    const [sent, completed, restarted, sentAgain] = ROUNDS as [Draft, Draft, Draft, Draft];
    for (const draft of [sent, signed(9), completed, at(11, "document.downloadable")]) memory.report(draft);
    expect(memory.events.at(-1)?.document).to.include({ status: "completed", downloadable: true });
    memory.report(restarted);
    expect(memory.events.at(-1)?.document).to.include({ status: "created", downloadable: false });
    expect(memory.events.at(-1)?.signers.map(({ status }) => status)).to.deep.equal([null]);
    memory.report(sentAgain);
    memory.report(signed(39));
    expect(memory.events.at(-1)).to.deep.include({ type: "signer.signed", late: false });
    expect(memory.events.at(-1)?.signer).to.include({ status: "signed" });
  });

  it("keeps its signatures where it only continues", () => {
    const memory = createMemory(RULES);
    memory.report(at(0, "signer.signed", { signer: aSigner("ann") }));
    memory.report(at(1, "document.expired"));
    memory.report(at(2, "unknown", { reopens: "continue" }));
    expect(memory.events.at(-1)?.document).to.include({ status: null });
    expect(memory.events.at(-1)?.signers.map(({ status }) => status)).to.deep.equal(["signed"]);
  });
});

describe("signers who were replaced or removed", () => {
  const listing = (minutes: number, ...ids: string[]) =>
    aDraft({ type: "unknown", time: NEW_YEAR + minutes * 60_000, signers: ids.map((id) => aSigner(id)) });
  const shown = (...drafts: Draft[]) => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    for (const draft of drafts) memory.report(draft);
    return memory.events.at(-1)?.signers.map(({ id }) => id);
  };

  it("leave the view when a newer list lacks them, and return with one that has them", () => {
    expect(shown(listing(0, "old"), listing(1, "new"))).to.deep.equal(["new"]);
    expect(shown(listing(0, "old"), listing(1, "new"), listing(2, "old", "new"))).to.deep.equal([
      "old",
      "new",
    ]);
  });

  it("stay when they had signed, when the list is older, or when they were never listed", () => {
    const signed = aDraft({ type: "signer.signed", time: NEW_YEAR + 30_000, signer: aSigner("old") });
    expect(shown(listing(0, "old"), signed, listing(1, "new"))).to.deep.equal(["old", "new"]);
    expect(shown(listing(5, "old"), listing(1, "new"))).to.deep.equal(["old"]);
    const sent = aDraft({ type: "signer.sent", time: NEW_YEAR, signer: aSigner("extra") });
    expect(shown(sent, listing(1, "new"))).to.have.members(["extra", "new"]);
  });

  it("leave the view in any order of the lists, with repeats and events without a list", () => {
    const signed = aDraft({
      type: "document.completed",
      time: NEW_YEAR + 3 * 60_000,
      signers: [aSigner("new", { status: "signed" })],
    });
    const viewed = aDraft({ type: "signer.viewed", time: NEW_YEAR + 4 * 60_000, signer: aSigner("new") });
    const reported = [listing(0, "old"), listing(0, "old"), listing(1, "new"), signed, viewed];
    for (const order of ordersOf(reported)) {
      const memory = createMemory({ subscribers: [], coalesce: 0 });
      for (const draft of order) memory.report(draft);
      memory.report(aDraft({ type: "document.downloadable", time: NEW_YEAR + 5 * 60_000 }));
      expect(memory.events.at(-1)?.signers.map(({ id }) => id)).to.deep.equal(["new"]);
    }
  });
});

describe("a recipient of a copy", () => {
  const copy = aSigner("cc", { role: "copy", status: "signed" });
  const signed = (given: Partial<Draft>) => aDraft({ type: "signer.signed", ...given });
  const eventsAfter = (...drafts: Draft[]) => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    for (const draft of drafts) memory.report(draft);
    return memory.events;
  };

  it("has not signed, whether the item names the role, lists it, or an earlier post did", () => {
    const listed = aDraft({ type: "document.sent", signers: [aSigner("cc", { role: "copy" })] });
    for (const events of [
      eventsAfter(signed({ signer: copy })),
      eventsAfter(withRole(signed({ signer: aSigner("cc"), signers: [copy] }))),
      eventsAfter(listed, signed({ signer: aSigner("cc") })),
      eventsAfter(listed, signed({ signer: aSigner("cc") }), signed({ signer: aSigner("cc") })),
    ]) {
      const event = events.at(-1);
      expect(event?.type).to.equal("unknown");
      expect(event?.signer).to.deep.include({ id: "cc", role: "copy", status: null });
      expect(events.filter(({ type }) => type === "unknown")).to.have.length(1);
    }
  });

  it("is not inferred to be the signer", () => {
    const signers = (status: "signed" | null) => [aSigner("ann"), aSigner("cc", { role: "copy", status })];
    const events = eventsAfter(
      aDraft({ type: "document.sent", signers: signers(null) }),
      signed({ signers: signers("signed"), time: NEW_YEAR + 1_000 }),
    );
    expect(events.at(-1)?.signer).to.equal(null);
  });
});

describe("a viewer", () => {
  const signers = (ann: "signed" | null, vic: "signed" | null) => [
    aSigner("ann", { role: "signer", status: ann }),
    aSigner("vic", { role: "viewer", status: vic }),
  ];
  const signed = (minutes: number | null, ann: "signed" | null, vic: "signed" | null) =>
    aDraft({
      type: "signer.signed",
      signers: signers(ann, vic),
      time: minutes === null ? null : NEW_YEAR + minutes * 60_000,
      digest: JSON.stringify([ann, vic]),
    });

  it("is inferred without having signed, and its event neither repeats nor names a signer", () => {
    for (const minutes of [1, null]) {
      const memory = createMemory({ subscribers: [], coalesce: 0 });
      memory.report(aDraft({ type: "document.sent", signers: signers(null, null) }));
      for (const _again of [1, 2]) memory.report(signed(minutes, null, "signed"));
      memory.report(signed(minutes === null ? null : 2, "signed", "signed"));
      expect(memory.events.map(({ type, signer }) => [type, signer?.id, signer?.status])).to.deep.equal([
        ["document.sent", undefined, undefined],
        ["unknown", "vic", null],
        ["signer.signed", "ann", "signed"],
      ]);
    }
  });
});

describe("a happening without document and signer", () => {
  it("is identified by its content, also in the same second", () => {
    const made = (digest: string) => aDraft({ type: "unknown", document: null, signer: null, digest });
    expect(eventsOf([made("a"), made("b"), made("a")])).to.have.length(2);
  });
});

describe("an unknown word about two signers of a document", () => {
  const reminded = (id: string, given: Partial<Draft> = {}) =>
    aDraft({ type: "unknown", signer: aSigner(id), code: { ...aDraft().code, object: null }, ...given });

  it("is two events, also in the same second, and over two channels at different times", () => {
    expect(eventsOf([reminded("ann"), reminded("bob")])).to.have.length(2);
    const memory = createMemory({ subscribers: [], coalesce: 60_000 });
    memory.report(reminded("ann"));
    memory.report(reminded("bob", { channel: "app", time: NEW_YEAR + 3_000 }));
    memory.report(reminded("ann", { channel: "app", time: NEW_YEAR + 2_000 }));
    expect(memory.events).to.have.length(2);
  });

  it("is not coalesced where no signer is named", () => {
    const memory = createMemory({ subscribers: [], coalesce: 60_000 });
    memory.report(aDraft({ type: "unknown" }));
    memory.report(aDraft({ type: "unknown", channel: "app", time: NEW_YEAR + 2_000 }));
    expect(memory.events).to.have.length(2);
  });
});

describe("a time far in the future", () => {
  it("makes no later event late, and blocks no change", () => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    memory.report(aDraft({ type: "document.created", time: NEW_YEAR + 400 * 24 * 3_600_000 }));
    memory.report(aDraft({ type: "document.sent", document: { ...aDocument(), title: "Lease" } }));
    expect(memory.events.at(-1)).to.include({ late: false });
    expect(memory.events.at(-1)?.document).to.include({ title: "Lease", status: "sent" });
  });
});

describe("a signer's event that names no document", () => {
  it("belongs to the document that another post named for the signer, with the same id", () => {
    const viewed = aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") });
    const alone = only(eventsOf([viewed]));
    const known = knowing(
      resolve(aReceipt(), [aDraft({ type: "document.sent", signers: [aSigner("ann")] })], NOTHING, []),
    );
    const linked = only(eventsOf([viewed], known));
    expect(alone.document).to.equal(null);
    expect(linked.document).to.include({ id: "doc-1", status: "sent" });
    expect(linked.sequence).to.equal(2);
    expect(linked.id).to.equal(alone.id);
  });
});
