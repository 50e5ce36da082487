import { z } from "zod";
import { Event } from "../domain/event.ts";
import type { Rows, Table } from "../store/rows.ts";

/** What must hold between the rows of a store. */

/** How long something is certain to be remembered, in milliseconds; infinite: for ever. */
export interface Memory {
  /** Milliseconds since 1970. */
  now: number;
  /** A document, from when something was last told of it. */
  documents: number;
  /** An event's id, from when it was recorded. */
  duplicates: number;
}

/**
 * Looks at rows one after the other, table by table in the order of `READ`, each in the order recorded, and says what is wrong, in
 * sentences without personal data. It holds on to the id of every event.
 */
export interface Consistency {
  look: { readonly [T in Table]?: (row: Rows[T]) => readonly string[] };
  /** The table could not be read wholly, so what is missing from it may be there. */
  isPartial(table: Table): void;
  /** What only shows once all was looked at. */
  end(): readonly string[];
}

/** What others are compared with comes first. */
export const READ = [
  "tombstones",
  "events",
  "documents",
  "receipts",
  "deliveries",
  "rejections",
  "links",
  "destinations",
  "audit",
] as const satisfies readonly Table[];

export function createConsistency(memory: Memory): Consistency {
  const partial = new Set<Table>();
  const tombstones = new Set<string>();
  const events = new Set<string>();
  const documents = createDocuments(memory);
  const lanes = createLanes();
  const isLost = (event: string) =>
    !events.has(event) && !tombstones.has(event) && !partial.has("events") && !partial.has("tombstones");

  return {
    isPartial: (table) => void partial.add(table),
    look: {
      tombstones({ id }) {
        const known = tombstones.has(id);
        tombstones.add(id);
        return known ? [`the id ${id} is there twice`] : [];
      },
      events(row) {
        const { id } = row.event;
        const known = events.has(id);
        events.add(id);
        return [
          ...misshapen(row),
          ...(known ? [`event ${id} is there twice`] : []),
          ...(tombstones.has(id)
            ? [`event ${id} is there, and also among the tombstones of pruned events`]
            : []),
          ...documents.told(row),
        ];
      },
      documents: (row) => (partial.has("events") ? [] : documents.know(row)),
      receipts({ receipt: { id, receivedAt, events: told } }) {
        if (memory.now - receivedAt >= memory.duplicates) return [];
        return told
          .filter(isLost)
          .map((event) => `receipt ${id} told event ${event}, of which nothing is left`);
      },
      deliveries(row) {
        const { id, event } = row.delivery;
        const isOrphan = !events.has(event) && !partial.has("events");
        return [
          ...(isOrphan ? [`delivery ${id} is of event ${event}, which is not there`] : []),
          ...checkStatus(row),
          ...checkTries(row),
          ...lanes.look(row),
        ];
      },
    },
    end: () => [
      ...(partial.has("documents") ? [] : documents.unknown()),
      ...(partial.has("deliveries") ? [] : lanes.end()),
    ],
  };
}

const WellFormed = z.object({
  id: Event.shape.id,
  type: Event.shape.type,
  recordedAt: Event.shape.recordedAt,
});

function misshapen({ position, event }: Rows["events"]): string[] {
  const issues = WellFormed.safeParse(event).error?.issues ?? [];
  return issues.map(
    ({ path }) => `the event at position ${position} is not well formed at \`${path.join(".")}\``,
  );
}

/** The last event of a document. */
interface Told {
  source: string;
  document: string;
  event: string;
  sequence: number;
  /** When it was recorded, milliseconds since 1970. */
  at: number;
}

/**
 * Sequences only grow, but for one that starts anew because its document had been forgotten. That takes as long as documents are
 * remembered: an event that waits longer than that to be delivered stays behind with its number.
 */
