import type { AttemptCause } from "../../domain/delivery.ts";
import type { EventType } from "../../domain/event.ts";
import type { Column, DbRow } from "../columns.ts";
import { cursorOf } from "../cursor.ts";
import type { ListRequest, SearchedPage } from "../port/paging.ts";
import type {
  CountRequest,
  DeliveryCount,
  DeliveryFilter,
  DeliveryGroup,
  ListedDelivery,
} from "../port/reads.ts";
import { DELIVERY } from "../tables.ts";
import { ANY, allOf, type Condition, condition, equal } from "./condition.ts";
import { IS_DELIVERY, placeOfDelivery } from "./find.ts";
import { list } from "./list.ts";
import { type Session, selectOf } from "./session.ts";
import { checkOf, endOf, MAX_ROWS_LOOKED_AT, planWalk, type Selection, windowOf } from "./walk.ts";

/** Lists and counts of deliveries for people: the same statements in both databases. */

/** Of a row of deliveries; each is found by a unique index. */
const OF_EVENT = "from events e where e.id = deliveries.event_id";
const OF_LAST_ATTEMPT =
  "from attempts a where a.delivery = deliveries.position and a.number = deliveries.attempts";

const TYPE = `(select e.type ${OF_EVENT})`;
const SOURCE = `(select e.source ${OF_EVENT})`;
const CAUSE = `(select a.cause ${OF_LAST_ATTEMPT})`;

const LISTED: readonly Column[] = [
  ...DELIVERY.columns,
  { name: "recorded_at", type: "bigint" },
  { name: "token", type: "text" },
  { name: "acknowledged_at", type: "bigint" },
  { name: "type", type: "text", computed: TYPE },
  { name: "source", type: "text", computed: SOURCE },
  { name: "last_at", type: "bigint", computed: `(select a.started_at ${OF_LAST_ATTEMPT})` },
  { name: "last_cause", type: "text", computed: CAUSE },
  { name: "last_status", type: "integer", computed: `(select a.status ${OF_LAST_ATTEMPT})` },
];

/**
 * A page looks at fewer deliveries where it reads the event of each: their ids are spread all over an index.
 */
const MAX_ROWS_JOINED = 1_500;

interface ListedRow extends DbRow {
  recorded_at: number;
  token: string | null;
  acknowledged_at: number | null;
  type: EventType;
  source: string;
  last_at: number | null;
  last_cause: AttemptCause;
  last_status: number | null;
}

type Waiting = Omit<ListedDelivery, "waitsFor">;

function decode(row: DbRow): Waiting {
  const { recorded_at, token, acknowledged_at, type, source, last_at, last_cause, last_status } =
    row as ListedRow;
  return {
    ...DELIVERY.decode(row),
    ...{ recordedAt: recorded_at, type, source, leased: token !== null, acknowledgedAt: acknowledged_at },
    lastAttempt: last_at === null ? null : { startedAt: last_at, cause: last_cause, status: last_status },
  };
}

export async function findDeliveries(
  session: Session,
  filter: DeliveryFilter,
  page: ListRequest,
): Promise<SearchedPage<ListedDelivery>> {
  const listing = { ...(await selectionOf(session, filter)), columns: LISTED };
  const found = await list(session, listing, page, decode);
  return { ...found, items: await withEarlier(session, found.items) };
}

export async function findDelivery(session: Session, id: string): Promise<ListedDelivery | null> {
  const place = placeOfDelivery(id);
  if (!place) return null;
  const columns = selectOf(session.dialect, LISTED);
  const rows = await session.rows(`select ${columns} from deliveries where ${IS_DELIVERY}`, place);
  const [delivery = null] = await withEarlier(session, rows.map(decode));
  return delivery;
}

/** With the events that held ones wait for. Asks once for each lane. */
async function withEarlier(session: Session, deliveries: readonly Waiting[]): Promise<ListedDelivery[]> {
  const laneOf = ({ destination, lane }: Pick<Waiting, "destination" | "lane">) =>
    JSON.stringify([destination, lane]);
  const held = deliveries.filter(({ status }) => status === "held");
  const lanes = new Map(held.map((one) => [laneOf(one), [one.destination, one.lane] as const]));
  const firsts = lanes.size === 0 ? [] : await firstsOf(session, [...lanes.values()]);
  const events = new Map(firsts.map((first) => [laneOf(first), first.event]));
  return deliveries.map((one) => ({
    ...one,
    waitsFor: one.status === "held" ? (events.get(laneOf(one)) ?? null) : null,
  }));
}

/** The event that goes next in each lane. */
function firstsOf(session: Session, lanes: readonly (readonly [string, string | null])[]) {
  const { from, values } = session.dialect.given(
    [
      { name: "destination", type: "text" },
      { name: "lane", type: "text" },
    ],
    lanes,
  );
  return session.rows<{ destination: string; lane: string; event: string | null }>(
    `select given.destination, given.lane,
       (select d.event_id from deliveries d
        where d.destination = given.destination and d.lane = given.lane
          and d.due_at is not null and d.status = 'pending' order by d.position limit 1) as event
     from ${from}`,
    values,
  );
}

