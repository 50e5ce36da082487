import { expect } from "chai";
import fc from "fast-check";
import type { Delivery } from "../../src/domain/delivery.ts";
import { reconcile } from "../../src/domain/reconcile.ts";
import { type NewEvent, type Resolution, resolve } from "../../src/domain/resolve.ts";
import { aDraft, aReceipt, CRM } from "../support/builders.ts";
import { only } from "../support/only.ts";

/** Any event that a resolution may hold; only its id matters here. */
const TEMPLATE = only(
  resolve(
    aReceipt(),
    [aDraft()],
    { documents: new Map(), links: new Map(), events: new Map(), merged: new Map(), candidates: new Map() },
    { subscribers: [CRM], coalesce: 0 },
  ).events,
);

const IDS = ["a", "b", "c", "d", "e", "f"];
const ids = fc.array(fc.constantFrom(...IDS), { maxLength: 8 });
const idSets = fc.uniqueArray(fc.constantFrom(...IDS)).map((list) => new Set(list));
const destinations = fc.uniqueArray(fc.constantFrom("crm", "erp", "log"));

type Part = Pick<Resolution, "events" | "duplicates" | "deliveries">;

function aResolution(events: readonly string[], duplicates: readonly string[], to: readonly string[]): Part {
  return {
    events: events.map(anEvent),
    duplicates: duplicates.map((event) => ({ event, key: event })),
    deliveries: events.flatMap((event) => to.map((destination) => aDelivery(event, destination))),
  };
}

function anEvent(id: string): NewEvent {
  return { ...TEMPLATE, event: { ...TEMPLATE.event, id }, dedupeKey: id };
}

function aDelivery(event: string, destination: string): Delivery {
  return {
    ...{ id: `${event}-${destination}`, event, destination, lane: null, status: "pending" },
    ...{ reason: null, attempts: 0, dueAt: 0, replayedAfter: null },
  };
}

const resolutions = fc.tuple(ids, ids, destinations).map((parts) => aResolution(...parts));

/** Adds events by id as every store does: the first with an id is new. */
function adding(stored: Set<string>): (one: NewEvent) => boolean {
  return ({ event: { id } }) => {
    if (stored.has(id)) return false;
    stored.add(id);
    return true;
  };
}

const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe("reconcile", () => {
  it("makes each id a new event, a duplicate, or nothing if the receipt reported it before", () => {
    fc.assert(
      fc.property(resolutions, idSets, idSets, (resolution, stored, before) => {
        const { events, duplicates } = reconcile(resolution, adding(new Set(stored)), before);
        const reported = [
          ...resolution.events.map(({ event }) => event.id),
          ...resolution.duplicates.map(({ event }) => event),
        ];
        for (const id of new Set(reported)) {
          const isNew = !stored.has(id) && resolution.events.some(({ event }) => event.id === id);
          expect(idsOf(events).filter((one) => one === id)).to.have.length(isNew ? 1 : 0);
          const isDuplicate = !isNew && !before.has(id);
          expect(duplicates.filter((one) => one === id)).to.have.length(isDuplicate ? 1 : 0);
        }
        expect(events.length + duplicates.length).to.be.at.most(new Set(reported).size);
      }),
    );
  });

  it("keeps exactly the deliveries of the new events, and names each of their destinations once", () => {
    fc.assert(
      fc.property(resolutions, idSets, (resolution, stored) => {
        const result = reconcile(resolution, adding(new Set(stored)));
        const added = idsOf(result.events);
        const expected = resolution.deliveries.filter(({ event }) => added.includes(event));
        expect(result.deliveries).to.deep.equal(expected);
        expect([...result.destinations].sort()).to.deep.equal(
          [...new Set(expected.map(({ destination }) => destination))].sort(),
        );
      }),
    );
  });

  it("counts a repeat by another receipt as duplicates, and one by the same receipt not", () => {
    fc.assert(
      fc.property(resolutions, idSets, (resolution, given) => {
        const stored = new Set(given);
        const first = reconcile(resolution, adding(stored));
        const reported = [...idsOf(first.events), ...first.duplicates];

        const repeat = reconcile(resolution, adding(stored));
        expect(repeat).to.deep.include({ events: [], deliveries: [], destinations: [] });
        expect([...repeat.duplicates].sort()).to.deep.equal(reported.sort());

        const amended = reconcile(resolution, adding(stored), new Set(reported));
        expect(amended).to.deep.equal({ events: [], duplicates: [], deliveries: [], destinations: [] });
      }),
    );
  });
});
