import type { Config } from "../config.ts";
import { createConceal } from "../inbound/private.ts";
import type { Rows, Table } from "../store/rows.ts";

/**
 * Removes private headers and parameters from rows, as the configuration names them; null: by the default
 * names.
 */
export function createConcealRow(
  config: Pick<Config, "channels" | "privateNames"> | null,
): <Row extends Rows[Table]>(row: Row) => Row {
  const conceal = createConceal(config?.channels ?? [], config?.privateNames ?? []);
  return (row) => {
    if ("receipt" in row && typeof row.receipt === "object") return { ...row, receipt: conceal(row.receipt) };
    if ("rejection" in row) return { ...row, rejection: conceal(row.rejection) };
    return row;
  };
}
