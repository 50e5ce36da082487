import { CountersignError } from "../../domain/errors.ts";
import type { AttemptedDelivery, ListedDelivery } from "../../store/port/reads.ts";
import { createFindBlocking } from "../../web/explain-advice.ts";
import { accountForDelivery } from "../../web/explain-delivery.ts";
import { describeEvent } from "../../web/explain-words.ts";
import { deliveryState } from "../elements/delivery.ts";
import { actionForm } from "../elements/form.ts";
import { deliveryPage, destinationPage, documentPage, eventPage, replayPage } from "../elements/links.ts";
import { status } from "../elements/status.ts";
import { facts, section } from "../elements/table.ts";
import { copyable, foreign, sentence } from "../elements/text.ts";
import { moment, momentAndWhen } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Action, Screen, Visit } from "../screen.ts";

/** One delivery: every attempt, how it stands, and what can be done. */
export const deliveryScreen: Screen = {
  path: "/deliveries/:id",
  section: "deliveries",
  async show(visit) {
    const { store, parts, now, params } = visit;
    const { id = "" } = params;
    const listed = await store.findDelivery(id);
    const history = listed && (await store.findEvent(listed.event));
    const delivery = history?.deliveries.find((one) => one.id === id);
    if (!listed || !history || !delivery)
      throw new CountersignError("not_found", `there is no delivery ${id}`);
    const { event } = history;
    const explaining = { states: parts.states, unsupporting: parts.unsupporting, now: () => now, store };
    const account = await accountForDelivery(delivery, explaining, createFindBlocking(store));
    const { destination } = delivery;
    return {
      title: `${describeEvent(event)}, to ${destination}`,
      sentence: stateOf(delivery, listed, visit),
      body: html`${facts([
        ["id", copyable(id)],
        ["event", html`<a href="${eventPage(event.id)}">${foreign(describeEvent(event), 120)}</a>`],
        ["destination", html`<a href="${destinationPage(destination)}">${destination}</a>`],
        [
          "document",
          event.document &&
            html`<a href="${documentPage(event.source, event.document.id)}">${foreign(event.document.title ?? event.document.id, 80)}</a>`,
        ],
        ["recorded", momentAndWhen(listed.recordedAt, now)],
        ["acknowledged", listed.acknowledgedAt !== null && momentAndWhen(listed.acknowledgedAt, now)],
      ])}
${section(
  "What happened",
  html`<ol class="plain">${account.map(({ at, text }) => html`<li><p>${at !== null && html`<span class="note">${moment(at)}</span> `}${sentence(text)}</p></li>`)}</ol>`,
)}
${actionsOf(delivery, listed, event.document?.id, visit)}`,
      live: false,
    };
  },
};

function stateOf(delivery: AttemptedDelivery, { acknowledgedAt }: ListedDelivery, visit: Visit): Content {
  if (acknowledgedAt !== null) return status("quiet", "It is parked, and somebody acknowledged that.");
  return deliveryState(delivery, visit);
}

function actionsOf(
  { id, destination, status: one }: AttemptedDelivery,
  { acknowledgedAt }: ListedDelivery,
  document: string | undefined,
  visit: Visit,
): Content {
  const isOpen = one === "pending" || one === "held";
  const again = document !== undefined &&
    !isOpen && {
      href: replayPage({ destination, document, status: acknowledgedAt === null ? one : "all" }),
    };
  return section(
    "What can be done",
    html`${again && html`<p><a href="${again.href}">Send what is ${one} of this document to ${destination} again</a></p>`}
${
  isOpen &&
  html`<p>Skipping parks this delivery, so that the later ones of its document go.</p>
${actionForm({ action: `${deliveryPage(id)}/skip`, fields: {}, button: "Skip this delivery" }, visit)}`
}
${
  one === "parked" &&
  acknowledgedAt === null &&
  html`<p>Acknowledging takes it from the list of what is parked. It is not sent, and its record stays.</p>${actionForm({ action: `${deliveryPage(id)}/acknowledge`, fields: {}, button: "Acknowledge this delivery" }, visit)}`
}`,
  );
}

export const skipAction: Action = {
  path: "/deliveries/:id/skip",
  async act({ parts, params }, _form, mandate) {
    const { id, destination } = await parts.operations.skip(params.id ?? "", mandate);
    return { to: deliveryPage(id), said: `It is parked for ${destination}: the next of its document goes.` };
  },
};
