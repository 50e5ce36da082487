import { type Content, type Html, html } from "../html.ts";

/** Tables and lists of facts. On a narrow screen each row becomes a list, with the headings as labels. */

export interface Column<Row> {
  heading: string;
  cell(row: Row): Content;
  /** Figures stand at the right, in digits of one width. */
  isFigure?: boolean;
  /** It names the row. */
  isName?: boolean;
}

/** `caption` says what the rows are, for those who do not see the page. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ heading, isFigure = false }) => html`<th scope="col"${figure(isFigure)}>${heading}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${columns.map((column) => cellOf(column, row))}</tr>`)}</tbody>
</table></div>`;
}

function cellOf<Row>({ heading, cell, isFigure = false, isName = false }: Column<Row>, row: Row): Html {
  return isName
    ? html`<th scope="row" data-label="${heading}">${cell(row)}</th>`
    : html`<td data-label="${heading}"${figure(isFigure)}>${cell(row)}</td>`;
}

function figure(isFigure: boolean): Html {
  return isFigure ? html` class="figure"` : html``;
}

/** Names with their values; those without one are left out. */
export function facts(entries: readonly (readonly [string, Content])[]): Html {
  const given = entries.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return html`<dl class="facts">${given.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A part of a page with its heading. */
export function section(heading: string, body: Content, id?: string): Html {
  return html`<section${id === undefined ? "" : html` id="${id}"`}><h2>${heading}</h2>${body}</section>`;
}