async function selectionOf(session: Session, filter: DeliveryFilter): Promise<Selection> {
  const { destination, status, reason, cause, type, source, from, until } = filter;
  const ways = await waysOf(session, filter);
  const isParked = status === "parked" && ways !== undefined;
  const others = allOf(
    equal({ reason, status: isParked ? undefined : status, destination: ways ? undefined : destination }),
    cause === undefined ? ANY : condition(`${CAUSE} = ?`, cause),
    type === undefined ? ANY : condition(`${TYPE} = ?`, type),
    source === undefined ? ANY : condition(`${SOURCE} = ?`, source),
  );
  const time = { column: "recorded_at", range: { from, until }, isIndexed: true };
  const reads = type === undefined && source === undefined ? {} : { maxRows: MAX_ROWS_JOINED };
  return { table: "deliveries", ...(ways ? { ways } : {}), others, time, ...reads };
}

/**
 * Open and parked deliveries are few among all, and have indexes, each by destination. Undefined: any
 * delivery may belong to the list.
 */
async function waysOf(
  session: Session,
  { destination, status, reason, acknowledged = false, undelivered = false }: DeliveryFilter,
): Promise<readonly Condition[] | undefined> {
  const namesOf = async (query: string) =>
    destination === undefined
      ? (await session.rows<{ name: string }>(query)).map(({ name }) => name)
      : [destination];
  const waysBy = (sql: string, names: readonly string[]) => names.map((name) => condition(sql, name));
  if (acknowledged) {
    if (undelivered || (status !== undefined && status !== "parked")) return [];
    return waysBy(`destination = ? and ${IS_ACKNOWLEDGED}`, await namesOf(namesWhere(IS_ACKNOWLEDGED)));
  }
  if (status === "delivered") return undelivered ? [] : undefined;
  const takesOpen = status === undefined ? undelivered && reason === undefined : status !== "parked";
  const takesParked = status === undefined ? undelivered || reason !== undefined : status === "parked";
  const open = takesOpen ? await namesOf(OPEN_DESTINATIONS) : [];
  const parked = takesParked ? await namesOf(namesWhere(IS_PARKED)) : [];
  if (!takesOpen && !takesParked) return undefined;
  const openIndex = session.dialect.isPostgres ? "destination || ''" : "destination";
  return [
    ...waysBy(`${openIndex} = ? and due_at is not null`, open),
    ...waysBy(`destination = ? and ${IS_PARKED}`, parked),
  ];
}

const OPEN_DESTINATIONS =
  "select destination as name from backlog group by destination having sum(open) > 0 order by destination";

/** The conditions of two indexes. */
const IS_PARKED = "status = 'parked' and acknowledged_at is null";
const IS_ACKNOWLEDGED = "acknowledged_at is not null";

/** The destinations of such deliveries: goes from name to name in the index, however many each has. */
function namesWhere(isSuch: string): string {
  return `
    with recursive found (name) as (
      select min(destination) from deliveries where ${isSuch}
      union all
      select (select min(destination) from deliveries where ${isSuch} and destination > found.name)
      from found where found.name is not null
    )
    select name from found where name is not null`;
}

const GROUPS: Readonly<Record<DeliveryGroup, string>> = {
  destination: "deliveries.destination",
  cause: CAUSE,
  reason: "deliveries.reason",
  status: "deliveries.status",
  type: TYPE,
};

export async function countUndelivered(
  session: Session,
  groups: readonly DeliveryGroup[],
  filter: DeliveryFilter,
  { cursor, rows: maxRows = MAX_ROWS_LOOKED_AT }: CountRequest,
): Promise<SearchedPage<DeliveryCount>> {
  const selection = await selectionOf(session, { ...filter, undelivered: true });
  if (selection.ways?.length === 0) return { items: [], next: null, searched: null };
  const most = groups.includes("type") ? MAX_ROWS_JOINED : (selection.maxRows ?? MAX_ROWS_LOOKED_AT);
  const page = { cursor, order: "newest", limit: MAX_ROWS_LOOKED_AT } as const;
  const walk = await planWalk(session, { ...selection, maxRows: Math.min(maxRows, most) }, page);
  const window = windowOf(session, walk, walk.maxRows);
  const columns = groups.map((group) => `${GROUPS[group]} as "${group}"`);
  const rows = await session.rows<DeliveryCount>(
    `select ${columns.join(", ")}, count(*) as count,
       min(deliveries.recorded_at) as oldest, max(deliveries.recorded_at) as newest
     from (${window.sql}) looked join deliveries using (position)
     where ${checkOf(walk).sql} group by ${groups.map((_, index) => index + 1).join(", ")}`,
    [...window.values, ...walk.checks.values],
  );
  const items = largestFirst(
    rows.map((row) => ({ ...row })),
    groups,
  );
  const end = await endOf(session, walk, window);
  if (end?.looked !== walk.maxRows) return { items, next: null, searched: null };
  return { items, next: cursorOf({ order: walk.order, ...end.last }), searched: end.looked };
}

/** Those of one size in the order of their names. */
function largestFirst(counts: readonly DeliveryCount[], groups: readonly DeliveryGroup[]): DeliveryCount[] {
  const nameOf = (count: DeliveryCount) => groups.map((group) => count[group] ?? "").join(" ");
  return counts.toSorted((one, other) => other.count - one.count || (nameOf(one) < nameOf(other) ? -1 : 1));
}
