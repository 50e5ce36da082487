import type { Value } from "./session.ts";

/** A part of a `where` clause, with its values in the order of their `?`. */
export interface Condition {
  sql: string;
  values: readonly Value[];
}

/** Holds for every row. */
export const ANY: Condition = { sql: "true", values: [] };

export function condition(sql: string, ...values: readonly Value[]): Condition {
  return { sql, values };
}

export function allOf(...conditions: readonly Condition[]): Condition {
  return join(conditions, " and ");
}

export function anyOf(conditions: readonly Condition[]): Condition {
  if (conditions.includes(ANY)) return ANY;
  const { sql, values } = join(conditions, " or ");
  return { sql: `(${sql})`, values };
}

function join(conditions: readonly Condition[], word: " and " | " or "): Condition {
  const asked = conditions.filter((one) => one !== ANY);
  if (asked.length === 0) return ANY;
  return { sql: asked.map(({ sql }) => sql).join(word), values: asked.flatMap(({ values }) => values) };
}

/** Columns and the values that they must have; undefined: any. */
export function equal(columns: Readonly<Record<string, string | undefined>>): Condition {
  const asked = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [condition(`${column} = ?`, value)],
  );
  return allOf(...asked);
}
