import { formatMoment } from "../../domain/moment.ts";
import { HOUR_MS } from "../../domain/tally.ts";
import type { DeliveryTally } from "../../store/port/reads.ts";
import { figuresOf, hourly, inParts, type Series, sparkline } from "../elements/chart.ts";
import { bucketAt, bucketsOf, type Latency, latencyChart, latencyText } from "../elements/latency.ts";
import { section, table } from "../elements/table.ts";
import { type Content, html } from "../html.ts";

/** What became of the attempts to a destination, and how long they took, over a day and a week. */

const HEIGHT = 72;
const DAY = { hours: 24, part: 1, bar: 11, span: "24 hours" };
const WEEK = { hours: 168, part: 4, bar: 7, span: "7 days" };
type Span = typeof DAY;

/** `tallies`: of this destination alone. */
export function chartsOf(name: string, tallies: readonly DeliveryTally[], now: number): Content {
  const [day, week] = [DAY, WEEK].map((span) => ({
    span,
    series: seriesOf(name, tallies, now, span),
    latency: latencyOf(tallies, now, span),
  }));
  if (!day || !week) return null;
  return html`${section(
    "Attempts",
    html`<div class="charts">${[day, week].map(({ span, series }) => figure(`Last ${span.span}: ${summaryOf(series)}`, sparkline(series, HEIGHT, span.bar)))}</div>
${figuresOf("Attempts by hour", [day.series, week.series])}`,
  )}
${section(
  "How long they took",
  html`<div class="charts">${[day, week].map(({ span, latency }) => figure(`Last ${span.span}: half of them ${halfOf(tallies, now, span, 0.5)}, 99 of 100 ${halfOf(tallies, now, span, 0.99)}`, latencyChart(`Duration of attempts to ${name}, ${span.span}: median and 99th percentile`, latency, span.bar + 1)))}</div>
${latencyTable([...day.latency])}`,
)}`;
}

function figure(caption: Content, chart: Content): Content {
  return html`<figure><figcaption>${caption}</figcaption>${chart}</figure>`;
}

function summaryOf({ hours, good, bad }: Series): string {
  const sum = (key: "good" | "bad") => hours.reduce((total, one) => total + one[key], 0).toLocaleString("en");
  return `${sum("good")} ${good}, ${sum("bad")} ${bad}`;
}

function seriesOf(
  name: string,
  tallies: readonly DeliveryTally[],
  now: number,
  { hours, part, span }: Span,
): Series {
  const counts = tallies.map(({ hour, count, outcome }) => ({
    hour,
    count,
    isGood: outcome === "delivered",
  }));
  const parts = inParts(hourly(counts, now, hours), part);
  return { label: `Attempts to ${name}`, good: "delivered", bad: "failed or parked", hours: parts, span };
}

function latencyOf(tallies: readonly DeliveryTally[], now: number, { hours, part }: Span): Latency[] {
  return inParts(hourly([], now, hours), part).map(({ hour }) => {
    const own = tallies.filter((one) => one.hour >= hour && one.hour < hour + part * HOUR_MS);
    const sums = bucketsOf(own);
    return { hour, half: bucketAt(sums, 0.5), most: bucketAt(sums, 0.99) };
  });
}

function halfOf(tallies: readonly DeliveryTally[], now: number, { hours }: Span, quantile: number): string {
  const [first] = hourly([], now, hours);
  return latencyText(bucketAt(bucketsOf(tallies.filter(({ hour }) => hour >= (first?.hour ?? 0))), quantile));
}

function latencyTable(times: readonly Latency[]): Content {
  const rows = times.filter(({ half }) => half !== null);
  if (rows.length === 0) return null;
  return html`<details class="figures"><summary>The figures behind the charts of the last day</summary>${table(
    "Duration of attempts by hour",
    [
      { heading: "hour (UTC)", isName: true, cell: ({ hour }) => formatMoment(hour).slice(0, 16) },
      { heading: "p50", isFigure: true, cell: ({ half }) => latencyText(half) },
      { heading: "p99", isFigure: true, cell: ({ most }) => latencyText(most) },
    ],
    rows,
  )}</details>`;
}
