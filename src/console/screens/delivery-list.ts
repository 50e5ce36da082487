import type { DeliveryFilter, ListedDelivery } from "../../store/port/reads.ts";
import { viewDelivery } from "../../web/delivery-view.ts";
import { whyParked } from "../elements/delivery.ts";
import { deliveryPage, eventPage } from "../elements/links.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { identifier } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** Deliveries one by one. */

export function deliveryList(deliveries: readonly ListedDelivery[], { now, parts }: Visit): Content {
  const paused = new Set(parts.states().flatMap((one) => (one.paused ? [one.name] : [])));
  return section(
    "One by one",
    table(
      "Deliveries, the newest first",
      [
        {
          heading: "event",
          isName: true,
          cell: ({ id, type }) => html`<a data-row href="${deliveryPage(id)}"><code>${type}</code></a>`,
        },
        { heading: "destination", cell: ({ destination }) => destination },
        { heading: "state", cell: (one) => stateOf(one, paused, now) },
        { heading: "tries", isFigure: true, cell: triesOf },
        { heading: "last answer", cell: (one) => lastAnswer(one, now) },
        { heading: "recorded", cell: ({ recordedAt }) => when(recordedAt, now) },
        { heading: "event's id", cell: ({ event }) => identifier(event, eventPage(event)) },
      ],
      deliveries.map((one) => viewDelivery(one, parts)),
    ),
  );
}

type Row = ReturnType<typeof viewDelivery>;

function stateOf(row: Row, paused: ReadonlySet<string>, now: number): Content {
  const { status: one, reason, nextAttemptAt, waitsFor, destination, leased } = row;
  if (one === "delivered") return status("good", "delivered");
  if (one === "parked" && row.acknowledgedAt !== null)
    return status("quiet", html`acknowledged ${when(row.acknowledgedAt, now)}`);
  if (one === "parked") return status("bad", `parked: ${reason === null ? "" : whyParked(reason)}`);
  if (paused.has(destination)) return status("waiting", "waits: paused");
  if (one === "held")
    return status(
      "waiting",
      waitsFor === null ? "held" : html`held behind <a href="${eventPage(waitsFor)}">another</a>`,
    );
  if (nextAttemptAt === null) return status("busy", leased ? "is being sent" : "waits");
  return status("busy", nextAttemptAt <= now ? "due now" : html`next try ${when(nextAttemptAt, now)}`);
}

function triesOf({ attempts, maxAttempts }: Row): string {
  return maxAttempts === null ? `${attempts}` : `${attempts} of ${maxAttempts}`;
}

function lastAnswer({ lastAttempt }: Row, now: number): Content {
  if (!lastAttempt) return "–";
  const { cause, status: code, startedAt } = lastAttempt;
  return html`${cause === "answered" ? `${code}` : cause} ${when(startedAt, now)}`;
}

/** `isNarrow`: something of what there is was asked for. */
export function nothingListed({
  isNarrow,
  next,
  filter: { status: one, acknowledged },
}: {
  isNarrow: boolean;
  next: string | null;
  filter: DeliveryFilter;
}): Content {
  if (next !== null)
    return noMatch({
      what: "Nothing matches in what was looked at so far.",
      next: "There are more deliveries to look at: search on below.",
    });
  if (isNarrow)
    return noMatch({
      what: "No delivery matches.",
      next: html`<a href="/deliveries">Show everything that is not delivered</a>, or look at <a href="/events">the events</a>.`,
    });
  if (acknowledged)
    return empty({
      what: "No parked delivery was acknowledged.",
      next: html`Acknowledging is for <a href="/deliveries?status=parked">parked deliveries</a> that will not be sent.`,
    });
  return empty({
    what: one === "delivered" ? "Nothing is delivered yet." : "There is nothing here.",
    next: html`<a href="/destinations">Destinations</a> shows what was sent to whom, and <a href="/events">Events</a> where each went.`,
  });
}
