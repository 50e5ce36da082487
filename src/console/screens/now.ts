import type { Concern } from "../../concern/concern.ts";
import { HOUR_MS } from "../../domain/tally.ts";
import type { DeliveryTally, RequestTally, Tallies } from "../../store/port/reads.ts";
import { listConcerns } from "../../web/api.ts";
import { findDestinations } from "../../web/find-destinations.ts";
import { when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Screen } from "../screen.ts";
import { channelList, outageBudget } from "./now-channels.ts";
import { concernList } from "./now-concerns.ts";
import { destinationList } from "./now-destinations.ts";
import { CHART_HOURS, DAYS } from "./now-span.ts";

/** What needs a person, and how everything flows. */
export const nowScreen: Screen = {
  path: "/",
  section: "now",
  async show(visit) {
    const { parts, now } = visit;
    const [concerns, destinations, tallies] = await Promise.all([
      listConcerns(parts),
      findDestinations(parts),
      parts.store.tallies({ from: now - DAYS * 24 * HOUR_MS }),
    ]);
    const open = concerns.filter(({ acknowledged }) => acknowledged === null);
    return {
      title: "Now",
      sentence: verdictOf(open, tallies, now),
      body: html`${concernList(concerns, now)}
${destinationList(destinations, tallies.deliveries, visit)}
${channelList(tallies.requests, visit)}
${outageBudget(visit)}
<p class="note">Countersign ${parts.version}, configured by <code>${parts.config().file}</code>.</p>`,
      live: true,
    };
  },
};

function verdictOf(concerns: readonly Concern[], { requests, deliveries }: Tallies, now: number): Content {
  const count = concerns.length;
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
