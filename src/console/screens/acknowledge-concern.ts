import { z } from "zod";
import { CountersignError } from "../../domain/errors.ts";
import { formatMoment } from "../../domain/moment.ts";
import { until } from "../../web/acknowledge.ts";
import { listConcerns } from "../../web/api.ts";
import { parseInput } from "../../web/input.ts";
import { actionForm } from "../elements/form.ts";
import { severity } from "../elements/status.ts";
import { facts } from "../elements/table.ts";
import { foreign, sentence } from "../elements/text.ts";
import { momentAndWhen } from "../elements/time.ts";
import { html } from "../html.ts";
import type { Action, Screen } from "../screen.ts";

/** Somebody knows of a concern and takes care of it: until then it counts no more, and no alert reminds of it. */

export const acknowledgeConcernScreen: Screen = {
  path: "/concerns/acknowledge",
  section: "now",
  async show(visit) {
    const { id } = parseInput(z.object({ id: z.string("must name a concern") }), visit.query);
    const concern = (await listConcerns(visit.parts)).find((one) => one.id === id);
    if (!concern)
      throw new CountersignError("not_found", `there is no concern ${id} at this moment: it may be over`);
    const { acknowledged } = concern;
    return {
      title: "Acknowledge for a time",
      sentence: sentence(concern.sentence),
      body: html`${facts([
        ["severity", severity(concern.severity)],
        ["since", momentAndWhen(concern.since, visit.now)],
        ["it ends with", sentence(concern.ends)],
        [
          "acknowledged",
          acknowledged &&
            html`by ${foreign(acknowledged.caller, 80)}, until ${momentAndWhen(acknowledged.until, visit.now)}`,
        ],
      ])}
<p>Until then it is no reason for a verdict, and nobody is reminded of it. Should it become worse, it counts again.</p>
${actionForm(
  {
    action: "/concerns/acknowledge",
    fields: { id },
    button: "Acknowledge until then",
    more: html`<label><span>For how long, such as 2d or 4h, or until when, such as 2026-01-31T12:00:00Z</span><input type="text" name="until" value="1d" required autocomplete="off"></label>`,
  },
  visit,
)}`,
      live: false,
    };
  },
};

const Wish = (now: number) => z.object({ id: z.string(), until: until(now) });

export const acknowledgeConcernAction: Action = {
  path: "/concerns/acknowledge",
  async act({ parts, now }, form, mandate) {
    const wish = parseInput(Wish(now), form);
    const { until: end } = await parts.operations.acknowledgeConcern(wish, mandate);
    return { to: "/", said: `It is acknowledged until ${formatMoment(end)} UTC, or until it becomes worse.` };
  },
};
