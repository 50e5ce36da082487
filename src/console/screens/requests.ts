import { maskAddresses } from "../../domain/mask.ts";
import { summarize } from "../../domain/receipt.ts";
import type { RejectionSummary } from "../../store/port/inbox.ts";
import type { SearchedPage } from "../../store/port/paging.ts";
import type { ReceiptSummary } from "../../store/port/reads.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { ReceiptQuery, RejectionQuery } from "../../web/queries.ts";
import { addressOf, type Choice, channelChoices, isFiltered, sinceChoice } from "../elements/form.ts";
import { requestPage } from "../elements/links.ts";
import { countOf, listHead, pager } from "../elements/list.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { tabs } from "../elements/tabs.ts";
import { foreign, identifier } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, type Html, html } from "../html.ts";
import type { ListPath } from "../saved-views.ts";
import type { Screen, View, Visit } from "../screen.ts";
import { reprocessPage } from "./reprocess.ts";

/** Requests that came in: the genuine ones, and those that were refused. */

const PAGE = 50;

export const requestsScreen: Screen = {
  path: "/requests",
  section: "requests",
  async show(visit) {
    const given = withoutEmpty(visit.query);
    const query = parseInput(ReceiptQuery(visit.now), { limit: String(PAGE), ...given });
    const { page, filter } = splitList(query);
    const found = await visit.store.findReceipts(filter, page);
    const choices = [...commonChoices(visit), PROBLEMS];
    const isNarrow = isFiltered(choices, given);
    return viewOf(visit, "/requests", found, choices, {
      noun: "genuine request",
      list: receiptsTable(found.items, visit.now),
      nothing: isNarrow
        ? noMatch({
            what: "No genuine request matches.",
            next: html`<a href="/requests">Show all of them</a>, or look whether it was <a href="${otherTab(visit, "/requests/refused")}">refused</a>.`,
          })
        : empty({
            what: "No genuine request is kept.",
            next: html`Point a provider at this bridge, or look whether something was <a href="/requests/refused">refused</a>: a wrong secret refuses everything.`,
          }),
    });
  },
};

export const refusedScreen: Screen = {
  path: "/requests/refused",
  section: "requests",
  async show(visit) {
    const given = withoutEmpty(visit.query);
    const query = parseInput(RejectionQuery(visit.now), { limit: String(PAGE), ...given });
    const { page, filter } = splitList(query);
    const found = await visit.store.listRejections(filter, page);
    const choices = [REASON, ...commonChoices(visit)];
    const isNarrow = isFiltered(choices, given);
    return viewOf(visit, "/requests/refused", found, choices, {
      noun: "refused request",
      list: refusedTable(found.items, visit),
      nothing: isNarrow
        ? noMatch({
            what: "No refused request matches.",
            next: html`<a href="/requests/refused">Show all of them</a>, or look among the <a href="${otherTab(visit, "/requests")}">genuine ones</a>.`,
          })
        : empty({
            what: "No refused request is kept.",
            next: html`Every request that came was genuine, or the refused ones are older than what is kept (<code>rejected</code>, <code>retention</code>).`,
          }),
    });
  },
};

interface Kind {
  noun: string;
  list: Html;
  nothing: Html;
}

async function viewOf(
  visit: Visit,
  path: ListPath,
  found: SearchedPage<ReceiptSummary | RejectionSummary>,
  choices: readonly Choice[],
  { noun, list, nothing }: Kind,
): Promise<View> {
  const given = withoutEmpty(visit.query);
  const count = found.items.length;
  const matches = isFiltered(choices, given) ? (count === 1 ? " matches" : " match") : "";
  return {
    title: "Requests",
    sentence:
      count === 0
        ? `No ${noun} is shown.`
        : html`${countOf(count, found.next, noun)}${matches}, the newest first${found.items[0] && html`: the newest came ${when(found.items[0].receivedAt, visit.now)}`}.`,
    body: html`${tabs("Kinds of requests", [
      { name: "Genuine", href: otherTab(visit, "/requests"), isCurrent: path === "/requests" },
      { name: "Refused", href: otherTab(visit, "/requests/refused"), isCurrent: path !== "/requests" },
    ])}
${await listHead(visit, path, { choices, given })}
${count > 0 ? list : found.next === null ? nothing : searchOn()}
${pager(visit, found, "requests")}
${count > 0 && again(path, given)}`,
    live: true,
  };
}

function searchOn(): Html {
  return noMatch({
    what: "Nothing matches in what was looked at so far.",
    next: "There are more requests to look at: search on below.",
  });
}

/** What can be done with all that the list has. */
function again(path: string, { source, since, problems }: Visit["query"]): Content {
  if (path !== "/requests")
    return html`<p>After a secret is mended: <a href="${reprocessPage({ which: "rejected", source, since })}">verify the refused ones again</a>.</p>`;
  if (problems !== "true") return null;
  return html`<p>After a mapping is mended: <a href="${reprocessPage({ which: "problems", source, since })}">read those with problems again</a>.</p>`;
}

/** The other kind with the filters that both have. */
function otherTab({ query }: Visit, path: string): string {
  const { source, channel, since } = query;
  return addressOf(path, { source, channel, since });
}

const PROBLEMS: Choice = {
  name: "problems",
  label: "Problems",
  options: [["true", "only those with problems"]],
};

const REASON: Choice = { name: "reason", label: "Reason", placeholder: "such as: token", isSearch: true };

function commonChoices(visit: Visit): Choice[] {
  return [...channelChoices(visit), sinceChoice("Came", ["1h", "1d", "7d", "30d"])];
}

function receiptsTable(receipts: readonly ReceiptSummary[], now: number): Html {
  return table(
    "Genuine requests",
    [
      {
        heading: "request",
        isName: true,
        cell: ({ id, source, channel }) =>
          html`<a data-row href="${requestPage(id)}">${source}/${channel}</a>`,
      },
      { heading: "came", cell: ({ receivedAt }) => when(receivedAt, now) },
      { heading: "checks", cell: ({ verified }) => checksOf(verified) },
      { heading: "bytes", isFigure: true, cell: ({ size }) => size.toLocaleString("en") },
      { heading: "new events", isFigure: true, cell: ({ events }) => events.length },
      { heading: "repeats", isFigure: true, cell: ({ duplicates }) => duplicates.length },
      { heading: "problems", cell: problemsCell },
      { heading: "id", cell: ({ id }) => identifier(id) },
    ],
    receipts,
  );
}

function checksOf(verified: string): Content {
  return verified === "none" ? status("warning", "none") : verified.replaceAll("+", " and ");
}

function problemsCell({ problems }: ReceiptSummary): Content {
  const said = summarize(problems);
  return said === null ? status("good", "none") : status("bad", foreign(maskAddresses(said), 100));
}

function refusedTable(rejections: readonly RejectionSummary[], { now }: Visit): Html {
  return table(
    "Refused requests",
    [
      {
        heading: "why",
        isName: true,
        cell: ({ id, reason }) => html`<a data-row href="${requestPage(id)}">${foreign(reason, 160)}</a>`,
      },
      { heading: "over", cell: ({ source, channel }) => `${source}/${channel}` },
      { heading: "came", cell: ({ receivedAt }) => when(receivedAt, now) },
      {
        heading: "bytes",
        isFigure: true,
        cell: ({ size, shown }) => (shown.cutFrom ?? size)?.toLocaleString("en") ?? "not read",
      },
      { heading: "id", cell: ({ id }) => identifier(id) },
    ],
    rejections,
  );
}
