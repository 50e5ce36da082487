import type { ChannelKey } from "../../domain/coalesce.ts";
import type { Table as Name } from "../rows.ts";
import type { Contents, RowOf, Rows } from "./contents.ts";
import { createJournal } from "./journal.ts";
import { createIndex, createTable, type Table } from "./table.ts";

/** Two names as one key. The first is a source's, channel's or destination's, and holds no line break. */
export function pair(first: string, second: string): string {
  return `${first}\n${second}`;
}

/** All tables by name. */
export type Shelves = { readonly [T in Name]: Table<RowOf<T>> };

/** Everything that is kept, in memory, with what it is looked up by: no look-up costs more when more is kept. */
export function createTables(kept: Contents) {
  const journal = createJournal();
  let { position } = kept;
  const indexes = createIndexes();
  const { eventsByCoalesceKey, dedupeKeys, channelKeys, linksOf, deliveriesOf, due, lanes, rejectionsOf } =
    indexes;

  const shelves: Shelves = {
    receipts: createTable(kept.receipts, { dedupeKeyOf: ({ receipt }) => receipt.id, journal }),
    rejections: createTable(kept.rejections, {
      dedupeKeyOf: ({ rejection }) => rejection.id,
      indexes: [rejectionsOf],
      journal,
    }),
    events: createTable(kept.events, {
      dedupeKeyOf: ({ event }) => event.id,
      indexes: [eventsByCoalesceKey, dedupeKeys, channelKeys],
      journal,
    }),
    tombstones: createTable(kept.tombstones, {
      dedupeKeyOf: ({ id }) => id,
      indexes: [indexes.dedupeKeysOfTombstones, indexes.channelKeysOfTombstones],
      journal,
    }),
    documents: createTable(kept.documents, {
      dedupeKeyOf: ({ document }) => pair(document.source, document.id),
      journal,
    }),
    links: createTable(kept.links, {
      dedupeKeyOf: ({ source, signer }) => pair(source, signer),
      indexes: [linksOf],
      journal,
    }),
    deliveries: createTable(kept.deliveries, {
      dedupeKeyOf: ({ delivery }) => delivery.id,
      indexes: [deliveriesOf, due, lanes],
      journal,
    }),
    destinations: createTable(kept.destinations, { dedupeKeyOf: ({ state }) => state.name, journal }),
    audit: createTable(kept.audit, { dedupeKeyOf: (row) => String(row.position), journal }),
  };

  return {
    journal,
    /** Of a new row. Never given twice. */
    nextPosition: () => ++position,
    /** New rows go behind this position as well. */
    goBehind(other: number) {
      position = Math.max(position, other);
    },
    get position() {
      return position;
    },
    ...shelves,
    ...indexes,
  };
}

export type Tables = ReturnType<typeof createTables>;

function keysIn(channelKeys: readonly ChannelKey[]): string[] {
  return [...new Set(channelKeys.map(({ key }) => key))];
}

function createIndexes() {
  return {
    /** Events of a coalesceKey, by position. */
    eventsByCoalesceKey: createIndex<Rows["events"]>(({ coalesceKey }) =>
      coalesceKey === null ? [] : [coalesceKey],
    ),
    /** Events by another key under which they were told. */
    dedupeKeys: createIndex<Rows["events"]>(({ dedupeKeys }) => dedupeKeys),
    /** The same of events that are kept no longer. */
    dedupeKeysOfTombstones: createIndex<Rows["tombstones"]>(({ dedupeKeys }) => dedupeKeys),
    /** Events by a key under which a channel told them. */
    channelKeys: createIndex<Rows["events"]>(({ channelKeys }) => keysIn(channelKeys)),
    /** The same of events that are kept no longer. */
    channelKeysOfTombstones: createIndex<Rows["tombstones"]>(({ channelKeys }) => keysIn(channelKeys)),
    /** Links of a document's signers (`pair(source, document)`). */
    linksOf: createIndex<Rows["links"]>(({ source, document }) => [pair(source, document)]),
    /** Deliveries of an event. */
    deliveriesOf: createIndex<Rows["deliveries"]>(({ delivery }) => [delivery.event]),
    /** Pending deliveries of a destination, earliest first, of the same moment in the order recorded. */
    due: createIndex<Rows["deliveries"]>(
      ({ delivery }) => (delivery.status === "pending" ? [delivery.destination] : []),
      (a, b) => (a.delivery.dueAt ?? 0) - (b.delivery.dueAt ?? 0) || a.position - b.position,
    ),
    /** Open deliveries of a lane (`pair(destination, lane)`), in the order recorded. */
    lanes: createIndex<Rows["deliveries"]>(({ delivery: { destination, lane, dueAt } }) =>
      lane === null || dueAt === null ? [] : [pair(destination, lane)],
    ),
    /** Refused requests of a channel (`pair(source, channel)`), oldest first. */
    rejectionsOf: createIndex<Rows["rejections"]>(({ rejection }) => [
      pair(rejection.source, rejection.channel),
    ]),
  };
}
