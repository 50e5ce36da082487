import { z } from "zod";
import { Event } from "../domain/event.ts";
import { hourOf, isOfRequest } from "../domain/tally.ts";
import { Traceparent } from "../domain/traceparent.ts";
import type { Rows, Table } from "../store/rows.ts";

/** The rules that the rows of a store must keep. */

/** How long rows are certain to be there, in milliseconds; infinite: for ever. */
export interface RetentionLimits {
  /** Milliseconds since 1970. */
  now: number;
  /** A document, from its last report on. */
  documents: number;
  /** An event or its tombstone, from when the event was recorded. */
  duplicates: number;
}

/**
 * Checks rows one after the other, table by table in `CHECK_ORDER`, each in the order recorded. Faults are
 * sentences without personal data. Keeps the id of every event in memory.
 */
export interface RowRules {
  check: { readonly [T in Table]?: (row: Rows[T]) => readonly string[] };
  /** The table could not be read wholly, so a row that was not read may be there. */
  isPartial(table: Table): void;
  /** The faults that only show once all rows were read. */
  end(): readonly string[];
}

/** Tables that others refer to come first. */
export const CHECK_ORDER = [
  "tombstones",
  "events",
  "documents",
  "receipts",
  "deliveries",
  "rejections",
  "links",
  "destinations",
  "audit",
  "tallies",
  "proofs",
  "exceptions",
] as const satisfies readonly Table[];

