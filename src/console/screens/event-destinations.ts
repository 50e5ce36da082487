import type { AttemptedDelivery, EventHistory } from "../../store/port/reads.ts";
import { answer, deliveryState, NOT_SENT, whyNotWanted } from "../elements/delivery.ts";
import { replayPage } from "../elements/links.ts";
import { status } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { identifier, sentence } from "../elements/text.ts";
import { moment } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** Every destination of an event: how its delivery stands, or why there is none; and each attempt. */

interface Row {
  name: string;
  /** Null: the event is not sent there. */
  delivery: AttemptedDelivery | null;
  why: keyof typeof NOT_SENT;
}

export function destinationsOf({ event, deliveries }: EventHistory, visit: Visit): Html {
  const sent = deliveries.map((delivery): Row => ({ name: delivery.destination, delivery, why: "later" }));
  const without = visit.parts
    .config()
    .destinations.filter(({ name }) => !sent.some((row) => row.name === name))
    .map((one): Row => ({ name: one.name, delivery: null, why: whyNotWanted(one, event) ?? "later" }));
  const columns = [
    { heading: "destination", isName: true, cell: ({ name }: Row) => name },
    { heading: "state", cell: (row: Row) => stateOf(row, visit) },
    { heading: "attempts", isFigure: true, cell: ({ delivery }: Row) => delivery?.attempts ?? "–" },
    { heading: "delivery", cell: ({ delivery }: Row) => (delivery ? identifier(delivery.id) : "–") },
    { heading: "again", cell: ({ delivery }: Row) => (delivery ? again(delivery, event.document?.id) : "–") },
  ];
  return html`${table("Destinations of this event", columns, [...sent, ...without])}${deliveries.map(attemptsOf)}`;
}

function stateOf({ delivery, why }: Row, visit: Visit): Content {
  return delivery ? deliveryState(delivery, visit) : status("quiet", sentence(NOT_SENT[why].long));
}

/** Sending again is by document, so that its events stay in order. */
function again({ destination, status: one }: AttemptedDelivery, document: string | undefined): Content {
  if (document === undefined || (one !== "parked" && one !== "delivered")) return "–";
  const href = replayPage({ destination, document, status: one });
  return html`<a href="${href}">Send what is ${one} of this document to ${destination} again</a>`;
}

function attemptsOf({ destination, history }: AttemptedDelivery): Content {
  if (history.length === 0) return null;
  const name = `Attempts to ${destination}`;
  const columns = [
    { heading: "no.", isFigure: true, isName: true, cell: ({ number }: Attempt) => number },
    { heading: "began", cell: ({ startedAt }: Attempt) => moment(startedAt) },
    {
      heading: "took",
      isFigure: true,
      cell: ({ duration }: Attempt) => `${duration.toLocaleString("en")} ms`,
    },
    { heading: "result", cell: (attempt: Attempt) => answer(attempt) },
  ];
  return html`<details><summary>${name} (${history.length})</summary>${table(name, columns, history)}</details>`;
}

type Attempt = AttemptedDelivery["history"][number];
