import { z } from "zod";
import { EVENT_TYPES } from "../../domain/event.ts";
import { plural } from "../../domain/quantity.ts";
import { rate } from "../../web/control.ts";
import { moment, parseInput } from "../../web/input.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { noMatch } from "../elements/notice.ts";
import { facts } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { html } from "../html.ts";
import type { Action, Screen } from "../screen.ts";
import { withoutEmpty } from "./documents.ts";

/** Sending deliveries again: a page says how many there are, and a form with a reason does it. */

const Wish = (now: number) =>
  z.strictObject({
    destination: z.string("must name a destination"),
    status: z.enum(["parked", "delivered", "all"], "must be parked, delivered or all").default("parked"),
    since: moment(now).optional(),
    type: z.enum(EVENT_TYPES, "must be an event type").optional(),
    document: z.string().optional(),
  });

export const replayScreen: Screen = {
  path: "/replay",
  section: "deliveries",
  async show(visit) {
    const fields = withoutEmpty(visit.query);
    const filter = parseInput(Wish(visit.now), fields);
    const count = await visit.parts.operations.countReplay(filter);
    const { destination, status, document, type } = filter;
    const what = status === "all" ? "delivered or parked" : status;
    return {
      title: "Send again",
      sentence: html`<strong>${plural(count, "event")}</strong> would be sent to ${destination} again.`,
      body: html`${facts([
        ["destination", destination],
        ["deliveries", what],
        ["document", document !== undefined && foreign(document, 100)],
        ["event type", type ?? null],
        ["recorded", fields.since !== undefined && `since ${fields.since}`],
      ])}
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

/** One call to the store makes this many due. */
const PAGE = 1_000;

export const replayAction: Action = {
  path: "/replay",
  async act({ parts, now }, { reason: _, rate: wanted = "", ...fields }, mandate) {
    const filter = parseInput(Wish(now), withoutEmpty(fields));
    const perSecond = wanted === "" ? undefined : parseInput(rate, wanted);
    let replayed = 0;
    let cursor: string | undefined;
    do {
      const page = await parts.operations.replay(
        { ...filter, rate: perSecond, cursor, limit: PAGE },
        mandate,
      );
      replayed += page.replayed;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const { destination, document } = filter;
    return {
      to:
        document === undefined
          ? addressOf("/deliveries", { destination })
          : addressOf("/document", { id: document }),
      said: `${plural(replayed, "event")} will be sent to ${destination} again.`,
    };
  },
};
