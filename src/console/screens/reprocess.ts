import { z } from "zod";
import { plural } from "../../domain/quantity.ts";
import type { Reprocessed, ReprocessedOne, ReprocessRequest } from "../../inbound/reprocess.ts";
import type { PageRequest } from "../../store/port/paging.ts";
import { moment, parseInput } from "../../web/input.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { requestPage } from "../elements/links.ts";
import { noMatch } from "../elements/notice.ts";
import { facts, section } from "../elements/table.ts";
import { asSentence, sentence } from "../elements/text.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Action, Screen, Visit } from "../screen.ts";
import { afterStart } from "./chosen.ts";
import { problemsOf } from "./problems.ts";

/** Processing stored requests again: a page says what would come of it, and a form with a reason does it. */

const WHAT_HAPPENS = html`<p>Events that are recorded already are recognised, and not sent again. New ones go
to every destination that wants them.</p>`;

/** The page that says what would come of one request. */
export function reprocessOnePage(id: string): string {
  return `${requestPage(id)}/reprocess`;
}

/** The page that says what would come of many. */
export function reprocessPage(filter: {
  which: ReprocessRequest["which"];
  source?: string | undefined;
  since?: string | undefined;
}): string {
  return addressOf("/reprocess", filter);
}

export const reprocessOneScreen: Screen = {
  path: "/requests/:id/reprocess",
  section: "requests",
  async show(visit) {
    const { id = "" } = visit.params;
    const result = await visit.parts.operations.tryReprocess(id);
    return {
      title: "Process a request again",
      sentence: oneSentence(result),
      body: html`${facts([["request", html`<a href="${requestPage(id)}"><code>${id}</code></a>`]])}
${result.problems.length > 0 && section("What still could not be read", problemsOf(result.problems, visit))}
${
  result.refused === null
    ? html`${WHAT_HAPPENS}
${actionForm({ action: reprocessOnePage(id), fields: {}, button: "Process this request again" }, visit)}`
    : noMatch({
        what: sentence(asSentence(`It is refused still: ${result.refused}`)),
        next: html`Mend the secret or the mapping, load the configuration again, and <a href="${requestPage(id)}">look at its checks</a>.`,
      })
}`,
      live: false,
    };
  },
};

function oneSentence({ refused, events, problems }: ReprocessedOne): Content {
  if (refused !== null) return "Nothing would come of it: it would be refused again.";
  const rest = problems.length > 0 ? `, and ${plural(problems.length, "problem")} would be left` : "";
  return html`<strong>${plural(events, "happening")}</strong> would be read from it, known ones among them${rest}.`;
}

export const reprocessOneAction: Action = {
  path: "/requests/:id/reprocess",
  async act({ parts, params }, _form, mandate) {
    const { id = "" } = params;
    const { refused, events, problems, receipt } = await parts.operations.reprocessOne(id, mandate);
    const left = problems.length > 0 ? `, and ${plural(problems.length, "problem")} left` : "";
    return {
      to: requestPage(receipt ?? id),
      said:
        refused === null
          ? `The request was processed again: ${plural(events, "new event")}${left}.`
          : `Nothing was changed: the request is refused still.`,
    };
  },
};

const Wish = (now: number) =>
  z.strictObject({
    which: z.enum(["problems", "rejected"], "must be problems or rejected").default("problems"),
    source: z.string().optional(),
    since: moment(now).optional(),
  });

/** Requests of one call. */
const PAGE = 100;
/** Requests that a page counts: each is read. */
const MAX_COUNTED = 1_000;

export const reprocessScreen: Screen = {
  path: "/reprocess",
  section: "requests",
  async show(visit) {
    const fields = withoutEmpty(visit.query);
    const wish = parseInput(Wish(visit.now), fields);
    const { reprocess } = visit.parts.operations;
    const total = await tryPages(MAX_COUNTED, (page) => reprocess({ ...wish, dryRun: true }, page, NOBODY));
    return {
      title: "Process requests again",
      sentence: countSentence(wish, total),
      body: html`${facts([
        ["requests", wish.which === "rejected" ? "refused ones" : "with problems"],
        ["source", wish.source ?? "all"],
        ["came", fields.since !== undefined && `since ${fields.since}`],
      ])}
${formOf(wish, fields, total, visit)}`,
      live: false,
    };
  },
};

