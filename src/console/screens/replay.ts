import { z } from "zod";
import { plural } from "../../domain/quantity.ts";
import { rate } from "../../web/control.ts";
import { parseInput } from "../../web/input.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { noMatch } from "../elements/notice.ts";
import { withoutEmpty } from "../fields.ts";
import { html } from "../html.ts";
import type { Action, Screen } from "../screen.ts";
import { afterJob, CHOSEN, chosenFacts, filterOf, PAGE } from "./chosen.ts";

/** Sending deliveries again: a page says how many there are, and a form with a reason does it. */

const Wish = (now: number) =>
  z.strictObject({
    ...CHOSEN(now),
    status: z.enum(["parked", "delivered", "all"], "must be parked, delivered or all").default("parked"),
  });

export const replayScreen: Screen = {
  path: "/replay",
  section: "deliveries",
  async show(visit) {
    const fields = withoutEmpty(visit.query);
    const wish = parseInput(Wish(visit.now), fields);
    const count = await visit.parts.operations.countReplay(filterOf(wish));
    const { destination, status, document } = wish;
    return {
      title: "Send again",
      sentence: html`<strong>${plural(count, "event")}</strong> would be sent to ${destination} again.`,
      body: html`${chosenFacts(wish, fields, status === "all" ? "delivered or parked" : status)}
${
  count === 0
    ? noMatch({
        what: "Nothing matches, so there is nothing to send.",
        next: html`<a href="${addressOf(visit.address, { status: "all" })}">Count delivered ones as well</a>, or look at <a href="${addressOf("/events", { document })}">the events</a>.`,
      })
    : html`<p>Each keeps its id, by which a receiver recognises a repeat, and carries the header <code>countersign-replay</code>. In a document they go in order.</p>
${actionForm(
  {
    action: "/replay",
    fields,
    button: `Send ${plural(count, "event")} again`,
    more: html`<label><span>At most so many a second or minute; empty: as the destination takes them</span><input type="text" name="rate" placeholder="20/s" pattern="[0-9]+/[smh]" autocomplete="off"></label>`,
  },
  visit,
)}`
}`,
      live: false,
    };
  },
};

export const replayAction: Action = {
  path: "/replay",
  async act({ parts, jobs, now }, { reason: _, rate: wanted = "", ...fields }, mandate) {
    const wish = parseInput(Wish(now), withoutEmpty(fields));
    const perSecond = wanted === "" ? undefined : parseInput(rate, wanted);
    const filter = filterOf(wish);
    const { destination, status } = wish;
    const job = await jobs.start({
      ...{ kind: "replay", mandate, total: await parts.operations.countReplay(filter) },
      what: `Send what is ${status === "all" ? "delivered or parked" : status} to ${destination} again`,
      async step(cursor) {
        const asked = { ...filter, rate: perSecond, cursor, limit: PAGE };
        const { replayed, next } = await parts.operations.replay(asked, mandate);
        return { done: replayed, next };
      },
    });
    return afterJob(job, wish, `${plural(job.done, "event")} will be sent to ${destination} again.`);
  },
};
