import type { Channel } from "../../inbound/channel.ts";
import { MAX_TRACED, type Preview, type PreviewItem } from "../../inbound/preview.ts";
import type { Origin } from "../../mapping/trace.ts";
import { describeEvent } from "../../web/explain-words.ts";
import { eventPage } from "../elements/links.ts";
import { status } from "../elements/status.ts";
import { type Column, section, table } from "../elements/table.ts";
import { codeBlock, foreign, identifier } from "../elements/text.ts";
import { moment } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";
import { problemsOf } from "./problems.ts";

/** What a request turns into, part by part and event by event. */

export interface Reading {
  channel: Channel;
  present: Preview;
  /** By a second mapping; null: there is none. */
  other: Preview | null;
  showsValues: boolean;
}

export async function readingOf(reading: Reading, visit: Visit): Promise<Html> {
  const { present, other } = reading;
  return html`${await eventsOf("Events", present, reading, visit)}
${other && (await eventsOf("Events by the pasted mapping", other, reading, visit))}
${unreadOf("What could not be read", present, reading)}
${other && unreadOf("What the pasted mapping could not read", other, reading)}
${section("Which line made each part", linesOf(reading))}
${reading.showsValues && section("As JSON", jsonOf(reading))}`;
}

function unreadOf(heading: string, { problems }: Preview, { showsValues }: Reading): Content {
  if (problems.length === 0) return null;
  return section(heading, problemsOf(problems, { showsPersonalData: showsValues }, heading));
}

const MAX_EVENTS = 50;

async function eventsOf(
  heading: string,
  { items }: Preview,
  { showsValues }: Reading,
  { store }: Visit,
): Promise<Html> {
  const all = items.flatMap(({ item, events }) => events.map((event) => ({ item, event })));
  const repeats = items.reduce((sum, { duplicates }) => sum + duplicates.length, 0);
  const silent = items.filter(({ events, duplicates }) => events.length + duplicates.length === 0).length;
  const rest = [
    ...(repeats > 0 ? [`${repeats.toLocaleString("en")} told again within the request`] : []),
    ...(silent > 0
      ? [`${silent.toLocaleString("en")} of ${items.length.toLocaleString("en")} items without an event`]
      : []),
    ...(all.length > MAX_EVENTS
      ? [`the first ${MAX_EVENTS} of ${all.length.toLocaleString("en")} are shown`]
      : []),
  ].join("; ");
  if (all.length === 0)
    return section(
      heading,
      html`<p>None: each word is ignored, or could not be read. ${rest !== "" && html`<span class="note">${rest}.</span>`}</p>`,
    );
  const rows = await Promise.all(
    all
      .slice(0, MAX_EVENTS)
      .map(async (row) => ({ ...row, isKept: (await store.findEvent(row.event.id)) !== null })),
  );
  const list = table(
    heading,
    [
      {
        heading: "event",
        isName: true,
        cell: ({ event }) => (showsValues ? foreign(describeEvent(event), 120) : event.type),
      },
      { heading: "type", cell: ({ event }) => html`<code>${event.type}</code>` },
      { heading: "item", isFigure: true, cell: ({ item }) => item },
      { heading: "happened", cell: ({ event }) => moment(Date.parse(event.time)) },
      {
        heading: "id",
        cell: ({ event, isKept }) => identifier(event.id, isKept ? eventPage(event.id) : undefined),
      },
      { heading: "recorded", cell: ({ isKept }) => (isKept ? status("good", "yes") : status("quiet", "no")) },
    ],
    rows,
  );
  return section(heading, html`${list}${rest !== "" && html`<p class="note">${rest}.</p>`}`);
}

/** A part as both mappings read it. */
interface Row {
  part: string;
  now: Origin | null;
  next: Origin | null;
}

