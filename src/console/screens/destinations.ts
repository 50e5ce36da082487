import { plural } from "../../domain/quantity.ts";
import { HOUR_MS, hourOf } from "../../domain/tally.ts";
import type { DeliveryTally } from "../../store/port/reads.ts";
import { type DestinationView, findDestinations } from "../../web/find-destinations.ts";
import { figuresOf, sparkline } from "../elements/chart.ts";
import { addressOf } from "../elements/form.ts";
import { bucketAt, bucketsOf, latencyText } from "../elements/latency.ts";
import { destinationPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { table } from "../elements/table.ts";
import { when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen } from "../screen.ts";
import { attemptsTo, destinationState, lastAttempt } from "./now-destinations.ts";
import { CHART_HOURS, DAYS } from "./now-span.ts";

/** All destinations, with how each takes what is sent. */
export const destinationsScreen: Screen = {
  path: "/destinations",
  section: "destinations",
  async show({ parts, now }) {
    const [destinations, { deliveries }] = await Promise.all([
      findDestinations(parts),
      parts.store.tallies({ from: now - DAYS * 24 * HOUR_MS }),
    ]);
    return {
      title: "Destinations",
      sentence: sentenceOf(destinations),
      body:
        destinations.length === 0
          ? empty({
              what: "There is no destination.",
              next: html`Events are stored and forwarded to nobody: add one to <code>destinations</code> of the configuration, then <a href="/configuration">reload it</a>.`,
            })
          : list(destinations, deliveries, now),
      live: true,
    };
  },
};

function sentenceOf(destinations: readonly DestinationView[]): Content {
  const failing = destinations.filter(({ breaker }) => breaker?.probeAt != null).length;
  const paused = destinations.filter((one) => one.paused !== null).length;
  const gone = destinations.filter(({ configured }) => !configured).length;
  const trouble = [
    ...(failing > 0 ? [`${failing} ${failing === 1 ? "fails" : "fail"} and gets probes only`] : []),
    ...(paused > 0 ? [`${paused} ${paused === 1 ? "is" : "are"} paused`] : []),
    ...(gone > 0 ? [`${gone} ${gone === 1 ? "is" : "are"} not configured any more`] : []),
  ];
  const count = plural(destinations.length, "destination");
  if (trouble.length === 0)
    return destinations.length === 0 ? "Nothing is sent." : `${count}, and each takes what is sent.`;
  return html`<strong>Of ${count} ${trouble.join(", ")}.</strong>`;
}

function list(
  destinations: readonly DestinationView[],
  tallies: readonly DeliveryTally[],
  now: number,
): Html {
  const series = new Map(destinations.map(({ name }) => [name, attemptsTo(name, tallies, now)]));
  const latency = (name: string, quantile: number) =>
    latencyText(bucketAt(latencies(name, tallies, now), quantile));
  return html`${table(
    "Destinations",
    [
      {
        heading: "destination",
        isName: true,
        cell: ({ name }: DestinationView) => html`<a data-row href="${destinationPage(name)}">${name}</a>`,
      },
      { heading: "state", cell: (one: DestinationView) => destinationState(one, now) },
      {
        heading: "open",
        isFigure: true,
        cell: ({ name, open }: DestinationView) =>
          html`<a href="${addressOf("/deliveries", { destination: name })}">${open.toLocaleString("en")}</a>`,
      },
      {
        heading: "oldest",
        cell: ({ oldest }: DestinationView) => (oldest === null ? "–" : when(oldest, now)),
      },
      { heading: "last attempt", cell: ({ name }: DestinationView) => lastAttempt(name, tallies, now) },
      { heading: "p50, 24 h", isFigure: true, cell: ({ name }: DestinationView) => latency(name, 0.5) },
      { heading: "p99", isFigure: true, cell: ({ name }: DestinationView) => latency(name, 0.99) },
      {
        heading: "24 hours",
        cell: ({ name }: DestinationView) => {
          const own = series.get(name);
          return own && sparkline(own);
        },
      },
    ],
    destinations,
  )}${figuresOf("Attempts by hour", [...series.values()])}`;
}

/** The latency buckets of the last day. */
function latencies(name: string, tallies: readonly DeliveryTally[], now: number): number[] {
  const first = hourOf(now) - (CHART_HOURS - 1) * HOUR_MS;
  return bucketsOf(tallies.filter(({ destination, hour }) => destination === name && hour >= first));
}
