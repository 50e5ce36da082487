import { maskAddresses } from "../../domain/mask.ts";
import type { Problem } from "../../domain/receipt.ts";
import { table } from "../elements/table.ts";
import { foreign, sentence } from "../elements/text.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";

const MAX_PROBLEMS = 100;

/** A table of what could not be read, item by item. */
export function problemsOf(
  problems: readonly Problem[],
  { showsPersonalData }: Pick<Visit, "showsPersonalData">,
  caption = "What could not be read",
): Content {
  const more = problems.length - MAX_PROBLEMS;
  return html`${table(
    caption,
    [
      {
        heading: "what is wrong",
        isName: true,
        cell: ({ message }) => sentence(showsPersonalData ? message : maskAddresses(message), 300),
      },
      { heading: "kind", cell: ({ kind }) => kind },
      { heading: "item", cell: ({ item }) => (item === null ? "the whole" : item) },
      { heading: "field", cell: ({ field }) => field !== null && html`<code>${foreign(field, 120)}</code>` },
    ],
    problems.slice(0, MAX_PROBLEMS),
  )}${more > 0 && html`<p class="note">And ${more.toLocaleString("en")} more.</p>`}`;
}
