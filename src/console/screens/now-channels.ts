import { retriesOf } from "../../concern/provider-retries.ts";
import { MINUTE_MS } from "../../concern/words.ts";
import { formatDuration } from "../../domain/quantity.ts";
import type { RequestTally } from "../../store/port/reads.ts";
import { figuresOf, hourly, type Series, sparkline } from "../elements/chart.ts";
import { addressOf } from "../elements/form.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";
import { CHART_HOURS, DAYS } from "./now-span.ts";

/** Each channel: what came over it. */

interface ChannelRow {
  source: string;
  channel: string;
  provider: string;
  tallies: readonly RequestTally[];
  series: Series;
}

export function channelList(tallies: readonly RequestTally[], { parts, now }: Visit): Html {
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
        { heading: "on average", cell: ({ tallies: own }) => averageGap(own, now) },
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

/** Between two genuine requests, since the first of them in these days. */
function averageGap(tallies: readonly RequestTally[], now: number): Content {
  const genuine = tallies.filter(({ outcome }) => outcome !== "refused");
  const count = genuine.reduce((sum, one) => sum + one.count, 0);
  const gap = (now - Math.min(...genuine.map(({ hour }) => hour))) / count;
  if (count < MIN_FOR_AVERAGE) return html`<span class="note">too few to say</span>`;
  return `one every ${formatDuration(Math.max(1_000, rounded(gap)))}`;
}

const MIN_FOR_AVERAGE = 10;

/** To whole minutes, or seconds below two minutes. */
function rounded(milliseconds: number): number {
  const unit = milliseconds < 2 * MINUTE_MS ? 1_000 : MINUTE_MS;
  return Math.round(milliseconds / unit) * unit;
}

function refusedOf({ hours }: Series): Content {
  const count = hours.reduce((sum, { bad }) => sum + bad, 0);
  return count === 0 ? "0" : status("warning", count.toLocaleString("en"));
}

/** How long each provider would repeat what it could not deliver. */
export function outageBudget({ parts, now }: Visit): Content {
  const providers = new Map(parts.config().channels.map(({ source, mapping }) => [source, mapping]));
  if (providers.size === 0) return null;
  const rows = [...providers].map(([source, { provider }]) => ({ source, retries: retriesOf(provider) }));
  return section(
    "If this bridge stopped now",
    table(
      "How long each source would repeat its posts",
      [
        { heading: "source", isName: true, cell: ({ source }) => source },
        {
          heading: "gives up",
          cell: ({ retries: { givesUpAfter } }) =>
            givesUpAfter === null ? "not published" : momentAndWhen(wholeMinute(now + givesUpAfter), now),
        },
        { heading: "remark", cell: ({ retries: { remark } }) => (remark === null ? "–" : `${remark}.`) },
      ],
      rows,
    ),
  );
}

/** So that a live page changes once a minute for this, and not all the time. */
function wholeMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}
