import { formatMoment } from "../../domain/moment.ts";
import { HOUR_MS, hourOf } from "../../domain/tally.ts";
import { type Html, html } from "../html.ts";
import { table } from "./table.ts";

/** Charts as SVG, with the figures in a table behind. */

/** What there was in an hour. */
export interface Hourly {
  /** Its start, milliseconds since 1970. */
  hour: number;
  good: number;
  bad: number;
}

export interface Series {
  /** What is counted, such as `Attempts to crm`. */
  label: string;
  /** Such as `delivered` and `failed`. */
  good: string;
  bad: string;
  hours: readonly Hourly[];
  /** How long that is; absent: as many hours. */
  span?: string;
}

/** The same counts in fewer parts, each of so many hours. */
export function inParts(hours: readonly Hourly[], length: number): Hourly[] {
  return Array.from({ length: Math.ceil(hours.length / length) }, (_, index) => {
    const part = hours.slice(index * length, (index + 1) * length);
    return {
      hour: part[0]?.hour ?? 0,
      good: part.reduce((sum, { good }) => sum + good, 0),
      bad: part.reduce((sum, { bad }) => sum + bad, 0),
    };
  });
}

/** One entry for each of the last `count` hours, with the counts added up. */
export function hourly(
  tallies: readonly { hour: number; count: number; isGood: boolean }[],
  now: number,
  count = 24,
): Hourly[] {
  const first = hourOf(now) - (count - 1) * HOUR_MS;
  const hours = Array.from({ length: count }, (_, index) => ({
    hour: first + index * HOUR_MS,
    good: 0,
    bad: 0,
  }));
  for (const { hour, count, isGood } of tallies) {
    const place = hours[(hour - first) / HOUR_MS];
    if (place) place[isGood ? "good" : "bad"] += count;
  }
  return hours;
}

const BAR = 5;
const GAP = 1;

/** Bars of one line's height: the good ones below, the bad ones above them. */
export function sparkline(series: Series, height = 20, bar = BAR): Html {
  const { label, good, bad, hours, span = `${hours.length} hours` } = series;
  const most = Math.max(1, ...hours.map((one) => one.good + one.bad));
  const total = (key: "good" | "bad") => hours.reduce((sum, one) => sum + one[key], 0).toLocaleString("en");
  const width = hours.length * (bar + GAP) - GAP;
  const title = `${label}, ${span}: ${total("good")} ${good}, ${total("bad")} ${bad}`;
  return html`<svg class="chart" role="img" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${title}</title><line class="base" x1="0" x2="${width}" y1="${height - 0.5}" y2="${height - 0.5}"/>${hours.map(
    (one, index) => column(one, { x: index * (bar + GAP), width: bar, most, height }),
  )}</svg>`;
}

interface Place {
  x: number;
  width: number;
  /** The largest count of all columns. */
  most: number;
  height: number;
}

function column({ good, bad }: Hourly, { x, width, most, height }: Place): Html {
  const lengthOf = (count: number) => (count === 0 ? 0 : Math.max(1.5, (count / most) * (height - 1)));
  const [goodLength, badLength] = [lengthOf(good), lengthOf(bad)];
  const scale = Math.min(1, (height - 1) / Math.max(1, goodLength + badLength));
  const [lower, upper] = [goodLength * scale, badLength * scale].map((length) => Number(length.toFixed(1)));
  return html`${lower ? html`<rect class="good" x="${x}" y="${(height - lower).toFixed(1)}" width="${width}" height="${lower}"/>` : ""}${upper ? html`<rect class="bad" x="${x}" y="${(height - (lower ?? 0) - upper).toFixed(1)}" width="${width}" height="${upper}"/>` : ""}`;
}

/** The figures of several charts, by hour, behind a summary. Hours without any are left out. */
export function figuresOf(caption: string, all: readonly Series[]): Html {
  const rows = all.flatMap(({ label, good, bad, hours }) =>
    hours
      .filter((one) => one.good + one.bad > 0)
      .map((one) => ({ label, goodWord: good, badWord: bad, ...one })),
  );
  if (rows.length === 0) return html``;
  return html`<details class="figures"><summary>The figures behind the charts</summary>${table(
    caption,
    [
      { heading: "what", cell: ({ label }) => label, isName: true },
      { heading: "hour (UTC)", cell: ({ hour }) => formatMoment(hour).slice(0, 16) },
      {
        heading: "well",
        cell: ({ good, goodWord }) => `${good.toLocaleString("en")} ${goodWord}`,
        isFigure: true,
      },
      {
        heading: "not well",
        cell: ({ bad, badWord }) => `${bad.toLocaleString("en")} ${badWord}`,
        isFigure: true,
      },
    ],
    rows,
  )}</details>`;
}