function createDocuments({ now, documents: remembered }: Memory) {
  const told = new Map<string, Told>();
  const dedupeKeyOf = (source: string, id: string) => `${source}\n${id}`;
  const mustBeKnown = ({ at }: Told) => now - at < remembered;

  return {
    told({ event: { id, source, document, sequence, recordedAt } }: Rows["events"]): string[] {
      if (!document || sequence === null) return [];
      const before = told.get(dedupeKeyOf(source, document.id));
      const at = Date.parse(recordedAt);
      told.set(dedupeKeyOf(source, document.id), { source, document: document.id, event: id, sequence, at });
      if (!before || sequence > before.sequence || at - before.at >= remembered) return [];
      return [
        `event ${id} has sequence ${sequence} in document ${document.id} of ${source}, after ${before.sequence} of event ${before.event}`,
      ];
    },
    know({ document: { source, id, sequence } }: Rows["documents"]): string[] {
      const last = told.get(dedupeKeyOf(source, id));
      told.delete(dedupeKeyOf(source, id));
      if (!last || last.sequence <= sequence || !mustBeKnown(last)) return [];
      return [
        `document ${id} of ${source} counts ${sequence} events, but event ${last.event} has sequence ${last.sequence} in it`,
      ];
    },
    /** Of which there are events, and nothing else. */
    unknown(): string[] {
      return [...told.values()]
        .filter(mustBeKnown)
        .map(
          ({ source, document, event }) =>
            `event ${event} is of document ${document} of ${source}, of which nothing is known`,
        );
    },
  };
}

function checkStatus({ delivery: { id, status, reason, dueAt } }: Rows["deliveries"]): string[] {
  const isFinal = status === "delivered" || status === "parked";
  return [
    ...(isFinal && dueAt !== null ? [`delivery ${id} is ${status}, and yet due`] : []),
    ...(!isFinal && dueAt === null ? [`delivery ${id} is ${status}, and never due`] : []),
    ...(status === "parked" && reason === null ? [`delivery ${id} is parked, and nothing says why`] : []),
    ...(status !== "parked" && reason !== null
      ? [`delivery ${id} is ${status}, and has a reason for being parked`]
      : []),
  ];
}

/** Of what is open every try since it was last sent again is there; of what is final, any number of the oldest may be gone. */
function checkTries({ delivery, history }: Rows["deliveries"]): string[] {
  const { id, attempts, dueAt, replayedAfter } = delivery;
  const numbers = history.map(({ number }) => number);
  const last = Math.max(0, ...numbers);
  if (last > attempts) return [`delivery ${id} counts ${attempts} tries, but try ${last} is written down`];
  if (dueAt === null) return [];
  const since = replayedAfter ?? 0;
  const kept = new Set(numbers.filter((number) => number > since)).size;
  const due = attempts - since;
  return kept === due
    ? []
    : [`delivery ${id} is open after ${attempts} tries, and ${due - kept} of them are gone`];
}

interface Place {
  id: string;
  position: number;
}

interface Lane {
  pending: Place | null;
  /** The first that waits. */
  held: Place | null;
  /** The first of those that wait for the first time: what a person has sent again may wait behind what came later. */
  fresh: Place | null;
}

/** At most one of a lane is pending, and whoever is held waits for one that was recorded before. */
function createLanes() {
  const lanes = new Map<string, Lane>();

  return {
    look({ position, delivery }: Rows["deliveries"]): string[] {
      const { id, destination, lane: name, status, replayedAfter } = delivery;
      if (name === null || (status !== "pending" && status !== "held")) return [];
      const key = `${destination}\n${name}`;
      const lane = lanes.get(key) ?? { pending: null, held: null, fresh: null };
      lanes.set(key, lane);
      const place = { id, position };
      if (status === "held") {
        lane.held ??= place;
        if (replayedAfter === null) lane.fresh ??= place;
        return [];
      }
      const { pending } = lane;
      lane.pending ??= place;
      return pending ? [`deliveries ${pending.id} and ${id} are of one lane, and both pending`] : [];
    },
    end(): string[] {
      return [...lanes.values()].flatMap(({ pending, held, fresh }) => {
        if (held && !pending) return [`delivery ${held.id} is held, but nothing of its lane is pending`];
        if (!pending || !fresh || fresh.position > pending.position) return [];
        return [`delivery ${fresh.id} is held by ${pending.id}, which was recorded after it`];
      });
    },
  };
}
