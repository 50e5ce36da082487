import type { AcknowledgeFilter, ReplayFilter } from "../port/control.ts";

/** Conditions of a `where` clause on deliveries `d` with their events `e`. */
export interface Chosen {
  sql: string;
  values: readonly (string | number)[];
}

const STATUSES: Readonly<Record<ReplayFilter["status"], string>> = {
  parked: "d.status = 'parked' and d.acknowledged_at is null",
  delivered: "d.status = 'delivered'",
  all: "d.status in ('parked', 'delivered')",
};

/** Of the last attempt, which a unique index finds. */
const CAUSE = "(select a.cause from attempts a where a.delivery = d.position and a.number = d.attempts)";

/** The deliveries that a replay chooses. */
export function replayable({ status, ...filter }: ReplayFilter): Chosen {
  return chosenBy(STATUSES[status], filter);
}

/** The deliveries that are acknowledged. */
export function acknowledgeable(filter: AcknowledgeFilter): Chosen {
  return chosenBy(STATUSES.parked, filter);
}

function chosenBy(status: string, filter: AcknowledgeFilter): Chosen {
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
    sql: [status, ...given.map(({ sql }) => sql)].join(" and "),
    values: given.map(({ value }) => value),
  };
}
