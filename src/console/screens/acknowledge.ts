import { z } from "zod";
import { plural } from "../../domain/quantity.ts";
import { parseInput } from "../../web/input.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { deliveryPage } from "../elements/links.ts";
import { noMatch } from "../elements/notice.ts";
import { withoutEmpty } from "../fields.ts";
import { html } from "../html.ts";
import type { Action, Screen } from "../screen.ts";
import { afterJob, CHOSEN, chosenFacts, filterOf, PAGE } from "./chosen.ts";

/**
 * Acknowledging parked deliveries, which will not be sent: they leave the list of what is parked, and stay in
 * the record.
 */

const Wish = (now: number) => z.strictObject(CHOSEN(now));

export const acknowledgeScreen: Screen = {
  path: "/acknowledge",
  section: "deliveries",
  async show(visit) {
    const fields = withoutEmpty(visit.query);
    const wish = parseInput(Wish(visit.now), fields);
    const { destination } = wish;
    const count = await visit.parts.operations.countAcknowledge(filterOf(wish));
    return {
      title: "Acknowledge",
      sentence: html`<strong>${plural(count, "parked event")}</strong> to ${destination} would be acknowledged.`,
      body: html`${chosenFacts(wish, fields, "parked")}
${
  count === 0
    ? noMatch({
        what: "Nothing that is parked matches, so there is nothing to acknowledge.",
        next: html`Look at <a href="${addressOf("/deliveries", { destination })}">what is not delivered</a>, or at <a href="${addressOf("/deliveries", { destination, acknowledged: "true" })}">what was acknowledged</a>.`,
      })
    : html`<p>They will not be sent, and are in no list of what is parked any more. Their record stays: they are under “acknowledged”, and can still be sent again one document at a time.</p>
${actionForm({ action: "/acknowledge", fields, button: `Acknowledge ${plural(count, "event")}` }, visit)}`
}`,
      live: false,
    };
  },
};

export const acknowledgeAction: Action = {
  path: "/acknowledge",
  async act({ parts, jobs, now }, { reason: _, ...fields }, mandate) {
    const wish = parseInput(Wish(now), withoutEmpty(fields));
    const filter = filterOf(wish);
    const { destination } = wish;
    const job = await jobs.start({
      ...{ kind: "acknowledge", mandate, total: await parts.operations.countAcknowledge(filter) },
      what: `Acknowledge what is parked for ${destination}`,
      async step(cursor) {
        const page = { cursor, limit: PAGE };
        const { acknowledged, next } = await parts.operations.acknowledge({ ...filter, ...page }, mandate);
        return { done: acknowledged, next };
      },
    });
    return afterJob(job, wish, `${plural(job.done, "event")} to ${destination} acknowledged.`);
  },
};

/** One delivery, from its own page. */
export const acknowledgeOneAction: Action = {
  path: "/deliveries/:id/acknowledge",
  async act({ parts, params }, _form, mandate) {
    const { id, destination } = await parts.operations.acknowledgeOne(params.id ?? "", mandate);
    return { to: deliveryPage(id), said: `It is acknowledged for ${destination}.` };
  },
};
