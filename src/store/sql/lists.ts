import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import type { Column, DbRow } from "../columns.ts";
import type { AuditEntry } from "../port/control.ts";
import type { RejectionFilter, RejectionSummary } from "../port/inbox.ts";
import type { ListRequest, SearchedPage, TimeRange } from "../port/paging.ts";
import type { EventFilter, ReceiptFilter, ReceiptSummary } from "../port/reads.ts";
import { AUDIT_ENTRY, EVENT, RECEIPT, REJECTION } from "../tables.ts";
import { ANY, allOf, type Condition, condition, equal } from "./condition.ts";
import { toRejection } from "./find.ts";
import { type Listing, list, search } from "./list.ts";
import type { Session } from "./session.ts";

/** Lists for people: the same statements in both databases. */

const REJECTED_BODY: Column = { name: "body", type: "bytes" };
const REJECTED_SIZE: Column = { name: "size", type: "integer", computed: "length(body)" };

export function findEvents(
  session: Session,
  { type, source, channel, document, only, ...range }: EventFilter,
  page: ListRequest,
): Promise<SearchedPage<Event>> {
  const others = (columns: Parameters<typeof equal>[0]) => allOf(equal(columns), reportedBy(only));
  const listing: Listing = {
    ...{ table: "events", columns: EVENT.columns },
    ...(document !== undefined
      ? { ways: [equal({ document_id: document })], others: others({ type, source, channel }) }
      : type !== undefined
        ? { ways: [equal({ type })], others: others({ source, channel }) }
        : source !== undefined && session.dialect.isPostgres
          ? { ways: [equal({ source })], others: others({ channel }) }
          : { others: others({ source, channel }) }),
    time: { column: "recorded_at", range, isIndexed: true },
  };
  return list(session, listing, page, EVENT.decode);
}

function reportedBy(only: EventFilter["only"]): Condition {
  if (only === undefined) return ANY;
  const list = only.map(() => "?").join(", ");
  const isOther = (column: string) => (only.length === 0 ? "true" : `${column} not in (${list})`);
  return condition(
    `not (${isOther("channel")} or exists (select 1 from duplicates d
       where d.event_id = events.id and ${isOther("d.channel")}))`,
    ...[...only, ...only],
  );
}

export function findReceipts(
  session: Session,
  { source, channel, problems, shadow, ...range }: ReceiptFilter,
  page: ListRequest,
): Promise<SearchedPage<ReceiptSummary>> {
  const listing: Listing = {
    ...{ table: "receipts", columns: RECEIPT.columns },
    ...(problems ? { ways: [WITH_PROBLEMS] } : shadow ? { ways: [IN_SHADOW] } : {}),
    others: allOf(equal({ source, channel }), problems && shadow ? IN_SHADOW : ANY),
    time: { column: "received_at", range, isIndexed: true },
  };
  return list(session, listing, page, RECEIPT.decode);
}

/** As an index has them. */
const WITH_PROBLEMS = condition("problems is not null");
const IN_SHADOW = condition("shadow is not null");

export function findRejections(
  session: Session,
  filter: RejectionFilter,
  page: ListRequest,
): Promise<SearchedPage<Rejection>> {
  const columns = [...REJECTION.columns, REJECTED_BODY];
  return listRejected(session, columns, filter, page, toRejection);
}

export function listRejections(
  session: Session,
  filter: RejectionFilter,
  page: ListRequest,
): Promise<SearchedPage<RejectionSummary>> {
  const columns = [...REJECTION.columns, REJECTED_SIZE];
  return listRejected(session, columns, filter, page, (row) => ({
    ...REJECTION.decode(row),
    size: row.size as number | null,
  }));
}

function listRejected<T extends Pick<Rejection, "reason">>(
  session: Session,
  columns: readonly Column[],
  { reason, ...filter }: RejectionFilter,
  page: ListRequest,
  decode: (row: DbRow) => T,
): Promise<SearchedPage<T>> {
  const listing = { columns, ...rejectionsOf(filter) };
  if (reason === undefined) return list(session, listing, page, decode);
  const term = reason.toLowerCase();
  return search(session, listing, page, (row) => {
    const rejection = decode(row);
    return rejection.reason.toLowerCase().includes(term) ? rejection : null;
  });
}

/** No index has them by time, since a bounded number is stored. */
function rejectionsOf({ source, channel, ...range }: RejectionFilter): Omit<Listing, "columns"> {
  return {
    table: "rejections",
    ...(source === undefined ? { others: equal({ channel }) } : { ways: [equal({ source, channel })] }),
    time: { column: "received_at", range, isIndexed: false },
  };
}

/** Changes of operators are few. */
export function findAudit(
  session: Session,
  range: TimeRange,
  page: ListRequest,
): Promise<SearchedPage<AuditEntry>> {
  const time = { column: "at", range, isIndexed: false };
  return list(session, { table: "audit", columns: AUDIT_ENTRY.columns, time }, page, AUDIT_ENTRY.decode);
}
