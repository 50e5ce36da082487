import type { Summary } from "../../web/explain-summary.ts";
import { type Html, html } from "../html.ts";
import { foreign, sentence } from "./text.ts";

/** What `countersign explain` prints, as prose with notes. */
export function proseOf({ heading, rows, notes, closing }: Summary): Html {
  return html`<div class="prose">${heading.map((line) => html`<p>${sentence(line)}</p>`)}
${
  rows.length > 0 &&
  html`<ol class="account">${rows.map(
    ({ group, label, happened, event, received, deliveries }) =>
      html`${group !== null && html`<li class="group">${foreign(group, 300)}</li>`}<li value="${label}">${happened} ${sentence(event)} <span class="note">received over ${foreign(received, 300)}</span>${
        deliveries.length > 0 &&
        html`<ul>${deliveries.map(({ destination, text }) => html`<li><strong>${foreign(destination, 80)}</strong> ${sentence(text)}</li>`)}</ul>`
      }</li>`,
  )}</ol>`
}
${notes.length > 0 && html`<ol class="notes">${notes.map((note) => html`<li>${sentence(note)}</li>`)}</ol>`}
${closing.lines.map((line) => html`<p class="note">${sentence(line)}</p>`)}</div>`;
}
