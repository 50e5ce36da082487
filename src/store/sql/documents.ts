import { isStuck } from "../../domain/document.ts";
import { createDocumentSearch } from "../../domain/document-search.ts";
import type { EventType } from "../../domain/event.ts";
import { setsWith } from "../../domain/gaps.ts";
import type { Column, DbRow } from "../columns.ts";
import type { ListRequest, SearchedPage } from "../port/paging.ts";
import {
  type DocumentFilter,
  type DocumentProgress,
  type DocumentRequest,
  type DocumentSort,
  type ListedDocument,
  MAX_EVENTS_LOOKED_AT,
  type Reads,
  type Undelivered,
} from "../port/reads.ts";
import { DOCUMENT } from "../tables.ts";
import { ANY, allOf, type Condition, condition, equal } from "./condition.ts";
import { type Listing, list, search } from "./list.ts";
import type { Session } from "./session.ts";

/** Lists of documents for people: the same statements in both databases. */

const CHANGED_AT: Column = { name: "changed_at", type: "bigint" };

export async function findDocuments(
  session: Session,
  filter: DocumentFilter,
  page: DocumentRequest,
): Promise<SearchedPage<ListedDocument>> {
  const { search: term, stuckBefore } = filter;
  const listing = documentsOf(filter, page.sort);
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

function documentsOf(
  { source, id, status, stuckBefore, gap, undelivered, from, until }: DocumentFilter,
  sort?: DocumentSort,
): Listing {
  const time = {
    ...{ column: "changed_at", range: { from, until }, isIndexed: true },
    isOrder: sort === "last_report",
  };
  const columns = [...DOCUMENT.columns, CHANGED_AT];
  const maxRows = undelivered === undefined ? undefined : MAX_ROWS_JOINED;
  const documents = { table: "documents", columns, time, ...(maxRows !== undefined && { maxRows }) };
  const hasGap = gap === undefined ? ANY : condition("coalesce(gaps, '') in (?, ?, ?, ?)", ...setsWith(gap));
  const isLate = undelivered === undefined ? ANY : hasDelivery(undelivered);
  const others = allOf(equal({ source, status }), hasGap, isLate);
  if (id !== undefined) return { ...documents, ways: [equal({ id })], others };
  if (gap !== undefined && source !== undefined) {
    const ways = setsWith(gap).map((gaps) => condition("source = ? and gaps = ?", source, gaps));
    return { ...documents, ways, others: allOf(equal({ status }), isLate) };
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

/** A page looks at fewer documents where it reads the deliveries of each. */
const MAX_ROWS_JOINED = 1_500;

/** As indexes have them. */
const IS: Readonly<Record<Undelivered, string>> = {
  open: "d.due_at is not null",
  parked: "d.status = 'parked' and d.acknowledged_at is null",
};

/** The deliveries of a document's newest events: of each the time and the id find them. */
function deliveriesOf(document: string): string {
  return `(select e.id, e.recorded_at from events e where ${document}
       order by e.position desc limit ${MAX_EVENTS_LOOKED_AT}) newest
     join deliveries d on d.recorded_at = newest.recorded_at and d.event_id = newest.id`;
}

function hasDelivery(undelivered: Undelivered): Condition {
  const own = "e.document_id = documents.id and e.source = documents.source";
  return condition(`exists (select 1 from ${deliveriesOf(own)} where ${IS[undelivered]})`);
}

export async function progressOf(
  session: Session,
  documents: Parameters<Reads["progressOf"]>[0],
): Promise<DocumentProgress[]> {
  if (documents.length === 0) return [];
  const own = "e.document_id = given.document_id and e.source = given.source";
  const { from, values } = session.dialect.given(
    ASKED,
    documents.map(({ source, id }, place) => [place, source, id]),
  );
  const rows = await session.rows<{ last_type: EventType | null; open: number; parked: number }>(
    `select (select e.type from events e where ${own} order by e.position desc limit 1) as last_type,
       (select count(*) from ${deliveriesOf(own)} where ${IS.open}) as open,
       (select count(*) from ${deliveriesOf(own)} where ${IS.parked}) as parked
     from ${from} order by place`,
    values,
  );
  return rows.map(({ last_type, open, parked }) => ({ lastType: last_type, open, parked }));
}

const ASKED: readonly Column[] = [
  { name: "place", type: "integer" },
  { name: "source", type: "text" },
  { name: "document_id", type: "text" },
];
