import { CountersignError } from "../../domain/errors.ts";
import { formatDuration } from "../../domain/quantity.ts";
import type { EventHistory } from "../../store/port/reads.ts";
import { createFindBlocking } from "../../web/explain-advice.ts";
import { describeCheck } from "../../web/explain-closing.ts";
import { receivedAtOf } from "../../web/explain-rows.ts";
import { summarizeEvent } from "../../web/explain-summary.ts";
import { describeEvent } from "../../web/explain-words.ts";
import { documentPage, requestPage } from "../elements/links.ts";
import { proseOf } from "../elements/prose.ts";
import { status } from "../elements/status.ts";
import { facts, section, table } from "../elements/table.ts";
import { codeBlock, copyable, foreign, identifier } from "../elements/text.ts";
import { moment, momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen, View, Visit } from "../screen.ts";
import { destinationsOf } from "./event-destinations.ts";
import { sentTo } from "./sent.ts";

/** An event: where it comes from, what exactly was sent to whom, and who did not get it and why. */
export const eventScreen: Screen = {
  path: "/events/:id",
  section: "events",
  async show(visit) {
    const { id = "" } = visit.params;
    const history = await visit.store.findEvent(id);
    if (!history) throw new CountersignError("not_found", `there is no event ${id}`);
    return viewOf(history, visit);
  },
};

async function viewOf(history: EventHistory, visit: Visit): Promise<View> {
  const { event } = history;
  const { store, parts, now } = visit;
  const explaining = {
    states: parts.states,
    unsupporting: parts.unsupporting,
    now: () => now,
    findBlocking: createFindBlocking(store),
  };
  const summary = await summarizeEvent(history, { ...explaining, store });
  // What was sent is made from the event as it is kept, of which the masked one is a copy.
  const kept = visit.showsPersonalData ? history : null;
  return {
    title: capitalized(describeEvent(event)),
    sentence: sentenceOf(history, visit),
    body: html`${headOf(history, now)}
${section("Where it went", destinationsOf(history, visit))}
${section("Where it comes from", provenanceOf(history, now))}
${section("In words", proseOf(summary))}
${section("The event", html`${!visit.showsPersonalData && html`<p class="note">Names and addresses are masked.</p>`}${codeBlock(JSON.stringify(event, null, 2), "The event as JSON")}`)}
${sentTo(kept, history, visit)}`,
    live: true,
  };
}

function sentenceOf({ event, deliveries }: EventHistory, { now }: Visit): Content {
  const delivered = deliveries.filter((one) => one.status === "delivered").length;
  const parked = deliveries.filter((one) => one.status === "parked").length;
  const open = deliveries.length - delivered - parked;
  const went = [
    ...(delivered > 0 ? [`delivered to ${delivered}`] : []),
    ...(open > 0 ? [`on the way to ${open}`] : []),
    ...(parked > 0 ? [`parked for ${parked}`] : []),
  ];
  return html`It happened ${when(Date.parse(event.time), now)} at ${event.source}, and is ${went.length === 0 ? "wanted by no destination" : `${went.join(", ")} of ${deliveries.length} destination${deliveries.length === 1 ? "" : "s"}`}.`;
}

function headOf({ event }: EventHistory, now: number): Html {
  const { id, type, document, source, code, reason, time, recordedAt, sequence, late } = event;
  return facts([
    ["id", copyable(id)],
    ["type", html`<code>${type}</code>`],
    [
      "document",
      document
        ? html`<a href="${documentPage(source, document.id)}">${foreign(document.title ?? document.id, 80)}</a>, its event ${sequence}`
        : html`<span class="note">not known yet: what a later request says may link it</span>`,
    ],
    ["happened", momentAndWhen(Date.parse(time), now)],
    ["recorded", momentAndWhen(Date.parse(recordedAt), now)],
    [
      "provider's word",
      html`<code>${foreign([code.object, code.value].filter(Boolean).join(" "), 80)}</code>${code.meaning !== null && html` “${foreign(code.meaning, 120)}”`}`,
    ],
    ["reason given", reason !== null && foreign(reason, 500)],
    ["late", late && status("warning", "something newer of the document was known before")],
  ]);
}

function provenanceOf(history: EventHistory, now: number): Html {
  const { event, receipt, duplicates } = history;
  const { provenance, source, channel } = event;
  const receivedAt = receivedAtOf(history);
  return html`<ol class="chain">
<li>${receipt ? html`<a href="${requestPage(receipt.id)}">${identifier(receipt.id)}</a>, ${receipt.size.toLocaleString("en")} bytes` : html`${identifier(provenance.receipt)}, not kept any more,`} came from ${source} over ${channel} ${when(receivedAt, now)}, and was ${describeCheck(provenance.verified)}</li>
<li>read by <code>${provenance.mapping}</code></li>
<li>recorded as <code>${event.id}</code> ${lag(Date.parse(event.recordedAt) - receivedAt)}</li>
</ol>
${
  duplicates.length > 0 &&
  table(
    "Told again",
    [
      { heading: "told again over", isName: true, cell: ({ channel: other }) => `${source}/${other}` },
      { heading: "after the first", isFigure: true, cell: ({ at }) => lag(at - receivedAt) },
      { heading: "at", cell: ({ at }) => moment(at) },
      {
        heading: "request",
        cell: ({ receipt: other }) => html`<a href="${requestPage(other)}">${identifier(other)}</a>`,
      },
    ],
    duplicates,
  )
}`;
}

function lag(ms: number): string {
  if (ms === 0) return "at once";
  if (Math.abs(ms) < 1_000) return `${ms} ms later`;
  const text = formatDuration(Math.round(Math.abs(ms) / 1_000) * 1_000);
  return ms < 0 ? `${text} earlier` : `${text} later`;
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
