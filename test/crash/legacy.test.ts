import { expect } from "chai";
import type { Event } from "../../src/domain/event.ts";
import { anEvent } from "../outbound/fixtures.ts";
import { type Batch, complaintsAbout } from "./legacy.ts";

const at = (second: number) => `2026-01-01T00:00:0${second}`;
const event = (type: "document.sent" | "document.completed", sequence: number, second: number): Event => ({
  ...anEvent({ type, sequence, time: `${at(second)}.000Z` }),
  document: { ...(anEvent().document as NonNullable<Event["document"]>), id: "d1" },
});
const [SENT, COMPLETED] = [event("document.sent", 1, 1), event("document.completed", 2, 2)];
const CREATED = { ...SENT, type: "document.created" as const };
const item = (value: string, second: number) => `/api/v1/document/d1/ ${value} ${at(second)}+00:00`;
const batch = (id: string, ...items: string[]): Batch => ({ id, digest: id, items, accepted: true });
const [TEN, THIRTY] = [item("10", 1), item("30", 2)];

describe("what must be true of legacy batches", () => {
  const about = (...batches: Batch[]) => complaintsAbout(batches, [CREATED, SENT, COMPLETED]);

  it("is true of each event with a code in one accepted batch, in order", () => {
    expect(about(batch("b1", TEN, THIRTY))).to.deep.equal([]);
    expect(about(batch("b1", TEN), batch("b2", THIRTY))).to.deep.equal([]);
  });

  it("is not true of a missing item, one of two batches, one of no event, and a wrong order", () => {
    expect(about(batch("b1", TEN))).to.deep.equal([`${THIRTY} is in no batch`]);
    expect(about(batch("b1", TEN, THIRTY), batch("b2", TEN))).to.have.length(1);
    expect(about(batch("b1", TEN, THIRTY, item("40", 2)))).to.have.length(1);
    expect(about(batch("b1", THIRTY, TEN))).to.have.length(1);
    expect(about({ ...batch("b1", TEN, THIRTY), accepted: false })).to.have.length(1);
  });
});
