import { describeCheck } from "../../web/explain-closing.ts";
import { describeEvent } from "../../web/explain-words.ts";
import { addressOf } from "../elements/form.ts";
import { benchPage, documentPage, eventPage } from "../elements/links.ts";
import { countOf } from "../elements/list.ts";
import { facts, section, table } from "../elements/table.ts";
import { asSentence, copyable, foreign, identifier, sentence } from "../elements/text.ts";
import { momentAndWhen } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Screen, View, Visit } from "../screen.ts";
import { findRequest, type StoredRequest } from "../stored-request.ts";
import { problemsOf } from "./problems.ts";
import { reprocessOnePage } from "./reprocess.ts";
import { bodyOf } from "./request-body.ts";
import { type Checks, checksOf } from "./request-checks.ts";
import { requestFixturePage } from "./request-fixture.ts";

/** One request: how it was verified, what it says, what could not be read, and what came of it. */
export const requestScreen: Screen = {
  path: "/requests/:id",
  section: "requests",
  async show(visit) {
    const request = await findRequest(visit, visit.params.id ?? "");
    return viewOf(request, await checksOf(request), visit);
  },
};

async function viewOf(request: StoredRequest, checks: Checks, visit: Visit): Promise<View> {
  const { kind, kept } = request;
  const isReceipt = kind === "receipt";
  return {
    title: `${isReceipt ? "Request" : "Refused request"} over ${kept.source}/${kept.channel}`,
    sentence: sentenceOf(request, checks),
    body: html`${headOf(request, visit)}
${section(isReceipt ? "Verified again, with the configuration in force" : "Verified with the configuration in force", checks.shown)}
${isReceipt && section("What came of it", await outcomeOf(request, visit))}
${isReceipt && kept.problems.length > 0 && section("What could not be read", problemsOf(kept.problems, visit))}
${section("Process it again", againOf(request, checks))}
${section("Body", await bodyOf(request, visit), "body")}
${section("Query and headers", headersOf(request, visit))}`,
    live: false,
  };
}

function sentenceOf({ kind, kept, isWhole }: StoredRequest, { isGenuine, refused }: Checks): Content {
  if (kind === "refused") {
    const was = sentence(asSentence(`It was refused: ${kept.reason}`), 400);
    if (isGenuine) return html`${was} With the configuration in force it is genuine: process it again.`;
    if (refused !== null) return html`${was} It would be refused again.`;
    return html`${was} ${isWhole ? "It cannot be verified again." : "Only a part of it is kept, so it cannot be verified again."}`;
  }
  const { events, duplicates, problems, verified } = kept;
  const told = [
    countOf(events.length, null, "new event"),
    ...(duplicates.length > 0 ? [countOf(duplicates.length, null, "repeat")] : []),
    ...(problems.length > 0 ? [countOf(problems.length, null, "problem")] : []),
  ];
  return html`It was ${describeCheck(verified)}, and told ${told.join(", ")}.`;
}

function headOf({ kind, kept }: StoredRequest, { now }: Visit): Content {
  return facts([
    ["id", copyable(kept.id)],
    ["came", momentAndWhen(kept.receivedAt, now)],
    ["over", `${kept.source}/${kept.channel}`],
    ["read by", kind === "receipt" && html`<code>${kept.mapping}</code>`],
  ]);
}

/** Events that are shown with what they say. */
const MAX_EVENTS = 50;

async function outcomeOf({ kind, kept }: StoredRequest, { store }: Visit): Promise<Content> {
  if (kind !== "receipt") return null;
  const { events, duplicates } = kept;
  const told = [
    ...events.map((id) => ({ id, isNew: true })),
    ...duplicates.map((id) => ({ id, isNew: false })),
  ];
  if (told.length === 0)
    return html`<p>No event: each word of it is one that the mapping ignores, or could not be read.</p>`;
  const rows = await Promise.all(
    told.slice(0, MAX_EVENTS).map(async (one) => ({ ...one, event: (await store.findEvent(one.id))?.event })),
  );
  const more = told.length - rows.length;
  return html`${table(
    "Events of the request",
    [
      {
        heading: "event",
        isName: true,
        cell: ({ id, event }) =>
          html`<a href="${eventPage(id)}">${event ? foreign(describeEvent(event), 120) : "not kept any more"}</a>`,
      },
      { heading: "type", cell: ({ event }) => event && html`<code>${event.type}</code>` },
      {
        heading: "document",
        cell: ({ event }) =>
          event?.document
            ? html`<a href="${documentPage(event.source, event.document.id)}">${foreign(event.document.title ?? event.document.id, 50)}</a>`
            : html`<span class="note">not known</span>`,
      },
      { heading: "told", cell: ({ isNew }) => (isNew ? "first by this request" : "again") },
      { heading: "id", cell: ({ id }) => identifier(id) },
    ],
    rows,
  )}${more > 0 && html`<p class="note">And ${more.toLocaleString("en")} more.</p>`}`;
}

function againOf({ kind, kept, channel, isWhole }: StoredRequest, { isGenuine }: Checks): Content {
  if (!channel) return html`<p>Its channel is no longer configured: it cannot be processed.</p>`;
  const bench = html`<a href="${benchPage(kept.id)}">open it on the mapping bench</a>`;
  if (!isWhole) return html`<p>Only a part of its body is kept: the provider must send it again.</p>`;
  const wish = html`<a href="${reprocessOnePage(kept.id)}">Count what would come of it</a>, which changes nothing`;
  if (kind === "receipt")
    return html`<p>${wish}; or ${bench}. Events that are recorded already are recognised.</p>
<p><a href="${requestFixturePage(kept.id)}">Capture it as a fixture</a> of a mapping’s tests, without personal data.</p>`;
  return html`<p>${wish}; or ${bench}. ${isGenuine ? "It is genuine now." : "Mend the configuration first, and load it."}</p>`;
}

function headersOf({ kept }: StoredRequest, visit: Visit): Content {
  const { query, headers } = visit.parts.conceal(kept);
  const rows = Object.entries(headers).map(([name, value]) => ({ name, value }));
  const isHidden = !visit.showsPersonalData;
  const hidden = html`<span class="note">hidden</span>`;
  return html`${isHidden && html`<p>Values may have personal data in them: <a href="${addressOf("/personal-data", { back: visit.address })}">show personal data</a> first. Credentials are never kept.</p>`}
${facts([["query", query === "" ? html`<span class="note">none</span>` : isHidden ? hidden : html`<code>${foreign(query, 2_000)}</code>`]])}
${
  rows.length > 0 &&
  table(
    "Headers",
    [
      { heading: "header", isName: true, cell: ({ name }) => html`<code>${foreign(name, 100)}</code>` },
      {
        heading: "value",
        cell: ({ name, value }) =>
          isHidden && !PLAIN.has(name) ? hidden : html`<code class="lines">${foreign(value, 2_000)}</code>`,
      },
    ],
    rows,
  )
}`;
}

/** Headers that say how the body is read, and nothing of a person. */
const PLAIN: ReadonlySet<string> = new Set(["content-type", "content-encoding", "content-length"]);
