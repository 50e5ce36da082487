import { isDeepStrictEqual } from "node:util";
import { CountersignError } from "../domain/errors.ts";
import { storableText } from "../domain/text.ts";
import { encodeWhole, valuesOf } from "./description.ts";
import type { Rows, Table } from "./rows.ts";
import { SCHEMA } from "./tables.ts";

/** The fault to throw when another row has a row's key or position. */
export function conflict<T extends Table>(table: T, row: Rows[T]): CountersignError {
  const place = "position" in row ? ` or at its position ${row.position}` : "";
  return new CountersignError(
    "conflict",
    `something else than ${nameOf(table, row)} stands in its place${place} in the table ${table}: ` +
      "the store to import into must be empty",
  );
}

/** The row's key, for people. */
function nameOf<T extends Table>(table: T, row: Rows[T]): string {
  const description = SCHEMA[table];
  const values = valuesOf(description, encodeWhole<Rows[T]>(description, row));
  const [key = { columns: description.order }] = description.keys;
  return key.columns.map((name) => values[name]).join("/");
}

/** Whether two rows are the same, but for what a database's text cannot hold: half characters and NUL. */
export function isSame<Row>(there: Row, row: Row): boolean {
  return isDeepStrictEqual(storable(there), storable(row));
}

function storable(row: unknown): unknown {
  return JSON.parse(JSON.stringify(row), (_, value) =>
    typeof value === "string" ? storableText(value) : value,
  );
}
