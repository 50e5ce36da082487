import { isStuck } from "../../domain/document.ts";
import { createDocumentSearch } from "../../domain/document-search.ts";
import type { Event } from "../../domain/event.ts";
import { setsWith } from "../../domain/gaps.ts";
import type { Rejection } from "../../domain/receipt.ts";
import type { Column, DbRow } from "../columns.ts";
import type { AuditEntry } from "../port/control.ts";
import type { RejectionFilter, RejectionSummary } from "../port/inbox.ts";
import type { ListRequest, SearchedPage, TimeRange } from "../port/paging.ts";
import type {
  DocumentFilter,
  EventFilter,
  ListedDocument,
  ReceiptFilter,
  ReceiptSummary,
} from "../port/reads.ts";
import { AUDIT_ENTRY, DOCUMENT, EVENT, RECEIPT, REJECTION } from "../tables.ts";
import { ANY, allOf, type Condition, condition, equal } from "./condition.ts";
import { toRejection } from "./find.ts";
import { type Listing, list, search } from "./list.ts";
import type { Session } from "./session.ts";

/** Lists for people: the same statements in both databases. */

const REJECTED_BODY: Column = { name: "body", type: "bytes" };
const REJECTED_SIZE: Column = { name: "size", type: "integer", computed: "length(body)" };
const CHANGED_AT: Column = { name: "changed_at", type: "bigint" };

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
  return list(session, { columns, ...rejectionsOf(filter) }, page, toRejection);
}

export function listRejections(
  session: Session,
  filter: RejectionFilter,
  page: ListRequest,
): Promise<SearchedPage<RejectionSummary>> {
  const columns = [...REJECTION.columns, REJECTED_SIZE];
  return list(session, { columns, ...rejectionsOf(filter) }, page, (row) => ({
    ...REJECTION.decode(row),
    size: row.size as number | null,
  }));
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

/**
 * No index has documents by the time of their last change: each event of a document would move its entry, and
 * cost the way in more than all its others.
 */
export async function findDocuments(
  session: Session,
  filter: DocumentFilter,
  page: ListRequest,
): Promise<SearchedPage<ListedDocument>> {
  const { search: term, stuckBefore } = filter;
  const listing = documentsOf(filter);
  if (term === undefined && stuckBefore === undefined) return list(session, listing, page, toDocument);

  const choose = chooseDocuments(filter);
  const named = await documentsNamed(session, filter, page);
  const shown = page.cursor === undefined ? named : [];
  const rest = await search(session, listing, { ...page, limit: page.limit - shown.length }, (row) => {
    const document = choose(row);
    return named.length > 0 && document?.id === term ? null : document;
  });
  return { ...rest, items: [...shown, ...rest.items] };
}

/**
 * The documents whose id is the whole term: an index has them, and they come before all others. None where
 * they would fill a page alone.
 */
async function documentsNamed(
  session: Session,
  filter: DocumentFilter,
  { limit, order }: ListRequest,
): Promise<readonly ListedDocument[]> {
  const { search: term, id } = filter;
  if (term === undefined || id !== undefined) return [];
  const choose = chooseDocuments(filter);
  const { items } = await search(session, documentsOf({ ...filter, id: term }), { limit, order }, choose);
  return items.length < limit ? items : [];
}

function toDocument(row: DbRow): ListedDocument {
  return { ...DOCUMENT.decode(row), changedAt: row.changed_at as number };
}

function documentsOf({ source, id, status, stuckBefore, gap, from, until }: DocumentFilter): Listing {
  const time = { column: "changed_at", range: { from, until }, isIndexed: false };
  const documents = { table: "documents", columns: [...DOCUMENT.columns, CHANGED_AT], time };
  const hasGap = gap === undefined ? ANY : condition("coalesce(gaps, '') in (?, ?, ?, ?)", ...setsWith(gap));
  const others = allOf(equal({ source, status }), hasGap);
  if (id !== undefined) return { ...documents, ways: [equal({ id })], others };
  if (gap !== undefined && source !== undefined) {
    const ways = setsWith(gap).map((gaps) => condition("source = ? and gaps = ?", source, gaps));
    return { ...documents, ways, others: equal({ status }) };
  }
  const isUnderWay = stuckBefore !== undefined || status === "sent" || status === "in_progress";
  return {
    ...documents,
    ...(isUnderWay ? { ways: [UNDER_WAY] } : {}),
    others,
  };
}

/** As an index has it. */
const UNDER_WAY: Condition = condition("status in ('sent', 'in_progress')");

/** What is asked of a document's state. Only what may match is parsed. */
function chooseDocuments({
  search: term,
  stuckBefore,
}: DocumentFilter): (row: DbRow) => ListedDocument | null {
  const asked = term === undefined ? null : createDocumentSearch(term);
  return (row) => {
    if (asked && !asked.mayMatch(row.state as string)) return null;
    const document = toDocument(row);
    const isFound = asked?.matches(document) ?? true;
    return isFound && (stuckBefore === undefined || isStuck(document, stuckBefore)) ? document : null;
  };
}
