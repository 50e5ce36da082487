import type { ChannelKey } from "../../domain/coalesce.ts";
import type { Table as Name } from "../kept.ts";
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
  const { kins, aliases, channelKeys, linksOf, deliveriesOf, due, lanes, rejectionsOf } = indexes;

  const shelves: Shelves = {
    receipts: createTable(kept.receipts, { keyOf: ({ receipt }) => receipt.id, journal }),
    rejections: createTable(kept.rejections, {
      keyOf: ({ rejection }) => rejection.id,
      indexes: [rejectionsOf],
      journal,
    }),
    events: createTable(kept.events, {
      keyOf: ({ event }) => event.id,
      indexes: [kins, aliases, channelKeys],
      journal,
    }),
    ids: createTable(kept.ids, {
      keyOf: ({ id }) => id,
      indexes: [indexes.aliasesOfIds, indexes.channelKeysOfIds],
      journal,
    }),
    documents: createTable(kept.documents, {
      keyOf: ({ document }) => pair(document.source, document.id),
      journal,
    }),
    links: createTable(kept.links, {
      keyOf: ({ source, signer }) => pair(source, signer),
      indexes: [linksOf],
      journal,
    }),
    deliveries: createTable(kept.deliveries, {
      keyOf: ({ delivery }) => delivery.id,
      indexes: [deliveriesOf, due, lanes],
      journal,
    }),
    destinations: createTable(kept.destinations, { keyOf: ({ state }) => state.name, journal }),
    audit: createTable(kept.audit, { keyOf: (row) => String(row.position), journal }),
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
    /** Events of a kin, by position. */
    kins: createIndex<Rows["events"]>(({ kin }) => (kin === null ? [] : [kin])),
    /** Events by another key under which they were told. */
    aliases: createIndex<Rows["events"]>(({ keys }) => keys),
    /** The same of events that are kept no longer. */
    aliasesOfIds: createIndex<Rows["ids"]>(({ keys }) => keys),
    /** Events by a key under which a channel told them. */
    channelKeys: createIndex<Rows["events"]>(({ channelKeys }) => keysIn(channelKeys)),
    /** The same of events that are kept no longer. */
    channelKeysOfIds: createIndex<Rows["ids"]>(({ channelKeys }) => keysIn(channelKeys)),
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
