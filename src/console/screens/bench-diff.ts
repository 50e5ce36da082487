import { z } from "zod";
import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import { type Channel, channelAt } from "../../inbound/channel.ts";
import { compareInTurns, DIFFERENCES, type Difference } from "../../inbound/compare.ts";
import type { Mapping } from "../../mapping/compile.ts";
import { moment, parseInput } from "../../web/input.ts";
import { benchTabs, goOnForm, mistakesOf, select, sourcesOf, textarea } from "../elements/bench.ts";
import { noMatch } from "../elements/notice.ts";
import { section, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { moment as momentOf } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import { pageByPage } from "../page-by-page.ts";
import { type PastedMapping, readPasted } from "../pasted.ts";
import type { Fields, Screen, Visit } from "../screen.ts";
import { differenceKind, differencesOf } from "./bench-differences.ts";

/**
 * What a new mapping would change in days of kept requests: as many as an answer has time for, with the rest
 * page by page. It stores nothing.
 */

export const benchDiffScreen: Screen = {
  path: "/bench/diff",
  section: "bench",
  method: "post",
  async show(visit, form) {
    const fields = { ...visit.query, ...form };
    const channel = sourcesOf(visit).get(fields.source ?? "");
    const next = channel ? readPasted(fields.next, channel.mapping.provider) : null;
    const compared =
      channel && next?.mapping ? await compareSome(visit, channel, next.mapping, fields) : null;
    return {
      title: "Mapping bench",
      sentence: compared
        ? sentenceOf(compared, channel)
        : next
          ? "The pasted mapping is not good, so nothing was compared."
          : "Paste a mapping to see what it would change in days of kept requests.",
      body: html`${benchTabs("/bench/diff")}
${next && !next.mapping && section("Mistakes", mistakesOf(next))}
${compared && resultOf(compared, fields, next)}
${section(compared ? "Compare again" : "A new mapping", formOf(visit, fields))}`,
      live: false,
    };
  },
};

/** What was found so far, over all pages. */
const SoFar = z.strictObject({
  requests: z.int().min(0),
  same: z.int().min(0),
  kinds: z.partialRecord(z.enum(DIFFERENCES), z.int()),
  /** How many events change in a part, by the part. */
  fields: z.record(z.string(), z.int()),
});
type SoFar = z.output<typeof SoFar>;

const NOTHING: SoFar = { requests: 0, same: 0, kinds: {}, fields: {} };

interface Compared {
  soFar: SoFar;
  /** Of this page. */
  differences: readonly Difference[];
  /** The newest request of the page, and the oldest; null: it has none. */
  span: { from: number; until: number } | null;
  /** Cursor of the next page; null: all were compared. */
  next: string | null;
}

const Wish = (now: number) =>
  z.object({
    since: moment(now),
    cursor: z.string().optional(),
    sofar: z.string().optional(),
  });

/** Requests of one call to the store, of one page, and the time after which a page ends. */
const PER_CALL = 50;
const MAX_REQUESTS = 500;
const MAX_MS = 1_500;

async function compareSome(
  visit: Visit,
  { source }: Channel,
  next: Mapping,
  fields: Fields,
): Promise<Compared> {
  const { store, clock, config } = visit.parts;
  const { since, cursor, sofar } = parseInput(Wish(visit.now), { ...fields, since: fields.since || "7d" });
  const soFar = structuredClone(readSoFar(sofar));
  const differences: Difference[] = [];
  let span = null as Compared["span"];
  const rest = await pageByPage(
    cursor || undefined,
    { clock, maxRows: MAX_REQUESTS, maxMs: MAX_MS },
    (at) => store.findReceipts({ source, from: since }, { cursor: at, limit: PER_CALL, order: "newest" }),
    async ({ items }) => {
      for (const { id, receivedAt } of items) {
        const found = await compareOne(visit, id, next, config().channels);
        if (!found) continue;
        span = { from: receivedAt, until: span?.until ?? receivedAt };
        count(soFar, found);
        differences.push(...found);
      }
      return items.length;
    },
  );
  return { soFar, differences, span, next: rest };
}

function readSoFar(text: string | undefined): SoFar {
  if (!text) return NOTHING;
  try {
    return SoFar.parse(JSON.parse(text));
  } catch {
    throw new CountersignError("bad_request", "the form does not go on with a comparison: begin again");
  }
}

/** Null: it is gone meanwhile, or its channel is no longer configured. */
async function compareOne(
  { parts }: Visit,
  id: string,
  next: Mapping,
  channels: readonly Channel[],
): Promise<Difference[] | null> {
  const receipt = await parts.store.findReceipt(id);
  const channel = receipt && channelAt(channels, receipt);
  return channel ? compareInTurns(receipt, channel, next, channel) : null;
}

function count(soFar: SoFar, found: readonly Difference[]): void {
  soFar.requests += 1;
  if (found.length === 0) soFar.same += 1;
  for (const { kind, fields } of found) {
    soFar.kinds[kind] = (soFar.kinds[kind] ?? 0) + 1;
    for (const field of fields) soFar.fields[field] = (soFar.fields[field] ?? 0) + 1;
  }
}

function sentenceOf({ soFar, next }: Compared, channel: Channel | undefined): Content {
  const { requests, same, kinds } = soFar;
  const [vanish = 0, fail = 0] = [kinds.vanishes, kinds.fails];
  const lost = [
    ...(vanish > 0 ? [`${plural(vanish, "event")} would vanish`] : []),
    ...(fail > 0 ? [`${plural(fail, "reading")} would fail`] : []),
  ].join(", and ");
  const verdict =
    requests === same
      ? "all would be read the same"
      : html`${(requests - same).toLocaleString("en")} would be read differently: ${lost === "" ? "nothing would be lost" : html`<strong>${lost}</strong>`}`;
  return html`Of ${plural(requests, "kept request")} of ${channel?.source ?? ""}${next !== null && " compared so far"}, ${verdict}.`;
}

function resultOf(compared: Compared, fields: Fields, next: PastedMapping | null): Html {
  const { soFar, differences, span, next: cursor } = compared;
  if (soFar.requests === 0 && cursor === null)
    return noMatch({
      what: "No kept request matches.",
      next: html`Choose a longer time, or look which <a href="/requests">requests</a> are kept.`,
    });
  const isAll = cursor === null && differences.length > 0;
  const fieldCounts = Object.entries(soFar.fields).sort(([, a], [, b]) => b - a);
  return html`${table(
    "Counts",
    [
      {
        heading: "what",
        isName: true,
        cell: ({ kind }) => (kind === null ? "requests that are read the same" : differenceKind(kind)),
      },
      { heading: "count", isFigure: true, cell: ({ count }) => count.toLocaleString("en") },
    ],
    [
      { kind: null, count: soFar.same },
      ...DIFFERENCES.map((kind) => ({ kind, count: soFar.kinds[kind] ?? 0 })),
    ],
  )}
${
  fieldCounts.length > 0 &&
  section(
    "Parts that change",
    table(
      "Parts that change",
      [
        { heading: "part", isName: true, cell: ([name]) => html`<code>${foreign(name, 80)}</code>` },
        { heading: "events", isFigure: true, cell: ([, count]) => count.toLocaleString("en") },
      ],
      fieldCounts,
    ),
  )
}
${
  span &&
  section(
    isAll ? "Differences" : "Differences of these requests",
    html`<p class="note">Requests that came from ${momentOf(span.from)} to ${momentOf(span.until)}.</p>
${differencesOf(differences, { showsRequests: true })}`,
  )
}
${cursor !== null && goOn(fields, next, cursor, soFar)}`;
}

function goOn(fields: Fields, next: PastedMapping | null, cursor: string, soFar: SoFar): Html {
  const kept = {
    source: fields.source ?? "",
    since: fields.since ?? "",
    next: next?.text ?? "",
    ...{ cursor, sofar: JSON.stringify(soFar) },
  };
  return goOnForm("/bench/diff", kept, "Go on with older requests");
}

export const SPANS = [
  ["1d", "the last day"],
  ["7d", "the last 7 days"],
  ["30d", "the last 30 days"],
  ["90d", "the last 90 days"],
] as const;

function formOf(visit: Visit, fields: Fields): Html {
  const sources = [...sourcesOf(visit).keys()];
  const chosen = fields.source ?? sources[0] ?? "";
  const present = sourcesOf(visit).get(chosen)?.mapping.source.text ?? "";
  const next = fields.next ?? (fields.edit === "present" ? present : "");
  return html`<form class="bench" method="post" action="/bench/diff">
<div class="row">${select(
    "source",
    "Source",
    sources.map((one) => [one, one]),
    chosen,
  )}
${select("since", "Requests of", SPANS, fields.since || "7d")}</div>
${textarea("next", html`The new mapping as YAML; nothing of it is stored. Begin with the one in force of ${sources.map((one, index) => html`${index > 0 && ", "}<a href="/bench/diff?source=${encodeURIComponent(one)}&amp;edit=present">${one}</a>`)}`, next, 20)}
<button>Compare</button>
</form>`;
}
