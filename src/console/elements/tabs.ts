import { type Content, type Html, html } from "../html.ts";

/** Views of one thing, each with an address of its own. */

export interface Tab {
  href: string;
  name: string;
  /** Absent: not counted. */
  count?: string | null;
  isCurrent: boolean;
}

export function tabs(label: string, all: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}"><ul>${all.map((one) => html`<li>${tabOf(one)}</li>`)}</ul></nav>`;
}

function tabOf({ href, name, count = null, isCurrent }: Tab): Content {
  return html`<a href="${href}"${isCurrent && html` aria-current="page"`}>${name}${count !== null && html` <span class="note">${count}</span>`}</a>`;
}
