import type { Document } from "../../domain/document.ts";
import { canSign, DOCUMENT_STATUSES } from "../../domain/event.ts";
import type { Gap } from "../../domain/gaps.ts";
import { plural } from "../../domain/quantity.ts";
import { viewSigners } from "../../domain/view.ts";
import type { Page } from "../../store/port/paging.ts";
import type { ListedDocument } from "../../store/port/reads.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { DocumentQuery } from "../../web/queries.ts";
import { type Choice, filters, isFiltered, pager } from "../elements/form.ts";
import { documentPage } from "../elements/links.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { documentStatus } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { foreign, identifier } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Screen, Visit } from "../screen.ts";

const PAGE = 50;

/** Documents, searched by id, title, person or tag. */
export const documentsScreen: Screen = {
  path: "/documents",
  section: "documents",
  async show(visit) {
    const { store, query, now } = visit;
    const given = withoutEmpty(query);
    const { page, filter } = splitList(parseInput(DocumentQuery(now), { limit: String(PAGE), ...given }));
    const { stuck: stuckBefore, missing: gap, ...rest } = filter;
    const found = await store.findDocuments({ ...rest, stuckBefore, gap }, page);
    const choices = choicesOf(visit);
    return {
      title: "Documents",
      sentence: sentenceOf(found, given.search, isFiltered(choices, given)),
      body: html`${filters("/documents", choices, given)}
${found.items.length > 0 ? list(found.items, now) : nothing(visit, isFiltered(choices, given), found.next)}
${pager(visit, found, "documents")}`,
      live: true,
    };
  },
};

function sentenceOf(
  { items, next }: Page<ListedDocument>,
  search: string | undefined,
  isNarrow: boolean,
): Content {
  if (items.length === 0) return "No document is shown.";
  const matches = isNarrow ? (items.length === 1 ? " matches" : " match") : "";
  const looked = html`: “${foreign(search ?? "", 60)}” is looked for in ids, titles, names, addresses, tags and references`;
  return html`${countOf(items.length, next, "document")}${matches}, the newest first${search !== undefined && looked}.`;
}

/** `3 documents`, or `at least 50 documents` where there are more pages. */
export function countOf(count: number, next: string | null, noun: string): string {
  return `${next === null ? "" : "at least "}${plural(count, noun)}`;
}

/** A form sends every filter, also those that were left empty. */
export function withoutEmpty(query: Visit["query"]): Visit["query"] {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

function choicesOf({ parts }: Visit): Choice[] {
  const sources = [...new Set(parts.config().channels.map(({ source }) => source))];
  return [
    { name: "search", label: "Search", placeholder: "id, title, person or tag", isSearch: true },
    {
      name: "status",
      label: "Status",
      options: DOCUMENT_STATUSES.map((one) => [one, one.replace("_", " ")]),
    },
    { name: "source", label: "Source", options: sources.map((one) => [one, one]) },
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
    { name: "since", label: "Changed", options: CHANGED },
  ];
}

const MISSING = [
  ["pdf", "its final PDF"],
  ["sent", "that it was sent"],
  ["signature", "a signature"],
] as const satisfies readonly (readonly [Gap, string])[];

const CHANGED = [
  ["1h", "in the last hour"],
  ["1d", "in the last day"],
  ["7d", "in the last 7 days"],
] as const;

function list(documents: readonly ListedDocument[], now: number): Content {
  return table(
    "Documents",
    [
      {
        heading: "document",
        isName: true,
        cell: ({ source, id, title }) =>
          html`<a data-row href="${documentPage(source, id)}">${title ? foreign(title, 90) : html`<span class="note">without a title</span>`}</a>`,
      },
      { heading: "status", cell: ({ status }) => documentStatus(status) },
      { heading: "signed", isFigure: true, cell: (one) => signedOf(one) },
      { heading: "source", cell: ({ source }) => source },
      { heading: "events", isFigure: true, cell: ({ sequence }) => sequence },
      { heading: "last report", cell: ({ changedAt }) => when(changedAt, now) },
      { heading: "id", cell: ({ id }) => identifier(id) },
    ],
    documents,
  );
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
