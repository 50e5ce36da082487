import type { Column, DbRow } from "../columns.ts";
import { type Child, namesOf } from "../description.ts";
import type { Session } from "./session.ts";

/** The rows of a child table that belong to the rows with these ids, in their order. */
export async function childrenOf<Item>(
  session: Session,
  { table, parent, item, order }: Child<Item>,
  ids: readonly string[],
): Promise<(id: string) => Item[]> {
  if (ids.length === 0) return () => [];
  const { from, values } = session.dialect.given(
    [{ name: "id", type: "text" }],
    ids.map((id) => [id]),
  );
  const sorted = order.map((name) => `${name}${isText(item.columns, name) ? session.dialect.bytewise : ""}`);
  const rows = await session.rows<DbRow>(
    `select ${parent}, ${namesOf(item.columns)} from ${table}
     where ${parent} in (select id from ${from}) order by ${sorted.join(", ")}`,
    values,
  );
  const byParent = Map.groupBy(rows, (row) => row[parent]);
  return (id) => byParent.get(id)?.map((row) => item.decode(row)) ?? [];
}

function isText(columns: readonly Column[], name: string): boolean {
  return columns.some((column) => column.name === name && column.type === "text");
}
