/**
 * Conditions on a delivery `d` that is found by its position, in words from which no condition of a partial
 * index follows. A statement may get its plan while the tables are small, and then such an index looks
 * cheaper than that of the positions; later the whole of it would be read for each row.
 */

export const IS_PENDING = "d.status || '' = 'pending'";
export const IS_OPEN = "coalesce(d.due_at, -1) >= 0";

export function isDueAfter(at: string): string {
  return `coalesce(d.due_at, -1) > ${at}`;
}

export function hasToken(token: string): string {
  return `coalesce(d.token, '') = ${token}`;
}
