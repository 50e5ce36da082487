import { expect } from "chai";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import { createChance } from "../../src/simulate/chance.ts";
import type { Tallies } from "../../src/store/port/reads.ts";
import { anEvent } from "../outbound/fixtures.ts";
import { aSigner } from "../support/builders.ts";
import { type Generation, generations } from "./generations.ts";
import { type Evidence, judge, type Verdict } from "./oracle.ts";
import type { Arrival } from "./receivers.ts";

const ONE = { hour: 0, count: 1, newest: 0 };

/** The right outcome of all posts of two providers about some documents. */
function rightEvidence(): Evidence {
  const upcoming = generations(createChance("the oracle"));
  const all = [upcoming.next().value, upcoming.next().value];
  const posts = all.flatMap(({ source, lanes }) =>
    lanes.flatMap((lane) => lane.posts.map((post) => ({ source, post }))),
  );
  const genuine = posts.filter(({ post }) => !post.faults.includes("forge"));
  const events = all.flatMap(eventsOf);
  return {
    load: {
      sent: genuine.map((one, n) => ({ ...one, attempts: 1, taken: true, receipt: `rcp_${n}` })),
      happenings: all.flatMap(({ happenings }) => happenings),
      surprises: [],
    },
    stored: {
      events,
      deliveries: events.map(({ id }) => aDelivery(id)),
      receipts: genuine.map(({ source, post: { channel } }, n) => ({ id: `rcp_${n}`, source, channel })),
      tallies: {
        requests: genuine.map(({ source, post: { channel } }) => ({
          ...ONE,
          source,
          channel,
          outcome: "accepted",
        })),
        deliveries: [
          {
            ...ONE,
            destination: "crm",
            outcome: "delivered",
            count: events.length,
            latency: [events.length],
          },
        ],
      },
    },
    receivers: [receiving(events.map(arrivalOf))],
  };
}

/** An event for each happening that a post reports, in the order of each document. */
function eventsOf({ source, lanes }: Generation): Event[] {
  const reported = new Set(lanes.flatMap(({ posts }) => posts.flatMap(({ happenings }) => happenings)));
  const sequences = new Map<string, number>();
  return [...reported].map((happening, n) => {
    const { document, signer, type, time } = happening;
    const sequence = (sequences.get(document) ?? 0) + 1;
    sequences.set(document, sequence);
    const event = anEvent({ id: `evt_${source}_${n}`, source, type, sequence });
    return {
      ...event,
      time: new Date(time).toISOString(),
      document: event.document && { ...event.document, id: document },
      signer: signer === null ? null : aSigner(source === "lumin" ? "sgn_1" : signer, { email: signer }),
    };
  });
}

function aDelivery(event: string): Delivery {
  return {
    id: `dlv_${event}`,
    event,
    destination: "crm",
    lane: null,
    status: "delivered",
    reason: null,
    attempts: 1,
    dueAt: null,
    replayedAfter: null,
  };
}

function arrivalOf({ id, source, document, sequence }: Event): Arrival {
  const named = document && `${source} ${document.id}`;
  return { id, document: named, sequence, digest: "", moments: [0], accepted: true };
}

function receiving(arrivals: readonly Arrival[]): Evidence["receivers"][number] {
  const all = new Map(arrivals.map((arrival) => [arrival.id, arrival]));
  return { name: "crm", url: "", arrivals: all, complaints: [], times: all.size, close() {} };
}

const RIGHT = rightEvidence();
const { load, stored } = RIGHT;
const [first, second] = stored.events as [Event, Event];
const arrivals = stored.events.map(arrivalOf);

function expectCounts(evidence: Partial<Evidence>, counts: Partial<Verdict>): void {
  const verdict = judge({ ...RIGHT, ...evidence });
  expect(verdict).to.include({ lost: 0, twice: 0, disordered: 0, stuck: 0, miscounted: 0, ...counts });
  expect(verdict.complaints).not.to.deep.equal([]);
}

