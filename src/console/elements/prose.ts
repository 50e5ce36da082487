import type { Summary } from "../../web/explain-summary.ts";
import { type Html, html } from "../html.ts";
import { foreign } from "./text.ts";

/** What `countersign explain` prints, as prose with notes. */
export function proseOf({ heading, rows, notes, closing }: Summary): Html {
  return html`<div class="prose">${heading.map((line) => html`<p>${foreign(line, 1_000)}</p>`)}
${
  rows.length > 0 &&
  html`<ol class="account">${rows.map(
    ({ group, label, happened, event, received, deliveries }) =>
      html`${group !== null && html`<li class="group">${foreign(group, 300)}</li>`}<li value="${label}">${happened} ${foreign(event, 400)} <span class="note">received over ${foreign(received, 300)}</span>${
        deliveries.length > 0 &&
        html`<ul>${deliveries.map(({ destination, text }) => html`<li><strong>${foreign(destination, 80)}</strong> ${foreign(text, 600)}</li>`)}</ul>`
      }</li>`,
  )}</ol>`
}
${notes.length > 0 && html`<ol class="notes">${notes.map((note) => html`<li>${foreign(note, 1_000)}</li>`)}</ol>`}
${closing.lines.map((line) => html`<p class="note">${foreign(line, 1_000)}</p>`)}</div>`;
}
