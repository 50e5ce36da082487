import { z } from "zod";
import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import type { Channel } from "../../inbound/channel.ts";
import { type TableWord, type TableWords, wordsOf } from "../../mapping/words.ts";
import { moment, parseInput } from "../../web/input.ts";
import { fromText, indexOf, keyOf, look, type Sighting, type Sightings, toText } from "../coverage.ts";
import { benchTabs, goOnForm, select, sourcesOf } from "../elements/bench.ts";
import { eventPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import { pageByPage } from "../page-by-page.ts";
import type { Fields, Screen, Visit } from "../screen.ts";
import { SPANS } from "./bench-diff.ts";

/**
 * Which words of a mapping's tables occur in the recorded events: as many events as an answer has time for,
 * with the rest page by page. It stores nothing.
 */

export const benchWordsScreen: Screen = {
  path: "/bench/words",
  section: "bench",
  method: "post",
  async show(visit, form) {
    const fields = { ...visit.query, ...form };
    const sources = sourcesOf(visit);
    const [first] = sources.keys();
    const channel = sources.get(fields.source || (first ?? ""));
    if (!channel)
      return {
        title: "Mapping bench",
        sentence: "No source is shown.",
        body: html`${benchTabs("/bench/words")}${empty({ what: fields.source ? "This source is not configured." : "No source is configured.", next: html`<a href="/bench/words">Choose one that is</a>, or add it to the configuration.` })}`,
        live: false,
      };
    const { file, text } = channel.mapping.source;
    const all = wordsOf(text, file);
    const { words } = all;
    const looked = await lookAtSome(visit, channel, all, fields);
    return {
      title: "Mapping bench",
      sentence: sentenceOf(words, looked, channel),
      body: html`${benchTabs("/bench/words")}
${filterOf([...sources.keys()], channel.source, fields)}
${unknownOf(looked, visit)}
${tablesOf(words, looked, visit)}
${looked.next !== null && goOn(channel, fields, looked)}`,
      live: false,
    };
  },
};

interface Looked {
  sightings: Sightings;
  events: number;
  /** Cursor of the next page; null: all were looked at. */
  next: string | null;
}

const Wish = (now: number) =>
  z.object({
    since: moment(now),
    cursor: z.string().optional(),
    seen: z.string().optional(),
    events: z.coerce.number().int().min(0).default(0),
  });

/** Events of one call to the store, of one page, and the time after which a page ends. */
const PER_CALL = 500;
const MAX_EVENTS = 10_000;
const MAX_MS = 1_000;

async function lookAtSome(
  visit: Visit,
  { source }: Channel,
  words: TableWords,
  fields: Fields,
): Promise<Looked> {
  const { store, clock } = visit.parts;
  const wish = parseInput(Wish(visit.now), { ...fields, since: fields.since || "30d" });
  const index = indexOf(words);
  const sightings = wish.seen ? fromText(wish.seen) : { seen: new Map(), unknown: new Map() };
  if (!sightings)
    throw new CountersignError("bad_request", "the form does not go on with a search: begin again");
  const next = await pageByPage(
    wish.cursor || undefined,
    { clock, maxRows: MAX_EVENTS, maxMs: MAX_MS },
    (cursor) => store.findEvents({ source, from: wish.since }, { cursor, limit: PER_CALL, order: "newest" }),
    ({ items, searched }) => {
      look(items, index, sightings);
      wish.events += items.length;
      return searched ?? items.length;
    },
  );
  return { sightings, events: wish.events, next };
}

function sentenceOf(
  words: readonly TableWord[],
  { sightings, events, next }: Looked,
  { source }: Channel,
): Content {
  const told = words.filter(({ types }) => types.length > 0);
  const seen = told.filter((word) => sightings.seen.has(keyOf(word))).length;
  const { size } = sightings.unknown;
  const unknown =
    size === 0
      ? "no word is unknown"
      : html`<strong>${plural(size, "word")} ${size === 1 ? "is" : "are"} unknown</strong>`;
  const looked = `${plural(events, "event")} of ${source}${next === null ? "" : " looked at so far"}`;
  return html`In ${looked}, ${seen} of ${told.length} words of the tables occur, and ${unknown}.`;
}

function filterOf(sources: readonly string[], source: string, { since }: Fields): Html {
  return html`<form class="filters" method="get" action="/bench/words" role="search" aria-label="Filter" data-filters>
${select(
  "source",
  "Source",
  sources.map((one) => [one, one]),
  source,
)}
${select("since", "Events of", SPANS, since || "30d")}
<button>Filter</button></form>`;
}

function unknownOf({ sightings }: Looked, { now }: Visit): Content {
  if (sightings.unknown.size === 0) return null;
  const rows = [...sightings.unknown].sort(([, a], [, b]) => b.count - a.count);
  return section(
    "Words that no table has",
    html`<p>Each became an event of type <code>unknown</code>, and was forwarded: add it to a table.</p>
${table(
  "Words that no table has",
  [
    { heading: "word", isName: true, cell: ([word]) => html`<code>${foreign(word, 120)}</code>` },
    { heading: "events", isFigure: true, cell: ([, { count }]) => count.toLocaleString("en") },
    { heading: "newest", cell: ([, one]) => newest(one, now) },
  ],
  rows,
)}`,
  );
}

function newest({ newest, event }: Sighting, now: number): Html {
  return html`<a href="${eventPage(event)}">${when(newest, now)}</a>`;
}

function tablesOf(words: readonly TableWord[], looked: Looked, visit: Visit): Content {
  const tables = Object.entries(Object.groupBy(words, ({ table }) => table));
  return tables.map(([name, some = []]) => section(`Table ${name}`, tableOf(name, some, looked, visit)));
}

function tableOf(
  name: string,
  words: readonly TableWord[],
  { sightings, next }: Looked,
  { now }: Visit,
): Html {
  const of = (word: TableWord) => sightings.seen.get(keyOf(word));
  return table(
    `Words of the table ${name}`,
    [
      { heading: "word", isName: true, cell: ({ word }) => html`<code>${foreign(word, 80)}</code>` },
      {
        heading: "means",
        cell: ({ types }) => (types.length === 0 ? "ignored" : html`<code>${types.join(", ")}</code>`),
      },
      { heading: "in the provider's words", cell: ({ meanings }) => foreign(meanings.join("; "), 100) },
      {
        heading: "occurs",
        cell: (word) =>
          word.types.length === 0
            ? status("quiet", "makes no event")
            : of(word)
              ? status("good", "yes")
              : status("quiet", next === null ? "never" : "not so far"),
      },
      { heading: "events", isFigure: true, cell: (word) => of(word)?.count.toLocaleString("en") },
      {
        heading: "newest",
        cell: (word) => {
          const one = of(word);
          return one && newest(one, now);
        },
      },
      { heading: "line", isFigure: true, cell: ({ line }) => line },
    ],
    words,
  );
}

function goOn({ source }: Channel, { since = "" }: Fields, { next, sightings, events }: Looked): Html {
  const kept = { source, since, cursor: next ?? "", seen: toText(sightings), events: String(events) };
  return goOnForm("/bench/words", kept, "Look at older events");
}
