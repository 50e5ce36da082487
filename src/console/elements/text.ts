import { ACTIVE_CHARACTERS, inert } from "../../domain/inert.ts";
import { type Html, html } from "../html.ts";

/** Texts of strangers, shown truly and inertly. */

const MAX_LENGTH = 300;

/**
 * A stranger's text in one line: characters that reorder, hide or control it are shown by their number, and
 * the text around keeps its direction. At most `max` characters are shown, and how many there are.
 */
export function foreign(text: string, max = MAX_LENGTH): Html {
  const shown = cut(text, max);
  return html`<bdi>${inParts(shown)}</bdi>${text.length > shown.length && html`<span class="more">… (${text.length.toLocaleString("en")} characters)</span>`}`;
}

/** The same with its line breaks and tabs, for bodies and answers. */
export function foreignLines(text: string, max: number): Html {
  const shown = cut(text, max);
  return html`<bdi>${inParts(shown, KEPT_IN_LINES)}</bdi>`;
}

export const KEPT_IN_LINES = new Set(["\n", "\t"]);

/** Without half a surrogate pair at its end. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.slice(0, max);
  return end.isWellFormed() || !text.isWellFormed() ? end : end.slice(0, -1);
}

/** A text with characters that reorder, hide or control it shown by their numbers, without those kept. */
export function inParts(text: string, kept: ReadonlySet<string> = new Set()): (Html | string)[] {
  const parts: (Html | string)[] = [];
  let from = 0;
  for (const { 0: character, index } of text.matchAll(ACTIVE_CHARACTERS)) {
    if (kept.has(character)) continue;
    const point = character.codePointAt(0) ?? 0;
    const name = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
    parts.push(text.slice(from, index), byNumber(name));
    from = index + character.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** A character or byte that is shown by its number. */
export function byNumber(name: string): Html {
  return html`<span class="character">${name}</span>`;
}

/** A sentence of ours about a stranger's things, with what stands between backticks as code. */
export function sentence(text: string, max = 1_000): Html {
  const parts = text.split("`");
  // Without a partner a backtick is one of the text.
  if (parts.length % 2 === 0) return foreign(text, max);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${foreign(part, max)}</code>` : foreign(part, max)))}`;
}

/** A message as a sentence: it begins with a capital letter, and ends. */
export function asSentence(text: string): string {
  const begun = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}

const MAX_ID_LENGTH = 24;
const MAX_COPIED = 600;

/** An id in `ui-monospace`, cut in the middle where it is long, which a click copies whole. */
export function identifier(id: string, href?: string): Html {
  const long = [...id];
  const shown =
    long.length <= MAX_ID_LENGTH ? id : `${long.slice(0, 12).join("")}…${long.slice(-8).join("")}`;
  const whole = id.length > MAX_COPIED ? null : html` title="${inert(id)}" data-id="${id}"`;
  const code = html`<code${whole}>${foreign(shown)}</code>`;
  return href === undefined ? code : html`<a href="${href}">${code}</a>`;
}

/** A text to copy, whole, with a button that does so where there is a script. */
export function copyable(text: string): Html {
  return html`<span class="copyable"><code>${foreign(text, 10_000)}</code><button type="button" class="subtle" data-copy="${text}" hidden>Copy</button></span>`;
}

/** Lines of code to read or copy. */
export function codeBlock(text: string, label: string): Html {
  return html`<div class="code">${pre(foreignLines(text, MAX_BLOCK_LENGTH), label)}${
    text.length > MAX_BLOCK_LENGTH
      ? html`<p class="note">The first ${MAX_BLOCK_LENGTH.toLocaleString("en")} of ${text.length.toLocaleString("en")} characters are shown.</p>`
      : html`<button type="button" class="subtle" data-copy-block hidden>Copy</button>`
  }</div>`;
}

/** Lines as they are, which scroll where they are long. */
export function pre(lines: Html, label: string): Html {
  return html`<pre tabindex="0" role="region" aria-label="${label}"><code>${lines}</code></pre>`;
}

/** More would make a page of megabytes. */
const MAX_BLOCK_LENGTH = 20_000;
