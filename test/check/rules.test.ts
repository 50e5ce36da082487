import { expect } from "chai";
import { createRowRules, type RowRules } from "../../src/check/rules.ts";
import type { Delivery } from "../../src/domain/delivery.ts";
import { unknownDocument } from "../../src/domain/document.ts";
import { viewDocument } from "../../src/domain/view.ts";
import { anEvent } from "../outbound/fixtures.ts";
import { anAttempt, DAY } from "../store/filled.ts";
import { NEW_YEAR } from "../support/builders.ts";

const idOf = (name: string) => `evt_${name.padStart(26, "0")}`;

describe("the consistency rules of a store", () => {
  let rules: RowRules;
  let faults: string[];
  let position: number;

  beforeEach(() => {
    rules = createRowRules({ now: NEW_YEAR, documents: 400 * DAY, duplicates: 400 * DAY });
    faults = [];
    position = 0;
  });

  const report = (sentences: readonly string[] = []) => void faults.push(...sentences);
  const end = () => {
    report(rules.end());
    return faults;
  };
  const tombstone = (name: string) =>
    report(
      rules.check.tombstones?.({
        position: ++position,
        id: idOf(name),
        recordedAt: NEW_YEAR,
        dedupeKeys: [],
        channelKeys: [],
      }),
    );

  /** An event of document `d`, recorded `daysAgo`. */
  function event(name: string, sequence: number, daysAgo = 0, more: { traceparent?: string } = {}): void {
    const at = NEW_YEAR - daysAgo * DAY;
    const document = viewDocument(unknownDocument("lumin", "d"));
    const recordedAt = new Date(at).toISOString();
    const made = anEvent({ id: idOf(name), source: "lumin", sequence, document, recordedAt });
    report(
      rules.check.events?.({
        position: ++position,
        event: made,
        coalesceKey: null,
        at,
        ...more,
        dedupeKeys: [],
        channelKeys: [],
        duplicates: [],
      }),
    );
  }

  function document(sequence: number): void {
    const state = { ...unknownDocument("lumin", "d"), sequence, newest: NEW_YEAR };
    report(rules.check.documents?.({ position: ++position, document: state, changedAt: NEW_YEAR }));
  }

  function delivery(name: string, given: Partial<Delivery> = {}, attempts: readonly number[] = []): void {
    const pending = { status: "pending", reason: null, attempts: attempts.length, dueAt: NEW_YEAR } as const;
    const made: Delivery = {
      ...{ id: `dlv_${name}`, event: idOf("e"), destination: "crm", lane: "l", replayedAfter: null },
      ...pending,
      ...given,
    };
    const history = attempts.map((number) => anAttempt({ number }));
    report(
      rules.check.deliveries?.({
        position: ++position,
        delivery: made,
        token: null,
        recordedAt: NEW_YEAR,
        history,
      }),
    );
  }

  const held = { status: "held" } as const;
  const done = { status: "delivered", dueAt: null } as const;

  it("report an id that is there twice", () => {
    for (const name of ["a", "a", "b"]) tombstone(name);
    for (const [n, name] of ["c", "c", "b"].entries()) event(name, n + 1);
    document(3);
    expect(end()).to.deep.equal([
      `the tombstone ${idOf("a")} is there twice`,
      `event ${idOf("c")} is there twice`,
      `event ${idOf("b")} is there, and has a tombstone as well`,
    ]);
  });

  it("report a creation context that is none", () => {
    event("a", 1, 0, { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` });
    event("b", 2, 0, { traceparent: "00-1-2-01" });
    document(2);
    expect(end()).to.deep.equal(["the event at position 2 is not well formed at `traceparent`"]);
  });

  it("allow gaps in a sequence, for pruned events", () => {
    for (const sequence of [2, 5, 6]) event(`e${sequence}`, sequence);
    document(9);
    expect(end()).to.deep.equal([]);
  });

  it("allow a sequence to restart once its document was pruned, beside an old event", () => {
    event("old", 5, 401);
    event("new", 1);
    document(1);
    expect(end()).to.deep.equal([]);
  });

  it("allow an old event to outlive its document, and a new document to count from 1", () => {
    event("old", 5, 401);
    document(1);
    expect(end()).to.deep.equal([]);
    event("older", 5, 402);
    expect(end()).to.deep.equal([]);
  });

  it("report a sequence that restarts before its document can have been pruned", () => {
    event("old", 5, 399);
    event("new", 1);
    document(1);
    expect(end()).to.deep.equal([
      `event ${idOf("new")} has sequence 1 in document d of lumin, after 5 of event ${idOf("old")}`,
    ]);
  });

  it("allow a replayed delivery to wait for one that was recorded later", () => {
    event("e", 1);
    document(1);
    delivery("again", { ...held, replayedAfter: 0 });
    delivery("later");
    delivery("last", held);
    delivery("elsewhere", { destination: "erp" });
    delivery("alone", { lane: null });
    delivery("alone-too", { lane: null });
    expect(end()).to.deep.equal([]);
  });

  it("report a delivery that waits for one recorded later without a replay", () => {
    event("e", 1);
    document(1);
    delivery("first", held);
    delivery("later");
    expect(end()).to.deep.equal(["delivery dlv_first is held by dlv_later, which was recorded after it"]);
  });

  it("require all attempts of open deliveries since their replay, and none of final ones", () => {
    event("e", 1);
    document(1);
    delivery("whole", { lane: null }, [1, 2, 3]);
    delivery("again", { lane: null, attempts: 5, replayedAfter: 3 }, [4, 5]);
    delivery("some", { ...done, attempts: 5 }, [4, 5]);
    delivery("none", { ...done, attempts: 5 });
    expect(end()).to.deep.equal([]);
    delivery("gap", { lane: null, attempts: 3 }, [1, 3]);
    delivery("lost", { lane: null, attempts: 5, replayedAfter: 3 }, [1, 2, 3, 5]);
    delivery("more", { ...done, attempts: 1 }, [2]);
    expect(end()).to.deep.equal([
      "delivery dlv_gap is open after 3 attempts, and 1 of them are gone",
      "delivery dlv_lost is open after 5 attempts, and 1 of them are gone",
      "delivery dlv_more counts 1 attempts, but has attempt 2",
    ]);
  });

  it("report nothing as missing that may be in an unreadable part", () => {
    rules.isPartial("events");
    rules.isPartial("documents");
    event("e", 7);
    delivery("a", { event: idOf("unread") });
    rules.isPartial("deliveries");
    delivery("b", { ...held, lane: "m" });
    expect(end()).to.deep.equal([]);
  });
});
