import type { Concern } from "../../concern/concern.ts";
import { plural } from "../../domain/quantity.ts";
import { HOUR_MS } from "../../domain/tally.ts";
import type { DeliveryTally, RequestTally, Tallies } from "../../store/port/reads.ts";
import { type DestinationView, findDestinations } from "../../web/find-destinations.ts";
import { figuresOf, hourly, type Series, sparkline } from "../elements/chart.ts";
import { addressOf } from "../elements/form.ts";
import { destinationPage, documentPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { severity, status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { copyable, foreign, sentence } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen, Visit } from "../screen.ts";

/** What needs a person, and how everything flows. */
export const nowScreen: Screen = {
  path: "/",
  section: "now",
  async show(visit) {
    const { parts, now } = visit;
    const [concerns, destinations, tallies] = await Promise.all([
      parts.concerns(),
      findDestinations(parts),
      parts.store.tallies({ from: now - DAYS * 24 * HOUR_MS }),
    ]);
    return {
      title: "Now",
      sentence: verdictOf(concerns, tallies, now),
      body: html`${concerns.length > 0 && concernList(concerns, now)}
${destinationList(destinations, tallies.deliveries, visit)}
${channelList(tallies.requests, visit)}`,
      live: true,
    };
  },
};

/** A channel that is silent for longer has "none for 7 days". */
const DAYS = 7;
const CHART_HOURS = 24;

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

function concernList(concerns: readonly Concern[], now: number): Html {
  return section(
    "What needs you",
    html`<ol class="concerns">${concerns.map(
      (concern) => html`<li id="${concern.id}" class="${concern.severity}">
<p>${severity(concern.severity)} <strong>${sentence(concern.sentence)}</strong> <span class="note">since ${when(concern.since, now)}</span></p>
<p>${sentence(concern.advice)}${whereTo(concern)}</p>
${concern.command !== null && html`<p>${copyable(concern.command)}</p>`}
<p class="note">It ends with ${sentence(concern.ends)}.</p></li>`,
    )}</ol>`,
  );
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

function destinationList(
  destinations: readonly DestinationView[],
  tallies: readonly DeliveryTally[],
  { now }: Visit,
): Html {
  if (destinations.length === 0)
    return section(
      "Destinations",
      empty({
        what: "There is no destination.",
        next: html`Events are stored and forwarded to nobody: add one to <code>destinations</code> of the configuration, then <code>countersign reload</code>.`,
      }),
    );
  const series = new Map(destinations.map(({ name }) => [name, attemptsTo(name, tallies, now)]));
  return section(
    "Destinations",
    html`${table(
      "Destinations with what waits for them",
      [
        {
          heading: "destination",
          isName: true,
          cell: ({ name }) => html`<a href="${destinationPage(name)}">${name}</a>`,
        },
        { heading: "state", cell: (one) => stateOf(one, now) },
        {
          heading: "open",
          isFigure: true,
          cell: ({ name, open }) =>
            open === 0
              ? "0"
              : html`<a href="${addressOf("/deliveries", { destination: name })}">${open.toLocaleString("en")}</a>`,
        },
        { heading: "oldest", cell: ({ oldest }) => (oldest === null ? "–" : when(oldest, now)) },
        { heading: "last attempt", cell: ({ name }) => lastAttempt(name, tallies, now) },
        { heading: "24 hours", cell: ({ name }) => chartOf(series.get(name)) },
      ],
      destinations,
    )}${figuresOf("Attempts by hour", [...series.values()])}`,
  );
}

function stateOf({ configured, paused, breaker, open }: DestinationView, now: number): Html {
  if (!configured) return status("warning", "not configured");
  if (paused) return status("waiting", html`paused ${when(paused.at, now)}: ${foreign(paused.reason, 80)}`);
  if (breaker?.probeAt != null) return status("bad", html`fails; next probe ${when(breaker.probeAt, now)}`);
  if (breaker) return status("warning", `failed ${plural(breaker.failures, "time")} in a row`);
  return open > 0 ? status("busy", "sending") : status("good", "nothing waits");
}

const OUTCOMES = {
  delivered: ["good", "delivered"],
  failed: ["warning", "failed"],
  parked: ["bad", "parked"],
} as const;

function lastAttempt(name: string, tallies: readonly DeliveryTally[], now: number): Content {
  const own = tallies.filter(({ destination }) => destination === name);
  const last = own.toSorted((a, b) => b.newest - a.newest)[0];
  if (!last) return html`<span class="note">none for ${DAYS} days</span>`;
  const [tone, word] = OUTCOMES[last.outcome];
  return status(tone, html`${word} ${when(last.newest, now)}`);
}

function attemptsTo(name: string, tallies: readonly DeliveryTally[], now: number): Series {
  const own = tallies
    .filter(({ destination }) => destination === name)
    .map(({ hour, count, outcome }) => ({ hour, count, isGood: outcome === "delivered" }));
  return {
    label: `To ${name}`,
    good: "delivered",
    bad: "failed or parked",
    hours: hourly(own, now, CHART_HOURS),
  };
}

function chartOf(series: Series | undefined): Content {
  return series && sparkline(series);
}

interface ChannelRow {
  source: string;
  channel: string;
  provider: string;
  tallies: readonly RequestTally[];
  series: Series;
}

function channelList(tallies: readonly RequestTally[], { parts, now }: Visit): Html {
  const rows = parts.config().channels.map(({ source, name: channel, mapping }): ChannelRow => {
    const own = tallies.filter((one) => one.source === source && one.channel === channel);
    const counted = own.map(({ hour, count, outcome }) => ({ hour, count, isGood: outcome !== "refused" }));
    const series = {
      ...{ label: `From ${source}/${channel}`, good: "genuine", bad: "refused" },
      hours: hourly(counted, now, CHART_HOURS),
    };
    return { source, channel, provider: mapping.title, tallies: own, series };
  });
  if (rows.length === 0)
    return section(
      "Channels",
      empty({
        what: "Nothing can come in: there is no source.",
        next: html`Add one to <code>sources</code> of the configuration; <code>countersign providers</code> lists what can be connected.`,
      }),
    );
  return section(
    "Channels",
    html`${table(
      "Channels with what came over them",
      [
        {
          heading: "channel",
          isName: true,
          cell: ({ source, channel }) =>
            html`<a href="${addressOf("/requests", { source, channel })}">${source}/${channel}</a>`,
        },
        { heading: "provider", cell: ({ provider }) => provider },
        { heading: "last genuine request", cell: (row) => newestGenuine(row, now) },
        { heading: "refused, 24 h", isFigure: true, cell: ({ series }) => refusedOf(series) },
        { heading: "24 hours", cell: ({ series }) => sparkline(series) },
      ],
      rows,
    )}${figuresOf(
      "Requests by hour",
      rows.map(({ series }) => series),
    )}`,
  );
}

function newestGenuine({ tallies }: ChannelRow, now: number): Content {
  const genuine = tallies.filter(({ outcome }) => outcome !== "refused").map(({ newest }) => newest);
  return genuine.length === 0
    ? html`<span class="note">none for ${DAYS} days</span>`
    : when(Math.max(...genuine), now);
}

function refusedOf({ hours }: Series): Content {
  const count = hours.reduce((sum, { bad }) => sum + bad, 0);
  return count === 0 ? "0" : status("warning", count.toLocaleString("en"));
}
