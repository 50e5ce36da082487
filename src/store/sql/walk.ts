import { type Cursor, startOf } from "../cursor.ts";
import type { ListRequest, Order, TimeRange } from "../port/paging.ts";
import { ANY, allOf, anyOf, type Condition, condition } from "./condition.ts";
import type { Session } from "./session.ts";

/** The rows that a list is made of. */
export interface Selection {
  table: string;
  /**
   * Conditions that an index answers in the order of positions. Of several, rows that any of them holds for:
   * never two for one row. Absent: all rows.
   */
  ways?: readonly Condition[];
  /** A condition that no index answers. */
  others?: Condition;
  /** How many rows a page looks at where it has to check them; absent: `MAX_ROWS_LOOKED_AT`. */
  maxRows?: number;
  time?: TimeOf;
}

/** The time of a row, and the range that is asked for. */
export interface TimeOf {
  column: string;
  range: TimeRange;
  /** An index has the rows in the order of times. */
  isIndexed: boolean;
  /** The list is in the order of times, whatever it is restricted to: an index must have it. */
  isOrder?: boolean;
}

/**
 * How the rows of a selection are looked through: in which order, from where, and what is checked on each.
 */
export interface Walk {
  table: string;
  order: Order;
  ways: readonly Condition[];
  start: Cursor | null;
  /** The column that gives the order, before the position; null: the position alone does. */
  time: string | null;
  /** `ANY`: every row that is looked at belongs to the list. */
  checks: Condition;
  maxRows: number;
}

/**
 * A page looks at no more rows than this: a search for rare rows takes several pages, and other work has its
 * turn in between.
 */
export const MAX_ROWS_LOOKED_AT = 5_000;

/** Beyond this many it makes no difference by which of two indexes rows are looked through. */
const MAX_ROWS_COMPARED = 20_000;

/**
 * Times nearly rise with positions, but not always: a stored request that is processed again adds rows with
 * its old time. So a range of times is no range of positions. Its rows are looked through in the order of
 * times, unless the conditions that another index answers leave fewer.
 *
 * @throws CountersignError `bad_request`: the cursor does not belong to this list.
 */
export async function planWalk(session: Session, selection: Selection, page: ListRequest): Promise<Walk> {
  const { table, ways = [ANY], others = ANY, time, maxRows = MAX_ROWS_LOOKED_AT } = selection;
  const range = time === undefined ? ANY : rangeOf(time);
  const isOrder = time?.isOrder ?? false;
  const start = startOf(page, { byTime: isOrder ? "always" : range === ANY ? "never" : "perhaps" });
  const walk = { table, ways, start, maxRows, order: page.order ?? "oldest", time: null };
  const checks = allOf(range, others);
  if (!time?.isIndexed || (range === ANY && !isOrder)) return { ...walk, checks };

  const byTime = isOrder || (start ? start.at !== null : await isShorter(session, table, range, ways));
  if (!byTime) return { ...walk, checks };
  return { ...walk, ways: [range], time: time.column, checks: allOf(anyOf(ways), others) };
}

function rangeOf({ column, range: { from, until } }: TimeOf): Condition {
  return allOf(
    from === undefined ? ANY : condition(`${column} >= ?`, from),
    until === undefined ? ANY : condition(`${column} < ?`, until),
  );
}

/** Whether a range has no more rows than the ways, as far as it matters. */
async function isShorter(
  session: Session,
  table: string,
  range: Condition,
  ways: readonly Condition[],
): Promise<boolean> {
  if (ways.includes(ANY)) return true;
  const [inRange, onWays] = await Promise.all([count(session, table, [range]), count(session, table, ways)]);
  return inRange <= onWays;
}

async function count(session: Session, table: string, ways: readonly Condition[]): Promise<number> {
  const arms = ways.map(({ sql }) => `select 1 as one from ${table} where ${sql}`);
  const [row] = await session.rows<{ count: number }>(
    `select count(*) as count from (${arms.join(" union all ")} limit ?) counted`,
    [...ways.flatMap(({ values }) => values), MAX_ROWS_COMPARED],
  );
  return row?.count ?? 0;
}

/** The columns of a window that give its order: a row's `moment`, if it counts, and its position. */
export function keysOf({ time }: Pick<Walk, "time">): readonly string[] {
  return time === null ? ["position"] : ["moment", "position"];
}

/** As `order by` lists them. */
export function orderOf(walk: Pick<Walk, "time" | "order">, reversed = false): string {
  const descends = (walk.order === "newest") !== reversed;
  return keysOf(walk)
    .map((key) => `${key}${descends ? " desc" : ""}`)
    .join(", ");
}

/**
 * The keys of the next rows that the walk looks at, in its order: a query. Of several ways SQLite merges the
 * rows as it needs them. PostgreSQL does so only where each way has the order and the limit too.
 */
export function windowOf({ dialect }: Pick<Session, "dialect">, walk: Walk, limit: number): Condition {
  const { table, ways, time } = walk;
  const beyond = beyondStart(walk);
  const names = time === null ? "position" : `${time} as moment, position`;
  const end = condition(`order by ${orderOf(walk)} limit ?`, limit);
  const arms = ways.map((way) => {
    const { sql, values } = allOf(way, beyond);
    const arm = condition(`select ${names} from ${table} where ${sql}`, ...values);
    return dialect.isPostgres && ways.length > 1
      ? condition(`(${arm.sql} ${end.sql})`, ...arm.values, ...end.values)
      : arm;
  });
  return {
    sql: `${arms.map(({ sql }) => sql).join(" union all ")} ${end.sql}`,
    values: [...arms.flatMap(({ values }) => values), ...end.values],
  };
}

function beyondStart({ start, time, order }: Walk): Condition {
  if (!start) return ANY;
  const sign = order === "newest" ? "<" : ">";
  if (time === null) return condition(`position ${sign} ?`, start.position);
  return condition(`(${time}, position) ${sign} (?, ?)`, start.at, start.position);
}

/**
 * Holds for the rows that belong to the list, in words from which no condition of an index follows: rows are
 * looked at by their position, and PostgreSQL might otherwise read the whole of a partial index for each.
 */
export function checkOf({ checks }: Pick<Walk, "checks">): Condition {
  return checks === ANY ? ANY : { ...checks, sql: `case when ${checks.sql} then true else false end` };
}

/** A window of SQL's, as a query: the keys of its last row, and how many rows it has; null: it has none. */
export async function endOf(
  session: Session,
  walk: Walk,
  { sql, values }: Condition,
): Promise<{ looked: number; last: Pick<Cursor, "position" | "at"> } | null> {
  const [row] = await session.rows<KeyRow & { looked: number }>(
    `select count(*) over () as looked, ${keysOf(walk).join(", ")} from (${sql}) looked
     order by ${orderOf(walk, true)} limit 1`,
    values,
  );
  return row ? { looked: row.looked, last: placeOf(row) } : null;
}

/** A row with the columns of `keysOf`. */
export interface KeyRow {
  position: number;
  moment?: number;
}

export function placeOf({ position, moment }: KeyRow): Pick<Cursor, "position" | "at"> {
  return { position, at: moment ?? null };
}
