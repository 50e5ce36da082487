import type { Contents, KeptDelivery, KeptEvent, KeptRejection } from "./contents.ts";
import { createJournal } from "./journal.ts";
import { createIndex, createTable } from "./table.ts";

/** Two names as one key. The first is a source's, channel's or destination's, and holds no line break. */
export function pair(first: string, second: string): string {
  return `${first}\n${second}`;
}

/** Everything that is kept, in memory, with what it is looked up by: no look-up costs more when more is kept. */
export function createTables(kept: Contents) {
  const journal = createJournal();
  let { position } = kept;

  const kins = createIndex<KeptEvent>(({ kin }) => (kin === null ? [] : [kin]));
  const aliases = createIndex<KeptEvent>(({ keys }) => keys);
  const deliveriesOf = createIndex<KeptDelivery>(({ delivery }) => [delivery.event]);
  const due = createIndex<KeptDelivery>(
    ({ delivery }) => (delivery.status === "pending" ? [delivery.destination] : []),
    (a, b) => (a.delivery.dueAt ?? 0) - (b.delivery.dueAt ?? 0) || a.position - b.position,
  );
  const lanes = createIndex<KeptDelivery>(({ delivery: { destination, lane, dueAt } }) =>
    lane === null || dueAt === null ? [] : [pair(destination, lane)],
  );
  const rejectionsOf = createIndex<KeptRejection>(({ rejection }) => [
    pair(rejection.source, rejection.channel),
  ]);

  return {
    journal,
    /** Of a new row. Never given twice. */
    nextPosition: () => ++position,
    get position() {
      return position;
    },

    receipts: createTable(kept.receipts, { keyOf: ({ receipt }) => receipt.id, journal }),
    rejections: createTable(kept.rejections, {
      keyOf: ({ rejection }) => rejection.id,
      indexes: [rejectionsOf],
      journal,
    }),
    events: createTable(kept.events, {
      keyOf: ({ event }) => event.id,
      indexes: [kins, aliases],
      journal,
    }),
    documents: createTable(kept.documents, {
      keyOf: ({ document }) => pair(document.source, document.id),
      journal,
    }),
    links: createTable(kept.links, { keyOf: ({ source, signer }) => pair(source, signer), journal }),
    deliveries: createTable(kept.deliveries, {
      keyOf: ({ delivery }) => delivery.id,
      indexes: [deliveriesOf, due, lanes],
      journal,
    }),
    destinations: createTable(kept.destinations, { keyOf: ({ state }) => state.name, journal }),
    audit: createTable(kept.audit, { keyOf: (row) => String(row.position), journal }),

    /** Events of a kin, by position. */
    kins,
    /** Events by another key under which they were told. */
    aliases,
    /** Deliveries of an event. */
    deliveriesOf,
    /** Pending deliveries of a destination, earliest first, of the same moment in the order recorded. */
    due,
    /** Open deliveries of a lane (`pair(destination, lane)`), in the order recorded. */
    lanes,
    /** Refused requests of a channel (`pair(source, channel)`), oldest first. */
    rejectionsOf,
  };
}

export type Tables = ReturnType<typeof createTables>;
