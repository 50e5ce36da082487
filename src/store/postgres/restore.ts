import { conflict, isSame } from "../conflict.ts";
import { INSERTIONS, type Insertion } from "../kept-rows.ts";
import type { Rows, Table } from "../rows.ts";
import { READERS } from "./kept.ts";
import { columns, type Session } from "./session.ts";

/**
 * Puts rows where a snapshot had them; returns how many were not there yet. Runs inside a transaction.
 *
 * @throws CountersignError `conflict`.
 */
export async function restore<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<number> {
  const missing = await missingOf(session, table, rows);
  if (missing.length === 0) return 0;
  await refuseElsewhere(session, table, missing);
  const insert: (kept: Rows[T]) => readonly Insertion[] = INSERTIONS[table];
  const insertions = Map.groupBy(missing.flatMap(insert), ({ into }) => into);
  await Promise.all([...insertions].map(([into, some]) => insertAll(session, into, some)));
  await goBehind(session, table);
  return missing.length;
}

/** Those in whose places nothing stands, neither in the database nor of those that were given before. */
async function missingOf<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<readonly Rows[T][]> {
  const { inPlaceOf, placesOf } = READERS[table];
  const taken = new Map<string, Rows[T]>();
  const take = (row: Rows[T]) => {
    for (const place of placesOf(row)) taken.set(place, row);
  };
  for (const row of await inPlaceOf(session, rows)) take(row);

  return rows.filter((row) => {
    const [there, another] = new Set(placesOf(row).flatMap((place) => taken.get(place) ?? []));
    if (another || (there && !isSame(there, row))) throw conflict(table, row);
    if (!there) take(row);
    return !there;
  });
}

/** An id is either an event's or that of one that is gone. */
const ELSEWHERE: { readonly [T in Table]?: { table: Table; idOf(row: Rows[T]): string } } = {
  events: { table: "tombstones", idOf: ({ event }) => event.id },
  tombstones: { table: "events", idOf: ({ id }) => id },
};

async function refuseElsewhere<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<void> {
  const elsewhere = ELSEWHERE[table];
  if (!elsewhere) return;
  const found = await session.rows<{ id: string }>(
    `select id from ${elsewhere.table} where id = any($1::text[])`,
    [rows.map(elsewhere.idOf)],
  );
  const ids = new Set(found.map(({ id }) => id));
  for (const row of rows) if (ids.has(elsewhere.idOf(row))) throw conflict(table, row);
}

/** Columns of each table that are not text. */
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  receipts: { position: "bigint", received_at: "bigint", body: "bytea" },
  rejections: { position: "bigint", received_at: "bigint", body: "bytea" },
  documents: { position: "bigint", changed_at: "bigint" },
  events: { position: "bigint", happened_at: "bigint", recorded_at: "bigint" },
  channel_keys: { at: "bigint" },
  duplicates: { received_at: "bigint" },
  tombstones: { position: "bigint", recorded_at: "bigint" },
  deliveries: {
    ...{ position: "bigint", attempts: "integer", due_at: "bigint" },
    ...{ replayed_after: "integer", recorded_at: "bigint" },
  },
  attempts: {
    ...{ number: "integer", started_at: "bigint", duration: "bigint" },
    ...{ status: "integer", retry_after: "bigint" },
  },
  audit: { position: "bigint", at: "bigint" },
};

/** The rows of one table name the same columns in the same order. */
async function insertAll(session: Session, table: string, insertions: readonly Insertion[]): Promise<void> {
  const names = Object.keys(insertions[0]?.row ?? {});
  const given = names.map((name, i) => `$${i + 1}::${TYPES[table]?.[name] ?? "text"}[]`);
  await session.run(
    `insert into ${table} (${names.join(", ")}) overriding system value
     select ${names.join(", ")} from unnest(${given.join(", ")}) with ordinality given (${names.join(", ")}, n) order by n`,
    columns(
      insertions.map(({ row }) => Object.values(row)),
      names.length,
    ),
  );
}

/** What is recorded from now on comes behind what was restored. */
async function goBehind(session: Session, table: Table): Promise<void> {
  if (table === "links" || table === "destinations") return;
  const sequence = `${table}_position_seq`;
  await session.rows(
    `select setval('${sequence}', greatest((select max(position) from ${table}), (select last_value from ${sequence})))`,
  );
}
