import { expect } from "chai";
import fc from "fast-check";
import type { Subscriber } from "../../src/domain/destination.ts";
import { type Draft, withRole } from "../../src/domain/draft.ts";
import { lookupOf } from "../../src/domain/lookup.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { type Known, type Resolution, resolve as resolveBy } from "../../src/domain/resolve.ts";
import { aDocument, aDraft, aReceipt, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
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

/** What is known after a request. */
function knowing({ documents, links, events }: Resolution): Known {
  const told = Map.groupBy(events, ({ dedupeKey }) => dedupeKey);
  return {
    ...NOTHING,
    documents: new Map(documents.map((document) => [document.id, document])),
    links: new Map(links.map(({ signer, document }) => [signer, document])),
    events: new Map([...told].map(([key, all]) => [key, all.map(({ event }) => event.id)])),
  };
}

const eventsOf = (drafts: readonly Draft[], known = NOTHING) =>
  resolve(aReceipt(), drafts, known, [CRM]).events.map(({ event }) => event);

describe("resolve", () => {
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

  it("recognises a repeat whose signer had been found by comparing, when nothing changes any more", () => {
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

  it("makes no third event of two signatures when the second's post came before the first's", () => {
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

  it("addresses each event to the destinations that asked for its type, and keeps it when none did", () => {
    const picky = { ...CRM, name: "picky", events: ["document.completed"] };
    const drafts = [aDraft({ type: "document.sent" }), aDraft({ type: "document.completed" })];
    const { events, deliveries } = resolve(aReceipt(), drafts, NOTHING, [picky]);
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
      resolve(aReceipt(), [aDraft({ type: "document.completed", time: NEW_YEAR + 1_000 })], NOTHING, []),
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
  const idsOf = ({ events }: Resolution) => events.map(({ event }) => event.id);
  const repeatsIn = ({ duplicates }: Resolution) => duplicates.map(({ event }) => event);

  it("is one event although their clocks differ by seconds, whichever came first", () => {
    for (const [first, second] of [
      ["batch", "realtime"],
      ["realtime", "batch"],
    ] as const) {
      const memory = createMemory(WINDOW);
      const told = memory.tell(viewed(first, 0));
      const again = memory.tell(viewed(second, 3));
      expect(again.events).to.deep.equal([]);
      expect(repeatsIn(again)).to.deep.equal(idsOf(told));
      expect(repeatsIn(memory.tell(viewed(second, 3))), "a repeat").to.deep.equal(idsOf(told));
    }
  });

  it("is two events when they are further apart than the window, or the window is shut", () => {
    const memory = createMemory(WINDOW);
    memory.tell(viewed("batch", 0));
    expect(memory.tell(viewed("realtime", 601)).events).to.have.length(1);
    const shut = createMemory({ ...WINDOW, coalesce: 0 });
    shut.tell(viewed("batch", 0));
    expect(shut.tell(viewed("realtime", 3)).events).to.have.length(1);
  });

  it("is two events when one channel tells of two, and each has its own counterpart on the other", () => {
    const memory = createMemory(WINDOW);
    const [early, late] = idsOf(memory.tell(viewed("batch", 0), viewed("batch", 100)));
    const again = memory.tell(viewed("realtime", 101), viewed("realtime", 1));
    expect(again.events).to.deep.equal([]);
    expect(repeatsIn(again)).to.deep.equal([late, early]);
    expect(memory.tell(viewed("realtime", 50)).events).to.have.length(1);
  });

  it("is asked for once, over all the time that one request tells of it", () => {
    const [early, late] = [viewed("batch", 0), viewed("batch", 7_200)];
    const { coalesce } = lookupOf(aReceipt(), [early, late], WINDOW);
    expect(coalesce).to.have.length(1);
    expect(coalesce[0]).to.include({ from: NEW_YEAR - 1_800_000, to: NEW_YEAR + 9_000_000 });
  });

  it("is two events when no channel says whose they are: two signers can do the same within the window", () => {
    for (const type of ["signer.viewed", "signer.signed"] as const) {
      const signers = (signed: readonly string[]) =>
        ["ann", "bob"].map((id) => aSigner(id, { status: signed.includes(id) ? "signed" : null }));
      const post = (channel: string, seconds: number, signed: readonly string[]) =>
        aDraft({ type, channel, signers: signers(signed), time: NEW_YEAR + seconds * 1_000 });
      const memory = createMemory(WINDOW);
      memory.tell(aDraft({ type: "document.created", signers: signers([]) }));
      memory.tell(post("account", 60, ["ann"]));
      expect(memory.tell(post("app", 60, ["ann"])).events, type).to.have.length(0);
      expect(memory.tell(post("app", 120, ["ann", "bob"])).events, type).to.have.length(1);
    }
  });

  it("becomes an event of its own once its channel tells exactly what it was taken for", () => {
    const memory = createMemory(WINDOW);
    memory.tell(viewed("realtime", 300));
    expect(memory.tell(viewed("batch", 0)).events).to.deep.equal([]);
    const [split, ...more] = memory.tell(viewed("batch", 300)).events;
    expect(more).to.deep.equal([]);
    expect(split?.event).to.deep.include({ time: new Date(NEW_YEAR).toISOString(), channel: "batch" });
    expect(split?.event.provenance.receipt).not.to.equal(undefined);
  });

  it("stays one event when a shorter window is configured, and another channel tells it then", () => {
    const memory = createMemory({ ...WINDOW });
    const [only] = idsOf(memory.tell(viewed("batch", 0)));
    memory.tell(viewed("realtime", 15));
    memory.rules.coalesce = 10_000;
    const third = memory.tell(viewed("upon", 5));
    expect(third.events).to.deep.equal([]);
    expect(repeatsIn(third)).to.deep.equal([only]);
  });

  it("has the time at which it was received, where it gives none, when it becomes an event of its own", () => {
    const memory = createMemory(WINDOW);
    const untimed = (channel: string, digest: string) =>
      aDraft({ type: "signer.viewed", channel, signer: aSigner("ann"), time: null, digest });
    memory.tellAt(NEW_YEAR, untimed("realtime", "b"));
    memory.tellAt(NEW_YEAR + 3_000, untimed("batch", "a"));
    const [split] = memory.tellAt(NEW_YEAR + 500_000, untimed("batch", "b")).events;
    expect(split).to.deep.include({ at: NEW_YEAR + 3_000 });
    expect(split?.event).to.deep.include({
      time: new Date(NEW_YEAR + 3_000).toISOString(),
      recordedAt: new Date(NEW_YEAR + 500_000).toISOString(),
    });
  });

  it("keeps the receipt that told it when it becomes an event of its own", () => {
    const memory = createMemory(WINDOW);
    memory.tell(viewed("realtime", 300));
    const { channelKeys } = memory.tell(viewed("batch", 0));
    const [split] = memory.tell(viewed("batch", 300)).events;
    expect(split?.event.provenance).to.deep.equal(channelKeys.added[0]?.origin?.provenance);
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

describe("happenings that several channels tell, in every order of arrival", () => {
  const RULES = { subscribers: [CRM], coalesce: 60_000 };
  const type = "signer.viewed";

  for (const clocks of CLOCKS) {
    const names = Object.entries(clocks).map(([name, ahead]) => `${name} +${ahead} s`);
    for (const happenings of HAPPENINGS.filter(({ length }) => length * names.length <= 6)) {
      it(`are as many events as happenings: ${happenings.join(", ")} s, told by ${names.join(", ")}`, () => {
        const reports = Object.entries(clocks).flatMap(([channel, ahead]) =>
          happenings.map((at) => ({ channel, at: at + ahead })),
        );
        for (const order of ordersOf(reports)) {
          const memory = createMemory(RULES);
          for (const [index, { channel, at }] of order.entries()) {
            const draft = aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 });
            memory.tell(draft);
            // Each is repeated: at once, or later.
            if (index % 2 === 0) memory.tell(draft);
          }
          for (const { channel, at } of order.toReversed())
            memory.tell(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
          const told = order.map(({ channel, at }) => `${channel} ${at}`).join(", ");
          expect(memory.events, told).to.have.length(happenings.length);
          expect(new Set(memory.events.map(({ id }) => id)), told).to.have.length(happenings.length);
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
          memory.tell(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
        expect(memory.events).to.have.length(3);
      }),
    );
  });

  it("are found exactly first when one request tells several, in whichever order it lists them", () => {
    for (const listed of ordersOf([0, 20, 40])) {
      for (const before of ordersOf([0, 20, 40])) {
        const memory = createMemory(RULES);
        const at = (channel: string, seconds: number) =>
          aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + seconds * 1_000 });
        memory.tell(at("realtime", before[0] ?? 0));
        memory.tell(...listed.map((seconds) => at("batch", seconds)));
        for (const seconds of before) memory.tell(at("realtime", seconds));
        expect(memory.events).to.have.length(3);
      }
    }
  });
});

describe("a document that can start again", () => {
  const RULES = { subscribers: [CRM], coalesce: 60_000 };
  const at = (minutes: number, type: Draft["type"], given: Partial<Draft> = {}) =>
    aDraft({ type, time: NEW_YEAR + minutes * 60_000, reopenable: true, ...given });
  const life = [
    at(0, "document.sent"),
    at(10, "document.completed"),
    at(20, "document.created", { reopens: "restart" }),
    at(30, "document.sent"),
    at(40, "document.completed"),
  ];

  it("tells each happening once in every order of arrival, over two channels and with repeats", () => {
    for (const order of ordersOf(life.map((_, index) => index))) {
      const memory = createMemory(RULES);
      for (const index of order) {
        const draft = life[index] ?? aDraft();
        memory.tell(draft);
        memory.tell({ ...draft, channel: "realtime", time: (draft.time ?? 0) + 2_000 });
        memory.tell(draft);
      }
      expect(memory.events.map(({ type }) => type).toSorted()).to.deep.equal(
        life.map(({ type }) => type).toSorted(),
      );
      expect(memory.documents.get("doc-1"), order.join()).to.include({ status: "completed" });
    }
  });

  it("goes back in its status and loses the signatures, and has both again after the second round", () => {
    const memory = createMemory(RULES);
    const signed = (minutes: number) => at(minutes, "signer.signed", { signer: aSigner("ann") });
    for (const draft of [life[0], signed(9), life[1], at(11, "document.downloadable")])
      if (draft) memory.tell(draft);
    expect(memory.events.at(-1)?.document).to.include({ status: "completed", downloadable: true });
    if (life[2]) memory.tell(life[2]);
    expect(memory.events.at(-1)?.document).to.include({ status: "created", downloadable: false });
    expect(memory.events.at(-1)?.signers.map(({ status }) => status)).to.deep.equal([null]);
    if (life[3]) memory.tell(life[3]);
    memory.tell(signed(39));
    expect(memory.events.at(-1)).to.deep.include({ type: "signer.signed", late: false });
    expect(memory.events.at(-1)?.signer).to.include({ status: "signed" });
  });

  it("keeps its signatures where it only goes on", () => {
    const memory = createMemory(RULES);
    memory.tell(at(0, "signer.signed", { signer: aSigner("ann") }));
    memory.tell(at(1, "document.expired"));
    memory.tell(at(2, "unknown", { reopens: "continue" }));
    expect(memory.events.at(-1)?.document).to.include({ status: null });
    expect(memory.events.at(-1)?.signers.map(({ status }) => status)).to.deep.equal(["signed"]);
  });
});

describe("signers who were replaced or removed", () => {
  const listing = (minutes: number, ...ids: string[]) =>
    aDraft({ type: "unknown", time: NEW_YEAR + minutes * 60_000, signers: ids.map((id) => aSigner(id)) });
  const shown = (...drafts: Draft[]) => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    for (const draft of drafts) memory.tell(draft);
    return memory.events.at(-1)?.signers.map(({ id }) => id);
  };

  it("leave the view when a newer list has them no longer, and come back with one that has", () => {
    expect(shown(listing(0, "old"), listing(1, "new"))).to.deep.equal(["new"]);
    expect(shown(listing(0, "old"), listing(1, "new"), listing(2, "old", "new"))).to.deep.equal([
      "old",
      "new",
    ]);
  });

  it("stay when they had signed, when the list is older, or when no list ever had them", () => {
    const signed = aDraft({ type: "signer.signed", time: NEW_YEAR + 30_000, signer: aSigner("old") });
    expect(shown(listing(0, "old"), signed, listing(1, "new"))).to.deep.equal(["old", "new"]);
    expect(shown(listing(5, "old"), listing(1, "new"))).to.deep.equal(["old"]);
    const sent = aDraft({ type: "signer.sent", time: NEW_YEAR, signer: aSigner("extra") });
    expect(shown(sent, listing(1, "new"))).to.have.members(["extra", "new"]);
  });

  it("leave the view in whichever order the lists come, repeats and events without a list among them", () => {
    const signed = aDraft({
      type: "document.completed",
      time: NEW_YEAR + 3 * 60_000,
      signers: [aSigner("new", { status: "signed" })],
    });
    const viewed = aDraft({ type: "signer.viewed", time: NEW_YEAR + 4 * 60_000, signer: aSigner("new") });
    const told = [listing(0, "old"), listing(0, "old"), listing(1, "new"), signed, viewed];
    for (const order of ordersOf(told)) {
      const memory = createMemory({ subscribers: [], coalesce: 0 });
      for (const draft of order) memory.tell(draft);
      memory.tell(aDraft({ type: "document.downloadable", time: NEW_YEAR + 5 * 60_000 }));
      expect(memory.events.at(-1)?.signers.map(({ id }) => id)).to.deep.equal(["new"]);
    }
  });
});

describe("who only gets a copy", () => {
  const copy = aSigner("cc", { role: "copy", status: "signed" });
  const signed = (given: Partial<Draft>) => aDraft({ type: "signer.signed", ...given });
  const tell = (...drafts: Draft[]) => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    for (const draft of drafts) memory.tell(draft);
    return memory.events;
  };

  it("has not signed, whether the item says the role, lists it, or an earlier post did", () => {
    const listed = aDraft({ type: "document.sent", signers: [aSigner("cc", { role: "copy" })] });
    for (const events of [
      tell(signed({ signer: copy })),
      tell(withRole(signed({ signer: aSigner("cc"), signers: [copy] }))),
      tell(listed, signed({ signer: aSigner("cc") })),
      tell(listed, signed({ signer: aSigner("cc") }), signed({ signer: aSigner("cc") })),
    ]) {
      const event = events.at(-1);
      expect(event?.type).to.equal("unknown");
      expect(event?.signer).to.deep.include({ id: "cc", role: "copy", status: null });
      expect(events.filter(({ type }) => type === "unknown")).to.have.length(1);
    }
  });

  it("is not found to have signed by comparing", () => {
    const signers = (status: "signed" | null) => [aSigner("ann"), aSigner("cc", { role: "copy", status })];
    const events = tell(
      aDraft({ type: "document.sent", signers: signers(null) }),
      signed({ signers: signers("signed"), time: NEW_YEAR + 1_000 }),
    );
    expect(events.at(-1)?.signer).to.equal(null);
  });
});

describe("who only looks", () => {
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

  it("is found by comparing, and has not signed; nor is that laid to somebody else, or told twice", () => {
    for (const minutes of [1, null]) {
      const memory = createMemory({ subscribers: [], coalesce: 0 });
      memory.tell(aDraft({ type: "document.sent", signers: signers(null, null) }));
      for (const _again of [1, 2]) memory.tell(signed(minutes, null, "signed"));
      memory.tell(signed(minutes === null ? null : 2, "signed", "signed"));
      expect(memory.events.map(({ type, signer }) => [type, signer?.id, signer?.status])).to.deep.equal([
        ["document.sent", undefined, undefined],
        ["unknown", "vic", null],
        ["signer.signed", "ann", "signed"],
      ]);
    }
  });
});

describe("what names neither document nor signer", () => {
  it("is told apart by what was sent, also in the same second", () => {
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
    memory.tell(reminded("ann"));
    memory.tell(reminded("bob", { channel: "app", time: NEW_YEAR + 3_000 }));
    memory.tell(reminded("ann", { channel: "app", time: NEW_YEAR + 2_000 }));
    expect(memory.events).to.have.length(2);
  });

  it("is not merged by nearness where no signer is named", () => {
    const memory = createMemory({ subscribers: [], coalesce: 60_000 });
    memory.tell(aDraft({ type: "unknown" }));
    memory.tell(aDraft({ type: "unknown", channel: "app", time: NEW_YEAR + 2_000 }));
    expect(memory.events).to.have.length(2);
  });
});

describe("a time far in the future", () => {
  it("makes no later event late, and freezes nothing", () => {
    const memory = createMemory({ subscribers: [], coalesce: 0 });
    memory.tell(aDraft({ type: "document.created", time: NEW_YEAR + 400 * 24 * 3_600_000 }));
    memory.tell(aDraft({ type: "document.sent", document: { ...aDocument(), title: "Lease" } }));
    expect(memory.events.at(-1)).to.include({ late: false });
    expect(memory.events.at(-1)?.document).to.include({ title: "Lease", status: "sent" });
  });
});

describe("a signer's event that names no document", () => {
  it("belongs to the document that another post named for the signer, with the same id as without", () => {
    const viewed = aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") });
    const [alone] = eventsOf([viewed]);
    const known = knowing(
      resolve(aReceipt(), [aDraft({ type: "document.sent", signers: [aSigner("ann")] })], NOTHING, []),
    );
    const [linked] = eventsOf([viewed], known);
    expect(alone?.document).to.equal(null);
    expect(linked?.document).to.include({ id: "doc-1", status: "sent" });
    expect(linked?.sequence).to.equal(2);
    expect(linked?.id).to.equal(alone?.id);
  });
});
