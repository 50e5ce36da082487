import type { EventHistory } from "../../store/port/reads.ts";
import { receivedAtOf } from "../../web/explain-rows.ts";
import { describeEvent, nameSigner } from "../../web/explain-words.ts";
import { deliveryCell } from "../elements/delivery.ts";
import { eventPage } from "../elements/links.ts";
import { status } from "../elements/status.ts";
import { type Column, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { moment } from "../elements/time.ts";
import { type Mark, timeline } from "../elements/timeline.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** The events of a document: when each happened and who told of it, and where it went. */

export function timelineOf(histories: readonly EventHistory[]): Html {
  const signers = new Map<string, string>();
  for (const { event } of histories)
    if (event.signer && !signers.has(event.signer.id)) signers.set(event.signer.id, nameSigner(event.signer));
  const lanes = [...signers.keys()];
  const marks = histories.map(
    ({ event, ...history }, index): Mark => ({
      label: event.sequence ?? index + 1,
      href: eventPage(event.id),
      lane: event.signer ? lanes.indexOf(event.signer.id) + 1 : 0,
      at: Date.parse(event.time),
      arrivedAt: receivedAtOf({ event, ...history }),
      isLate: event.late,
      title: `${event.sequence ?? index + 1}: ${describeEvent(event)}, ${event.time}, over ${channelsOf({ event, ...history }).join(", ")}`,
    }),
  );
  return html`${timeline(["document", ...signers.values()], marks)}
<ul class="legend note">
<li>${sample("mark")} when it happened, by the provider</li>
<li>${sample("arrival")} when its report arrived, where that was more than a minute later</li>
<li>${sample("mark late")} late: something newer was known before</li>
<li>Distances are logarithmic.</li>
</ul>`;
}

function sample(kind: string): Html {
  return html`<svg width="12" height="12" aria-hidden="true"><circle class="${kind}" cx="6" cy="6" r="5"/></svg>`;
}

/** The channels that told of it, the first one first. */
function channelsOf({ event, duplicates }: EventHistory): string[] {
  return [...new Set([event.channel, ...duplicates.map(({ channel }) => channel)])];
}

/** Events × destinations. */
export function matrix(histories: readonly EventHistory[], visit: Visit): Html {
  const configured = visit.parts.config().destinations.map(({ name }) => name);
  const used = histories.flatMap(({ deliveries }) => deliveries.map(({ destination }) => destination));
  const destinations = [...new Set([...configured, ...used])];
  const columns: Column<EventHistory>[] = [
    { heading: "no.", isFigure: true, cell: ({ event }) => event.sequence ?? "–" },
    {
      heading: "event",
      isName: true,
      cell: ({ event }) =>
        html`<a data-row href="${eventPage(event.id)}">${foreign(describeEvent(event), 120)}</a>${event.late && html` ${status("warning", "late")}`}`,
    },
    { heading: "happened", cell: ({ event }) => moment(Date.parse(event.time)) },
    { heading: "told by", cell: reportsOf },
    ...destinations.map(
      (name): Column<EventHistory> => ({
        heading: name,
        cell: (history) => deliveryCell(history, name, visit),
      }),
    ),
  ];
  return table("Events and where each went", columns, histories);
}

/** `● batch ○ upon`: the first report, and those again. */
function reportsOf({ event, duplicates }: EventHistory): Content {
  const again = Map.groupBy(duplicates, ({ channel }) => channel);
  const first = again.get(event.channel)?.length ?? 0;
  return html`<span class="report" title="first told over ${event.channel}">● ${event.channel}${first > 0 && ` (${first + 1}×)`}</span>${[
    ...again,
  ]
    .filter(([channel]) => channel !== event.channel)
    .map(
      ([channel, list]) =>
        html` <span class="report note" title="told again over ${channel}">○ ${channel}${list.length > 1 && ` (${list.length}×)`}</span>`,
    )}`;
}