describe("the oracle of the crash harness", () => {
  it("has no complaint about a right outcome", () => {
    expect(stored.events.length).to.be.greaterThan(100);
    expect(judge(RIGHT).complaints).to.deep.equal([]);
  });

  it("counts a missing event, receipt or arrival as lost", () => {
    const events = stored.events.slice(1);
    const receivers = [receiving(events.map(arrivalOf))];
    expectCounts({ stored: { ...stored, events }, receivers }, { lost: 1, disordered: 1 });
    const receipts = stored.receipts.slice(1);
    expectCounts({ stored: { ...stored, receipts } }, { lost: 1, miscounted: 1 });
    expectCounts({ receivers: [receiving(arrivals.slice(0, -1))] }, { lost: 1 });
    const refused = arrivals.map((one) => ({ ...one, accepted: one.id !== first.id }));
    expectCounts({ receivers: [receiving(refused)] }, { lost: 1 });
  });

  it("accepts the presence and the absence of happenings that only untaken posts reported", () => {
    const document = first.document?.id ?? expect.fail("no document");
    const sent = load.sent.map((one) => ({ ...one, taken: !one.post.documents.includes(document) }));
    const untaken = { ...load, sent };
    expect(judge({ ...RIGHT, load: untaken }).complaints).to.deep.equal([]);
    const others = stored.events.filter((event) => event.document?.id !== document);
    const without = { stored: { ...stored, events: others }, receivers: [receiving(others.map(arrivalOf))] };
    expect(judge({ ...without, load: untaken }).complaints).to.deep.equal([]);
  });

  it("counts an invented event, a second event of a happening and an unknown arrival as twice", () => {
    const invented = {
      ...first,
      id: "evt_2",
      document: first.document && { ...first.document, id: "doc-1" },
    };
    const again = { ...first, id: "evt_2" };
    for (const event of [invented, again]) {
      const events = [...stored.events, event];
      const receivers = [receiving([...arrivals, { ...arrivalOf(event), document: null }])];
      expectCounts({ stored: { ...stored, events }, receivers }, { twice: 1 });
    }
    const unknown = { ...arrivalOf(first), id: "evt_2", document: null };
    expectCounts({ receivers: [receiving([...arrivals, unknown])] }, { twice: 1 });
  });

  it("counts two arrivals of a document in the wrong order as disordered", () => {
    expect(first.document?.id).to.equal(second.document?.id);
    expectCounts(
      { receivers: [receiving(arrivals.toSpliced(0, 2, arrivalOf(second), arrivalOf(first)))] },
      { disordered: 2 },
    );
  });

  it("counts an open delivery as stuck, not as lost, and complains of a parked one", () => {
    const change = (status: Delivery["status"]) =>
      stored.deliveries.map((one) => (one.event === first.id ? { ...one, status } : one));
    const receivers = [receiving(arrivals.map((one) => ({ ...one, accepted: one.id !== first.id })))];
    expectCounts(
      { stored: { ...stored, deliveries: change("held") }, receivers },
      { stuck: 1, miscounted: 1 },
    );
    const parked = { stored: { ...stored, deliveries: change("parked") } };
    expectCounts(parked, { miscounted: 1 });
    expect(judge({ ...RIGHT, ...parked }).complaints.join()).to.match(/ is parked$/);
  });

  it("counts channels and destinations whose tallies differ from receipts, attempts and deliveries", () => {
    const { requests, deliveries } = stored.tallies;
    const expectMiscounts = (tallies: Partial<Tallies>, ...complaints: readonly RegExp[]) => {
      const evidence = { stored: { ...stored, tallies: { ...stored.tallies, ...tallies } } };
      expectCounts(evidence, { miscounted: complaints.length });
      for (const [n, sentence] of judge({ ...RIGHT, ...evidence }).complaints.entries())
        expect(sentence).to.match(complaints[n] ?? /nothing more/);
    };
    expectMiscounts(
      { requests: requests.slice(1) },
      /^\d+ receipts of \S+\/\S+ are tallied, and \d+ are listed$/,
    );
    const twice = deliveries.map((one) => ({ ...one, count: one.count + 1 }));
    expectMiscounts({ deliveries: twice }, /^\d+ deliveries to crm are tallied/);
    const slow = deliveries.map((one) => ({ ...one, latency: [...one.latency, 1] }));
    expectMiscounts({ deliveries: slow }, /^\d+ attempts at crm are tallied/);
    expectMiscounts({ deliveries: [] }, /attempts at crm/, /deliveries to crm/);
    const refused = { ...ONE, source: "lumin", channel: "account", outcome: "refused" as const };
    const right = { ...stored.tallies, requests: [...requests, refused] };
    expect(judge({ ...RIGHT, stored: { ...stored, tallies: right } }).complaints).to.deep.equal([]);
  });
});
