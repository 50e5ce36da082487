import type { Column, DbRow, Scalar } from "../columns.ts";
import { type Child, namesOf } from "../description.ts";
import type { Session } from "./session.ts";

/** The rows of a child table that belong to the rows with these names, in their order. */
export async function childrenOf<Item>(
  session: Session,
  { table, parent, of, item, order }: Child<Item>,
  parents: readonly Scalar[],
): Promise<(parent: unknown) => Item[]> {
  if (parents.length === 0) return () => [];
  const { from, values } = session.dialect.given(
    [{ name: of, type: of === "id" ? "text" : "bigint" }],
    parents.map((one) => [one]),
  );
  const sorted = order.map((name) => `${name}${isText(item.columns, name) ? session.dialect.bytewise : ""}`);
  const rows = await session.rows<DbRow>(
    `select ${parent}, ${namesOf(item.columns)} from ${table}
     where ${parent} in (select ${of} from ${from}) order by ${sorted.join(", ")}`,
    values,
  );
  const byParent = Map.groupBy(rows, (row) => row[parent]);
  return (one) => byParent.get(one)?.map((row) => item.decode(row)) ?? [];
}

function isText(columns: readonly Column[], name: string): boolean {
  return columns.some((column) => column.name === name && column.type === "text");
}
