import type { ReplayFilter } from "../port/control.ts";

/** The deliveries `d`, with their events `e`, that a replay chooses: conditions of a `where` clause. */
export function replayable({ destination, status, since, type, document }: ReplayFilter): {
  sql: string;
  values: readonly (string | number)[];
} {
  const statuses = status === "all" ? "'parked', 'delivered'" : `'${status}'`;
  const asked: readonly [condition: string, value: string | number | undefined][] = [
    ["d.destination = ?", destination],
    ["d.recorded_at >= ?", since],
    ["e.type = ?", type],
    ["e.document_id = ?", document],
  ];
  const given = asked.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  const conditions = [`d.status in (${statuses})`, ...given.map(({ sql }) => sql)];
  return { sql: conditions.join(" and "), values: given.map(({ value }) => value) };
}
