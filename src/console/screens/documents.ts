import { DAY_MS } from "../../concern/words.ts";
import { type Document, isStuck } from "../../domain/document.ts";
import { canSign, DOCUMENT_STATUSES } from "../../domain/event.ts";
import type { Gap } from "../../domain/gaps.ts";
import { formatDuration } from "../../domain/quantity.ts";
import { viewSigners } from "../../domain/view.ts";
import type { Page } from "../../store/port/paging.ts";
import type { DocumentProgress, DocumentRequest, ListedDocument } from "../../store/port/reads.ts";
import { describeType } from "../../web/explain-words.ts";
import { documentList, SORTED_BY_FIRST_REPORT } from "../../web/queries.ts";
import { type Choice, isFiltered, sinceChoice, sourceChoice } from "../elements/form.ts";
import { documentPage } from "../elements/links.ts";
import { countOf, listHead, pager } from "../elements/list.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { documentStatus, status } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { foreign, identifier } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Fields, Screen, Visit } from "../screen.ts";

const PAGE = 50;

/** Documents, searched by id, title, person or tag. */
export const documentsScreen: Screen = {
  path: "/documents",
  section: "documents",
  async show(visit) {
    const { store, query, now } = visit;
    const given = withoutEmpty(query);
    const { filter, page } = documentsAsked(given, now);
    const found = await store.findDocuments(filter, page);
    const progress = await store.progressOf(found.items);
    const rows = found.items.map((document, index): Row => ({ document, progress: progress[index] ?? null }));
    const choices = choicesOf(visit);
    return {
      title: "Documents",
      sentence: sentenceOf(found, given.search, isFiltered(choices, given), page),
      body: html`${await listHead(visit, "/documents", { choices, given })}
${rows.length > 0 ? list(rows, now) : nothing(visit, isFiltered(choices, given), found.next)}
${pager(visit, found, "documents")}`,
      live: true,
    };
  },
};

interface Row {
  document: ListedDocument;
  progress: DocumentProgress | null;
}

/** Those of the newest reports first, but where another index has what is asked for. */
export function documentsAsked(given: Fields, now: number): ReturnType<typeof documentList> {
  const asked = { limit: String(PAGE), ...given };
  const { filter, page } = documentList(asked, now);
  return page.sort === undefined && isSortedByReport(given)
    ? { filter, page: { ...page, sort: "last_report" } }
    : { filter, page };
}

function isSortedByReport(given: Fields): boolean {
  return SORTED_BY_FIRST_REPORT.every((name) => given[name] === undefined);
}

function sentenceOf(
  { items, next }: Page<ListedDocument>,
  search: string | undefined,
  isNarrow: boolean,
  { sort, order }: DocumentRequest,
): Content {
  if (items.length === 0) return "No document is shown.";
  const matches = isNarrow ? (items.length === 1 ? " matches" : " match") : "";
  const looked = html`: “${foreign(search ?? "", 60)}” is looked for in ids, titles, names, addresses, tags and references`;
  return html`${countOf(items.length, next, "document")}${matches}, ${order === "oldest" ? "the oldest" : "the newest"} ${sort === "last_report" ? "report" : "document"} first${search !== undefined && looked}.`;
}

function choicesOf(visit: Visit): Choice[] {
  return [
    { name: "search", label: "Search", placeholder: "id, title, person or tag", isSearch: true },
    {
      name: "status",
      label: "Status",
      options: DOCUMENT_STATUSES.map((one) => [one, one.replace("_", " ")]),
    },
    sourceChoice(visit),
    {
      name: "stuck",
      label: "Under way",
      options: [
        ["1d", "for a day"],
        ["7d", "for 7 days"],
        ["14d", "for 14 days"],
        ["30d", "for 30 days"],
      ],
    },
    { name: "missing", label: "Completed without", options: MISSING },
    {
      name: "undelivered",
      label: "Deliveries",
      options: [
        ["parked", "some are parked"],
        ["open", "some are on the way"],
      ],
    },
    sinceChoice("Changed"),
  ];
}

const MISSING = [
  ["pdf", "its final PDF"],
  ["sent", "that it was sent"],
  ["signature", "a signature"],
] as const satisfies readonly (readonly [Gap, string])[];

function list(rows: readonly Row[], now: number): Content {
  return table(
    "Documents",
    [
      {
        heading: "document",
        isName: true,
        cell: ({ document: { source, id, title } }) =>
          html`<a data-row href="${documentPage(source, id)}">${title ? foreign(title, 90) : html`<span class="note">without a title</span>`}</a>`,
      },
      { heading: "status", cell: ({ document }) => statusOf(document, now) },
      { heading: "signed", isFigure: true, cell: ({ document }) => signedOf(document) },
      { heading: "last event", cell: ({ document, progress }) => lastOf(document, progress, now) },
      { heading: "deliveries", cell: ({ progress }) => deliveriesOf(progress) },
      { heading: "source", cell: ({ document }) => document.source },
      { heading: "id", cell: ({ document }) => identifier(document.id) },
    ],
    rows,
  );
}

function statusOf(document: ListedDocument, now: number): Content {
  const isLong = isStuck(document, now - DAY_MS);
  return html`${documentStatus(document.status)}${isLong && html` <span class="note">for ${formatDuration(wholeDays(now - document.statusAt))}</span>`}`;
}

function wholeDays(milliseconds: number): number {
  return milliseconds - (milliseconds % DAY_MS);
}

function lastOf({ changedAt }: ListedDocument, progress: DocumentProgress | null, now: number): Content {
  const words = progress?.lastType ? `${describeType(progress.lastType)}, ` : "";
  return html`${words}${when(changedAt, now)}`;
}

function deliveriesOf(progress: DocumentProgress | null): Content {
  if (progress?.parked) return status("bad", `${progress.parked} parked`);
  if (progress?.open) return status("busy", `${progress.open} on the way`);
  return progress?.lastType ? "–" : html`<span class="note">no event is kept</span>`;
}

/** Of those who can sign. */
export function countSigned(document: Document): { signed: number; of: number } {
  const signers = viewSigners(document).filter(({ role }) => canSign(role));
  return { signed: signers.filter(({ status }) => status === "signed").length, of: signers.length };
}

function signedOf(document: Document): Content {
  const { signed, of } = countSigned(document);
  return of === 0 ? "–" : `${signed}/${of}`;
}

function nothing(visit: Visit, isFiltered: boolean, next: string | null): Content {
  if (next !== null)
    return noMatch({
      what: "Nothing matches in what was looked at so far.",
      next: "There are more documents to look at: search on below.",
    });
  if (isFiltered)
    return noMatch({
      what: "No document matches.",
      next: html`<a href="/documents">Show all documents</a>, or look whether its <a href="/requests">request</a> came in at all.`,
    });
  return empty({
    what: "No document is known yet.",
    next: html`The first webhook of a provider makes one. <code>countersign simulate</code> posts some to try it out; <a href="/">Now</a> shows what came over each channel${visit.query.cursor !== undefined && html`. <a href="/documents">Begin at the first page</a>`}.`,
  });
}
