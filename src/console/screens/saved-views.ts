import { z } from "zod";
import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import { parseInput } from "../../web/input.ts";
import { actionForm } from "../elements/form.ts";
import { empty } from "../elements/notice.ts";
import { table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Html, html } from "../html.ts";
import { LISTS, MAX_VIEW_NAME_LENGTH, MAX_VIEWS } from "../saved-views.ts";
import type { Action, Fields, Screen, Visit } from "../screen.ts";

/** Filters of lists that somebody gave a name. */

export const savedViewsScreen: Screen = {
  path: "/views",
  section: "now",
  async show(visit) {
    const views = await visit.views.all();
    return {
      title: "Saved views",
      sentence: `${plural(views.length, "view")} of lists ${views.length === 1 ? "has" : "have"} a name, for everybody who uses this console.`,
      body:
        views.length === 0
          ? empty({
              what: "No view is saved yet.",
              next: html`Set the filters of a list, such as <a href="/documents">Documents</a>, and choose “Save this view”.`,
            })
          : table(
              "Saved views",
              [
                {
                  heading: "view",
                  isName: true,
                  cell: ({ path, name, query }) =>
                    html`<a data-row href="${path}?${query}">${foreign(name)}</a>`,
                },
                { heading: "list", cell: ({ path }) => html`<code>${path}</code>` },
                { heading: "filters", cell: ({ query }) => html`<code>${foreign(query, 100)}</code>` },
                { heading: "saved by", cell: ({ by }) => foreign(by, 60) },
                { heading: "saved", cell: ({ at }) => when(at, visit.now) },
                {
                  heading: "remove",
                  cell: ({ path, name }) =>
                    html`<details><summary>Remove</summary>${removeForm({ path, name }, visit)}</details>`,
                },
              ],
              views,
            ),
      live: false,
    };
  },
};

function removeForm(fields: Fields, visit: Visit): Html {
  return actionForm({ action: "/views/remove", fields, button: "Remove this view" }, visit);
}

const NAME_RULE = `must have 1 to ${MAX_VIEW_NAME_LENGTH} characters`;
const Named = z.object({
  path: z.enum(LISTS, `must be one of ${LISTS.join(", ")}`),
  name: z.string(NAME_RULE).trim().min(1, NAME_RULE).max(MAX_VIEW_NAME_LENGTH, NAME_RULE),
});
const QUERY_RULE = "must be the filters of an address, of at most 500 characters";
const Wish = Named.extend({ query: z.string(QUERY_RULE).min(1, QUERY_RULE).max(500, QUERY_RULE) });

export const saveViewAction: Action = {
  path: "/views",
  async act({ parts, views }, form, mandate) {
    const { path, name, query: asked } = parseInput(Wish, form);
    const parameters = new URLSearchParams(asked);
    parameters.delete("cursor");
    const query = parameters.toString();
    // A view is shown to everybody, also to those who do not see personal data, and stays in the store.
    if (/@|%40/.test(query))
      throw new CountersignError(
        "bad_request",
        "query: a view is for everybody, so it cannot look for an address",
      );
    if (!(await views.save({ path, name, query, by: mandate.caller })))
      throw new CountersignError(
        "conflict",
        `${path} has ${MAX_VIEWS} saved views: remove one of them first`,
      );
    await parts.operations.audit("save-view", mandate, { list: path, view: name });
    return { to: `${path}?${query}`, said: `The view “${name}” is saved, for everybody.` };
  },
};

export const removeViewAction: Action = {
  path: "/views/remove",
  async act({ parts, views }, form, mandate) {
    const { path, name } = parseInput(Named, form);
    if (!(await views.remove(path, name)))
      throw new CountersignError("not_found", `${path} has no saved view “${name}”`);
    await parts.operations.audit("remove-view", mandate, { list: path, view: name });
    return { to: "/views", said: `The view “${name}” is removed.` };
  },
};