function linesOf(reading: Reading): Content {
  const { present, other } = reading;
  const count = Math.min(MAX_TRACED, Math.max(present.items.length, other?.items.length ?? 0));
  if (count === 0) return html`<p>No item was found in the request.</p>`;
  const more = Math.max(present.items.length, other?.items.length ?? 0) - count;
  return html`${Array.from({ length: count }, (_, index) => itemOf(index, count, reading))}
${more > 0 && html`<p class="note">And ${more.toLocaleString("en")} more items.</p>`}`;
}

function itemOf(index: number, count: number, reading: Reading): Content {
  const { present, other, showsValues } = reading;
  const rows = rowsOf(present.items[index], other?.items[index]);
  const name = count === 1 ? "Parts of the request" : `Parts of item ${index}`;
  const silent = present.items[index]?.events.length === 0 && ", of which no event comes";
  const heading = count > 1 && html`<h3>Item ${index}${silent}</h3>`;
  if (rows.length === 0)
    return html`${heading}<p>Nothing of it is read: it has no word of the tables’ kind, or is no object.</p>`;
  const value = (origin: Origin | null) =>
    origin === null
      ? html`<span class="note">nothing</span>`
      : showsValues || OPEN.test(origin.part)
        ? html`<span${MOMENT.test(origin.part) && html` class="report"`}>${foreign(origin.value, 120)}</span>`
        : html`<span class="note">hidden</span>`;
  const line = (origin: Origin | null) =>
    origin &&
    html`<span class="line"><span class="note">${origin.line}</span> <code>${foreign(origin.text, 140)}</code></span>`;
  const columns: Column<Row>[] = [
    { heading: "part", isName: true, cell: ({ part }) => html`<code>${foreign(part, 80)}</code>` },
    { heading: "value", cell: ({ now }) => value(now) },
    { heading: "line of the mapping", cell: ({ now }) => line(now) },
  ];
  const beside: Column<Row>[] = [
    {
      heading: "by the pasted one",
      cell: ({ now, next }) =>
        now?.value === next?.value
          ? status("good", "the same")
          : html`${status("warning", "differs:")} ${value(next)}`,
    },
    {
      heading: "its line",
      cell: ({ now, next }) => (now?.value === next?.value && now?.text === next?.text ? null : line(next)),
    },
  ];
  return html`${heading}${table(name, other ? [...columns, ...beside] : columns, rows)}`;
}

/** Parts whose values stand in one line. */
const MOMENT = /^(?:time|document\.expiresAt)$/;

/** Parts that say nothing of a person. */
const OPEN =
  /^(?:type|time|code\..*|document\.test|document\.expiresAt|signer(?:s\[\d+\])?\.(?:role|status))$/;

function rowsOf(now: PreviewItem | undefined, next: PreviewItem | undefined): Row[] {
  const rows = new Map<string, Row>();
  const add = (origins: readonly Origin[], which: "now" | "next") => {
    const counts = new Map<string, number>();
    for (const origin of origins) {
      const { part } = origin;
      const number = counts.get(part) ?? 0;
      counts.set(part, number + 1);
      const key = `${part} ${number}`;
      rows.set(key, { ...(rows.get(key) ?? { part, now: null, next: null }), [which]: origin });
    }
  };
  add(now?.origins ?? [], "now");
  add(next?.origins ?? [], "next");
  return [...rows.values()];
}

const MAX_JSON_ITEMS = 20;

function jsonOf({ present }: Reading): Html {
  const items = present.items.slice(0, MAX_JSON_ITEMS);
  const shown = (value: unknown, label: string) => codeBlock(JSON.stringify(value, null, 2), label);
  return html`<details><summary>Drafts: what each item says, before it is compared with what is known</summary>${shown(
    items.flatMap(({ drafts }) => drafts),
    "Drafts as JSON",
  )}</details>
<details><summary>Events, as if nothing were recorded before</summary>${shown(
    items.flatMap(({ events }) => events),
    "Events as JSON",
  )}</details>`;
}
