import type { Concern } from "../../concern/concern.ts";
import type { Acknowledgement } from "../../concern/episodes.ts";
import { formatMoment } from "../../domain/moment.ts";
import { HOUR_MS } from "../../domain/tally.ts";
import type { DeliveryTally, RequestTally, Tallies } from "../../store/port/reads.ts";
import { findDestinations } from "../../web/find-destinations.ts";
import { addressOf } from "../elements/form.ts";
import { documentPage } from "../elements/links.ts";
import { severity } from "../elements/status.ts";
import { section } from "../elements/table.ts";
import { copyable, foreign, sentence } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen, Visit } from "../screen.ts";
import { channelList, outageBudget } from "./now-channels.ts";
import { destinationList } from "./now-destinations.ts";
import { CHART_HOURS, DAYS } from "./now-span.ts";

/** What needs a person, and how everything flows. */
export const nowScreen: Screen = {
  path: "/",
  section: "now",
  async show(visit) {
    const { parts, now } = visit;
    const [concerns, known, destinations, tallies] = await Promise.all([
      parts.concerns(),
      parts.acknowledged(),
      findDestinations(parts),
      parts.store.tallies({ from: now - DAYS * 24 * HOUR_MS }),
    ]);
    const open = concerns.filter(({ id }) => !known.has(id));
    const taken = concerns.filter(({ id }) => known.has(id));
    return {
      title: "Now",
      sentence: verdictOf(open.length, tallies, now),
      body: html`${open.length > 0 && section("What needs you", concernList(open, known, visit))}
${taken.length > 0 && section("Somebody takes care of", concernList(taken, known, visit))}
${destinationList(destinations, tallies.deliveries, visit)}
${channelList(tallies.requests, visit)}
${outageBudget(visit)}
${footOf(visit)}`,
      live: true,
    };
  },
};

function footOf({ parts, now }: Visit): Html {
  const file = html`<a href="/configuration"><code>${parts.config().file}</code></a>`;
  const loaded = when(parts.reloads().loadedAt, now);
  return html`<p class="note foot">Countersign ${parts.version}, configured by ${file}, loaded ${loaded}.</p>`;
}

function verdictOf(count: number, { requests, deliveries }: Tallies, now: number): Content {
  if (count > 0)
    return html`<strong>${count === 1 ? "One thing needs" : `${inWords(count)} things need`} you.</strong> ${activityOf(requests, deliveries, now)}`;
  return html`<strong>All is well.</strong> ${activityOf(requests, deliveries, now)}`;
}

const WORDS = ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

function inWords(count: number): string {
  return WORDS[count - 2] ?? count.toLocaleString("en");
}

function activityOf(
  requests: readonly RequestTally[],
  deliveries: readonly DeliveryTally[],
  now: number,
): Content {
  const since = now - CHART_HOURS * HOUR_MS;
  const came = requests.filter(({ hour, outcome }) => hour > since && outcome !== "refused");
  const sent = deliveries.filter(({ hour, outcome }) => hour > since && outcome === "delivered");
  const newest = Math.max(...came.map(({ newest }) => newest));
  if (came.length === 0) return "No request came in the last 24 hours.";
  return html`${countOf(came, "request")} came in the last 24 hours, the newest ${when(newest, now)}; ${countOf(sent, "event")} ${sumOf(sent) === 1 ? "was" : "were"} delivered.`;
}

function sumOf(tallies: readonly { count: number }[]): number {
  return tallies.reduce((sum, { count }) => sum + count, 0);
}

function countOf(tallies: readonly { count: number }[], noun: string): string {
  const count = sumOf(tallies);
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function concernList(
  concerns: readonly Concern[],
  known: ReadonlyMap<string, Acknowledgement>,
  visit: Visit,
): Html {
  return html`<ol class="concerns">${concerns.map((one) => concernOf(one, known.get(one.id), visit))}</ol>`;
}

function concernOf(concern: Concern, taken: Acknowledgement | undefined, { now, caller }: Visit): Html {
  const { id, command } = concern;
  return html`<li id="${id}" class="${concern.severity}">
<p>${severity(concern.severity)} <strong>${sentence(concern.sentence)}</strong>${!saysSince(concern) && html` <span class="note">since ${when(concern.since, now)}</span>`}</p>
${taken && takenBy(taken, now)}
<p>${sentence(concern.advice)}${whereTo(concern)}${caller.right === "act" && takeCare(id, taken)}</p>
${command !== null && html`<p>${copyable(command)}</p>`}
<p class="note">It ends with ${sentence(concern.ends)}.</p></li>`;
}

/** Whether the sentence names the moment when it began. */
function saysSince({ sentence, since }: Concern): boolean {
  return sentence.includes(formatMoment(since));
}

function takenBy({ caller, until, reason }: Acknowledgement, now: number): Html {
  return html`<p>${foreign(caller)} takes care of it until ${momentAndWhen(until, now)}: ${foreign(reason)}</p>`;
}

function takeCare(id: string, taken: Acknowledgement | undefined): Html {
  return html` <a href="${addressOf("/concern", { id })}">${taken ? "Change who takes care of it" : "I take care of it"}</a>`;
}

/** The page where a person goes on. */
function whereTo({ subject, kind }: Concern): Content {
  const { source, channel, destination, documents = [] } = subject;
  const [document] = documents;
  if (destination !== undefined)
    return html` <a href="${addressOf("/deliveries", { destination })}">Its deliveries</a>`;
  if (source !== undefined && document !== undefined)
    return html` <a href="${documents.length === 1 ? documentPage(source, document) : addressOf("/documents", { source, stuck: kind === "document_stuck" ? "14d" : null })}">${documents.length === 1 ? "The document" : "The documents"}</a>`;
  if (source !== undefined)
    return html` <a href="${addressOf("/requests", { source, channel })}">Its requests</a>`;
  return null;
}
