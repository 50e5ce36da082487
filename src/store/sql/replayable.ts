import type { AcknowledgeFilter, ReplayFilter } from "../port/control.ts";

/** Conditions of a `where` clause on deliveries `d` with their events `e`. */
export interface Chosen {
  sql: string;
  values: readonly (string | number)[];
  /** Whether the conditions ask something of the events. */
  asksEvents: boolean;
  /** All are of this document; undefined: of any. */
  document: string | undefined;
  /** All are parked, and for this destination; undefined: they need not be. */
  parkedOf: string | undefined;
}

/** `d`: how the deliveries are called, with a point; empty: they are alone. */
export const STATUSES: Readonly<Record<ReplayFilter["status"], (d: string) => string>> = {
  parked: (d) => `${d}status = 'parked' and ${d}acknowledged_at is null`,
  delivered: (d) => `${d}status = 'delivered'`,
  all: (d) => `${d}status in ('parked', 'delivered')`,
};

/** Of the last attempt, which a unique index finds. */
const CAUSE = "(select a.cause from attempts a where a.delivery = d.position and a.number = d.attempts)";

/** The deliveries that a replay chooses. */
export function replayable({ status, ...filter }: ReplayFilter): Chosen {
  return chosenBy(status, filter);
}

/** The deliveries that are acknowledged. */
export function acknowledgeable(filter: AcknowledgeFilter): Chosen {
  return chosenBy("parked", filter);
}

function chosenBy(status: ReplayFilter["status"], filter: AcknowledgeFilter): Chosen {
  const { destination, since, type, document, reason, cause } = filter;
  const asked: readonly [condition: string, value: string | number | undefined][] = [
    ["d.destination = ?", destination],
    ["d.recorded_at >= ?", since],
    ["e.type = ?", type],
    ["e.document_id = ?", document],
    ["d.reason = ?", reason],
    [`${CAUSE} = ?`, cause],
  ];
  const given = asked.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  return {
    sql: [STATUSES[status]("d."), ...given.map(({ sql }) => sql)].join(" and "),
    values: given.map(({ value }) => value),
    asksEvents: type !== undefined || document !== undefined,
    document,
    parkedOf: status === "parked" ? destination : undefined,
  };
}
