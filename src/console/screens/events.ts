import { EVENT_TYPES, type Event } from "../../domain/event.ts";
import { describeEvent } from "../../web/explain-words.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { EventQuery } from "../../web/queries.ts";
import { type Choice, channelChoices, isFiltered, sinceChoice } from "../elements/form.ts";
import { documentPage, eventPage } from "../elements/links.ts";
import { countOf, listHead, pager } from "../elements/list.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { table } from "../elements/table.ts";
import { foreign, identifier } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Screen, Visit } from "../screen.ts";

const PAGE = 50;

/** Events of all documents. */
export const eventsScreen: Screen = {
  path: "/events",
  section: "events",
  async show(visit) {
    const { store, query, now } = visit;
    const given = withoutEmpty(query);
    const { page, filter } = splitList(parseInput(EventQuery(now), { limit: String(PAGE), ...given }));
    const found = await store.findEvents(filter, page);
    const choices = choicesOf(visit);
    const isNarrow = isFiltered(choices, given);
    const count = found.items.length;
    return {
      title: "Events",
      sentence:
        count === 0
          ? "No event is shown."
          : html`${countOf(count, found.next, "event")}${isNarrow ? (count === 1 ? " matches" : " match") : ""}, the newest first${found.items[0] && html`: the newest was recorded ${when(Date.parse(found.items[0].recordedAt), now)}`}.`,
      body: html`${await listHead(visit, "/events", { choices, given })}
${count > 0 ? list(found.items, now) : nothing(isNarrow, found.next)}
${pager(visit, found, "events")}`,
      live: true,
    };
  },
};

function choicesOf(visit: Visit): Choice[] {
  return [
    { name: "document", label: "Document", placeholder: "id of a document", isSearch: true },
    { name: "type", label: "Type", options: EVENT_TYPES.map((one) => [one, one]) },
    ...channelChoices(visit),
    sinceChoice("Recorded"),
  ];
}

function list(events: readonly Event[], now: number): Content {
  return table(
    "Events",
    [
      {
        heading: "event",
        isName: true,
        cell: (event) =>
          html`<a data-row href="${eventPage(event.id)}">${foreign(describeEvent(event), 120)}</a>`,
      },
      { heading: "type", cell: ({ type }) => html`<code>${type}</code>` },
      {
        heading: "document",
        cell: ({ document, source }) =>
          document
            ? html`<a href="${documentPage(source, document.id)}">${foreign(document.title ?? document.id, 50)}</a>`
            : html`<span class="note">not known</span>`,
      },
      { heading: "over", cell: ({ source, channel }) => `${source}/${channel}` },
      { heading: "happened", cell: ({ time }) => when(Date.parse(time), now) },
      { heading: "recorded", cell: ({ recordedAt }) => when(Date.parse(recordedAt), now) },
      { heading: "id", cell: ({ id }) => identifier(id) },
    ],
    events,
  );
}

function nothing(isNarrow: boolean, next: string | null): Content {
  if (next !== null)
    return noMatch({
      what: "Nothing matches in what was looked at so far.",
      next: "There are more events to look at: search on below.",
    });
  if (isNarrow)
    return noMatch({
      what: "No event matches.",
      next: html`<a href="/events">Show all events</a>, or <a href="/documents">search the document</a> first.`,
    });
  return empty({
    what: "No event is recorded yet.",
    next: html`Point a provider at this bridge, or try it with <code>countersign simulate</code>; <a href="/requests">Requests</a> shows whether anything came in.`,
  });
}
