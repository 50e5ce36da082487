import { z } from "zod";
import { CountersignError } from "../../domain/errors.ts";
import { formatMoment } from "../../domain/moment.ts";
import { until } from "../../web/acknowledge.ts";
import { parseInput } from "../../web/input.ts";
import { actionForm } from "../elements/form.ts";
import { severity } from "../elements/status.ts";
import { sentence } from "../elements/text.ts";
import { html } from "../html.ts";
import type { Action, Screen } from "../screen.ts";

/** Somebody takes care of a concern: it is told to nobody else, until a time. Query: its `id`. */
export const concernScreen: Screen = {
  path: "/concern",
  section: "now",
  async show(visit) {
    const { id = "" } = visit.query;
    const concern = (await visit.parts.concerns()).find((one) => one.id === id);
    if (!concern)
      throw new CountersignError("not_found", `there is no concern ${id} at this moment: it may be over`);
    return {
      title: "Take care of it",
      sentence: html`${severity(concern.severity)} ${sentence(concern.sentence)}`,
      body: html`<p>The first page then says that you take care of it, and alerts are silent about it, until the
time is over or it becomes worse.</p>
${actionForm({ action: "/concern", fields: { id }, button: "I take care of it", more: untilInput() }, visit)}
<p><a href="/">Back to what needs you</a></p>`,
      live: false,
    };
  },
};

const CHOICES = [
  ["4h", "for 4 hours"],
  ["1d", "for a day"],
  ["3d", "for 3 days"],
  ["7d", "for 7 days"],
  ["30d", "for 30 days"],
] as const;

function untilInput() {
  return html`<label><span>How long</span><select name="until">${CHOICES.map(([value, label]) => html`<option value="${value}">${label}</option>`)}</select></label>`;
}

const Wish = (now: number) => z.strictObject({ id: z.string(), until: until(now) });

export const takeCareAction: Action = {
  path: "/concern",
  async act({ parts, now }, { reason: _, ...fields }, mandate) {
    const taken = await parts.operations.acknowledgeConcern(parseInput(Wish(now), fields), mandate);
    return { to: "/", said: `You take care of it until ${formatMoment(taken.until)} UTC.` };
  },
};
