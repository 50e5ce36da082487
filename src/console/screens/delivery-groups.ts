import type { AttemptCause, DeliveryStatus, ParkReason } from "../../domain/delivery.ts";
import type { DeliveryCount, ListedDelivery } from "../../store/port/reads.ts";
import { causeInWords, whyParked } from "../elements/delivery.ts";
import { addressOf } from "../elements/form.ts";
import { acknowledgePage, destinationPage, replayPage } from "../elements/links.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** Deliveries that are not delivered, by destination, state and cause, with what can be done about them. */

interface Group extends DeliveryCount {
  destination: string;
  status: DeliveryStatus;
  cause: AttemptCause | null;
  reason: ParkReason | null;
}

/** `listed`: what is shown below, from which come the codes of the last answers. */
export function groupList(
  counts: readonly DeliveryCount[],
  listed: readonly ListedDelivery[],
  visit: Visit,
): Content {
  if (counts.length === 0) return null;
  const { now } = visit;
  return section(
    "By destination and cause",
    table(
      "Deliveries by destination, state and cause",
      [
        {
          heading: "destination",
          isName: true,
          cell: (group) => html`<a href="${placeOf(group)}">${group.destination}</a>`,
        },
        { heading: "state", cell: stateOf },
        { heading: "last attempt", cell: (group) => causeOf(group, listed) },
        { heading: "events", isFigure: true, cell: ({ count }) => count.toLocaleString("en") },
        { heading: "oldest", cell: ({ oldest }) => when(oldest, now) },
        { heading: "newest", cell: ({ newest }) => when(newest, now) },
        { heading: "do", cell: (group) => actionsOf(group, visit) },
      ],
      counts as readonly Group[],
    ),
  );
}

/** The list of this group alone. */
function placeOf({ destination, status: one, cause, reason }: Group): string {
  return addressOf("/deliveries", { destination, status: one, cause, reason });
}

function stateOf({ status: one, reason }: Group): Content {
  if (one === "parked") return status("bad", `parked: ${reason === null ? "" : whyParked(reason)}`);
  return one === "held" ? status("waiting", "held behind another") : status("busy", "waits");
}

const MAX_CODES = 4;

function causeOf(
  { destination, status: one, cause, reason }: Group,
  listed: readonly ListedDelivery[],
): string {
  const own = listed.filter(
    (delivery) =>
      delivery.destination === destination &&
      delivery.status === one &&
      delivery.reason === reason &&
      delivery.lastAttempt?.cause === cause,
  );
  const codes = [...new Set(own.flatMap(({ lastAttempt }) => lastAttempt?.status ?? []))];
  if (cause !== "answered" || codes.length === 0) return causeInWords(cause);
  return `answered with ${codes.slice(0, MAX_CODES).join(", ")}${codes.length > MAX_CODES ? " …" : ""}`;
}

function actionsOf(group: Group, { query }: Visit): Content {
  const { destination, status: one, count } = group;
  if (one !== "parked") return html`<a href="${destinationPage(destination)}">Look at ${destination}</a>`;
  const { type, since } = query;
  const chosen = {
    destination,
    ...(group.reason !== null && { reason: group.reason }),
    ...(group.cause !== null && { cause: group.cause }),
    ...(type !== undefined && { type }),
    ...(since !== undefined && { since }),
  };
  const what = `${count === 1 ? "it" : "them"} (${destination}, ${causeInWords(group.cause)})`;
  return html`<a href="${replayPage(chosen)}">Send again<span class="unseen"> ${what}</span></a> <a href="${acknowledgePage(chosen)}">Acknowledge<span class="unseen"> ${what}</span></a>`;
}