/** A dry run is not in the audit. */
const NOBODY = { caller: "", reason: "" };

/** The sum over the pages, until `most` requests were looked at. */
async function tryPages(
  most: number,
  run: (page: PageRequest) => Promise<Reprocessed>,
): Promise<Reprocessed> {
  const total: Reprocessed = { checked: 0, fixed: 0, events: 0, next: null };
  for (let looked = 0; looked < most; looked += PAGE) {
    const { checked, fixed, events, next } = await run({ cursor: total.next ?? undefined, limit: PAGE });
    total.checked += checked;
    total.fixed += fixed;
    total.events += events;
    total.next = next;
    if (next === null) break;
  }
  return total;
}

function countSentence({ which }: { which: string }, { checked, fixed, events, next }: Reprocessed): Content {
  const good = which === "rejected" ? "would be genuine" : "would be read wholly";
  return html`Of ${next === null ? "" : "the first "}${plural(checked, "request")}${next === null ? "" : " looked at"}, <strong>${fixed.toLocaleString("en")}</strong> ${good}, with ${plural(events, "happening")}, known ones among them.`;
}

const KINDS = { problems: "requests with problems", rejected: "refused requests" } as const;

function formOf(
  { which }: { which: ReprocessRequest["which"] },
  fields: Visit["query"],
  { checked, events, fixed }: Reprocessed,
  visit: Visit,
): Content {
  const kind = KINDS[which];
  if (checked === 0)
    return noMatch({
      what: `There are no ${kind} that could be processed again.`,
      next: html`<a href="${which === "rejected" ? "/requests/refused" : "/requests?problems=true"}">Look at the ${kind}</a>: only those are counted whose channel is configured and whose body is kept whole.`,
    });
  if (fixed === 0 && events === 0)
    return noMatch({
      what: "Nothing would come of it yet.",
      next: html`Mend the secret or the mapping first, and load the configuration again. <a href="${which === "rejected" ? "/requests/refused" : "/requests?problems=true"}">Look at the ${kind}</a> for why.`,
    });
  return html`${WHAT_HAPPENS}
${actionForm({ action: "/reprocess", fields: { ...fields, which }, button: `Process ${kind} again` }, visit)}`;
}

export const reprocessAction: Action = {
  path: "/reprocess",
  async act({ parts, jobs, now }, { reason: _, ...fields }, mandate) {
    const wish = parseInput(Wish(now), withoutEmpty(fields));
    const { operations, store } = parts;
    const sum = { checked: 0, fixed: 0, events: 0 };
    const job = await jobs.start({
      ...{ kind: "reprocess", mandate, total: await countOf(wish, store) },
      what: `Process ${KINDS[wish.which]}${wish.source === undefined ? "" : ` of ${wish.source}`} again`,
      async step(cursor) {
        const page = { cursor, limit: PAGE };
        const { next, ...done } = await operations.reprocess({ ...wish, dryRun: false }, page, mandate);
        for (const key of ["checked", "fixed", "events"] as const) sum[key] += done[key];
        return { done: done.checked, failed: done.checked - done.fixed, said: inWords(sum), next };
      },
    });
    if (job.state === "running") return afterStart(job);
    return {
      to: wish.which === "rejected" ? "/requests/refused" : "/requests",
      said: `${plural(job.done, "request")} processed: ${inWords(sum)}.`,
    };
  },
};

function inWords({ fixed, events }: Pick<Reprocessed, "fixed" | "events">): string {
  return `${fixed.toLocaleString("en")} good now, ${plural(events, "new event")}`;
}

/** Pages that are counted beforehand: nobody waits longer for a number. */
const MAX_PAGES_COUNTED = 10;

/** How many requests there are to process, or null: very many. Some may be left out when it comes to them. */
async function countOf(
  { which, source, since }: Pick<ReprocessRequest, "which" | "source" | "since">,
  store: Visit["store"],
): Promise<number | null> {
  let count = 0;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES_COUNTED; pages += 1) {
    const page = { cursor, limit: 1_000 };
    const { items, next } = await (which === "rejected"
      ? store.listRejections({ source, from: since }, page)
      : store.findReceipts({ problems: true, source, from: since }, page));
    count += items.length;
    if (next === null) return count;
    cursor = next;
  }
  return null;
}