export function createRowRules(limits: RetentionLimits): RowRules {
  const partial = new Set<Table>();
  const tombstones = new Set<string>();
  const events = new Set<string>();
  const documents = createDocuments(limits);
  const lanes = createLanes();
  const isLost = (event: string) =>
    !events.has(event) && !tombstones.has(event) && !partial.has("events") && !partial.has("tombstones");

  return {
    isPartial: (table) => void partial.add(table),
    check: {
      tombstones({ id }) {
        const known = tombstones.has(id);
        tombstones.add(id);
        return known ? [`the tombstone ${id} is there twice`] : [];
      },
      events(row) {
        const { id } = row.event;
        const known = events.has(id);
        events.add(id);
        return [
          ...misshapen(row),
          ...(known ? [`event ${id} is there twice`] : []),
          ...(tombstones.has(id) ? [`event ${id} is there, and has a tombstone as well`] : []),
          ...documents.add(row),
        ];
      },
      documents: (row) => (partial.has("events") ? [] : documents.check(row)),
      receipts({ receipt: { id, receivedAt, events: reported } }) {
        if (limits.now - receivedAt >= limits.duplicates) return [];
        return reported
          .filter(isLost)
          .map((event) => `receipt ${id} reported event ${event}, which is gone without a tombstone`);
      },
      deliveries(row) {
        const { id, event } = row.delivery;
        const isOrphan = !events.has(event) && !partial.has("events");
        return [
          ...(isOrphan ? [`delivery ${id} is of event ${event}, which is not there`] : []),
          ...checkStatus(row),
          ...checkAttempts(row),
          ...lanes.check(row),
        ];
      },
      tallies: checkTally,
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
  traceparent: Traceparent.optional(),
});

function misshapen({ position, event, traceparent }: Rows["events"]): string[] {
  const issues = WellFormed.safeParse({ ...event, traceparent }).error?.issues ?? [];
  return issues.map(
    ({ path }) => `the event at position ${position} is not well formed at \`${path.join(".")}\``,
  );
}

/** The last event of a document. */
interface LastEvent {
  source: string;
  document: string;
  event: string;
  sequence: number;
  /** When it was recorded, milliseconds since 1970. */
  at: number;
}

/**
 * Sequences only grow. One starts again at 1 when its document was pruned, which takes as long as the
 * retention of documents: an event that waits longer than that for its delivery outlives its document with
 * its number.
 */
function createDocuments({ now, documents: remembered }: RetentionLimits) {
  const last = new Map<string, LastEvent>();
  const keyOf = (source: string, id: string) => `${source}\n${id}`;
  const mustBeKnown = ({ at }: LastEvent) => now - at < remembered;

  return {
    /** An event in the order recorded. */
    add({ event: { id, source, document, sequence, recordedAt } }: Rows["events"]): string[] {
      if (!document || sequence === null) return [];
      const before = last.get(keyOf(source, document.id));
      const at = Date.parse(recordedAt);
      last.set(keyOf(source, document.id), { source, document: document.id, event: id, sequence, at });
      if (!before || sequence > before.sequence || at - before.at >= remembered) return [];
      return [
        `event ${id} has sequence ${sequence} in document ${document.id} of ${source}, after ${before.sequence} of event ${before.event}`,
      ];
    },
    check({ document: { source, id, sequence } }: Rows["documents"]): string[] {
      const event = last.get(keyOf(source, id));
      last.delete(keyOf(source, id));
      if (!event || event.sequence <= sequence || !mustBeKnown(event)) return [];
      return [
        `document ${id} of ${source} counts ${sequence} events, but event ${event.event} has sequence ${event.sequence} in it`,
      ];
    },
    /** Documents that have events and no row. */
    unknown(): string[] {
      return [...last.values()]
        .filter(mustBeKnown)
        .map(
          ({ source, document, event }) =>
            `event ${event} is of document ${document} of ${source}, which has no row`,
        );
    },
  };
}

function checkStatus({
  delivery: { id, status, reason, dueAt },
  acknowledgedAt,
}: Rows["deliveries"]): string[] {
  const isFinal = status === "delivered" || status === "parked";
  return [
    ...(isFinal && dueAt !== null ? [`delivery ${id} is ${status}, and yet due`] : []),
    ...(!isFinal && dueAt === null ? [`delivery ${id} is ${status}, and never due`] : []),
    ...(status === "parked" && reason === null ? [`delivery ${id} is parked, and nothing says why`] : []),
    ...(status !== "parked" && reason !== null
      ? [`delivery ${id} is ${status}, and has a reason for being parked`]
      : []),
    ...(status !== "parked" && acknowledgedAt != null
      ? [`delivery ${id} is ${status}, and yet acknowledged as parked`]
      : []),
  ];
}

/**
 * An open delivery has every attempt since its last replay; a final one may have lost its oldest to
 * retention.
 */
function checkAttempts({ delivery, history }: Rows["deliveries"]): string[] {
  const { id, attempts, dueAt, replayedAfter } = delivery;
  const numbers = history.map(({ number }) => number);
  const last = Math.max(0, ...numbers);
  if (last > attempts) return [`delivery ${id} counts ${attempts} attempts, but has attempt ${last}`];
  if (dueAt === null) return [];
  const since = replayedAfter ?? 0;
  const there = new Set(numbers.filter((number) => number > since)).size;
  const due = attempts - since;
  return there === due
    ? []
    : [`delivery ${id} is open after ${attempts} attempts, and ${due - there} of them are gone`];
}

/** A tally counts requests of one channel or deliveries to one destination, in one hour. */
function checkTally({ hour, source, channel, destination, outcome, newest }: Rows["tallies"]): string[] {
  const names = [source, channel, destination];
  const name = `the tally of ${outcome} for ${names.filter(Boolean).join("/")} in the hour ${hour}`;
  const isRequest = isOfRequest(outcome);
  const isWhole = names.every((one, n) => (one !== "") === (n < 2 ? isRequest : !isRequest));
  return [
    ...(hourOf(newest) === hour ? [] : [`${name} has its newest at ${newest}, which is in another hour`]),
    ...(isWhole ? [] : [`${name} is neither of a channel nor of a destination`]),
  ];
}

interface Place {
  id: string;
  position: number;
}

interface Lane {
  pending: Place | null;
  /** The first held delivery. */
  held: Place | null;
  /** The first held delivery that was never replayed: a replayed one may wait behind one recorded later. */
  fresh: Place | null;
}

/** At most one delivery of a lane is pending, and a held one waits for one recorded before it. */
function createLanes() {
  const lanes = new Map<string, Lane>();

  return {
    check({ position, delivery }: Rows["deliveries"]): string[] {
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
