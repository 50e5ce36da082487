import { isDeepStrictEqual } from "node:util";
import { CountersignError } from "../domain/errors.ts";
import { storableText } from "../domain/text.ts";
import type { Rows, Table } from "./rows.ts";

/** What a row is known by within its table. */
const KEY_OF: { readonly [T in Table]: (row: Rows[T]) => string } = {
  receipts: ({ receipt }) => receipt.id,
  rejections: ({ rejection }) => rejection.id,
  documents: ({ document }) => `${document.source}/${document.id}`,
  links: ({ source, signer }) => `${source}/${signer}`,
  events: ({ event }) => event.id,
  tombstones: ({ id }) => id,
  deliveries: ({ delivery }) => delivery.id,
  destinations: ({ state }) => state.name,
  audit: ({ position }) => String(position),
};

/** What to throw when something else stands in the row's place. */
export function conflict<T extends Table>(table: T, row: Rows[T]): CountersignError {
  const place = "position" in row ? ` or at its position ${row.position}` : "";
  return new CountersignError(
    "conflict",
    `something else than ${KEY_OF[table](row)} stands in its place${place} in the table ${table}: the store to import into must be empty`,
  );
}

/** Whether the row that is there is the one to be restored, but for what a database's text cannot hold: half characters and NUL. */
export function isSame<Row>(there: Row, row: Row): boolean {
  return isDeepStrictEqual(mended(there), mended(row));
}

function mended(row: unknown): unknown {
  return JSON.parse(JSON.stringify(row), (_, value) =>
    typeof value === "string" ? storableText(value) : value,
  );
}
