import { inert } from "../domain/inert.ts";
import type { Assets } from "./assets.ts";
import { addressOf } from "./elements/form.ts";
import { status } from "./elements/status.ts";
import { foreign } from "./elements/text.ts";
import { moment } from "./elements/time.ts";
import { type Content, type Html, html } from "./html.ts";
import { digestOf } from "./live.ts";
import { SECTIONS, type SectionId, type View, type Visit } from "./screen.ts";

/** The document around a page: navigation, live updates, personal data, keyboard. */

export interface FrameParts {
  assets: Assets;
  /** Sections that have a screen. */
  sections: ReadonlySet<SectionId>;
}

export interface FrameOptions {
  section: SectionId | null;
  /** What was just done. */
  said: string | null;
  /** Until when personal data is shown, milliseconds since 1970; null: it is masked. */
  showsUntil: number | null;
}

/** A whole document with the view in it. */
export function page(view: View, visit: Visit, options: FrameOptions, parts: FrameParts): Html {
  const { title } = view;
  const shown = content(view);
  return documentOf(
    title,
    parts.assets,
    html`
<a class="skip" href="#page">To the content</a>
<header class="top"><a class="name" href="/">Countersign</a>${badgeOf(visit)}${sessionOf(visit, options)}</header>
<nav class="sections" aria-label="Sections">${navigation(options.section, parts)}</nav>
<main>
<p id="said" role="status" aria-live="polite">${options.said}</p>
<div id="page">${shown}</div>
${view.live && live(visit, shown)}
</main>
${keys(parts)}`,
  );
}

const MAX_TITLE_LENGTH = 200;

/** What live updates replace. */
export function content({ title, sentence, body }: View): Html {
  return html`<h1>${foreign(title, MAX_TITLE_LENGTH)}</h1><p class="sentence">${sentence}</p>${body}`;
}

/** htmx must not add styles of its own, evaluate texts or fetch from elsewhere; an open part stays open. */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorCSS: false,
  extensions: "sse",
  history: false,
  mode: "same-origin",
  // A refusal is no content of the page.
  noSwap: [204, 304, "4xx", "5xx"],
  morphIgnore: ["data-htmx-powered", "open", "hidden"],
});

export function documentOf(title: string, assets: Assets, body: Content, more: Content = null): Html {
  const script = (name: Parameters<Assets["pathOf"]>[0]) =>
    html`<script src="${assets.pathOf(name)}" defer></script>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<meta name="htmx-config" content="${HTMX_CONFIG}">
${more}<title>${inert(title.slice(0, MAX_TITLE_LENGTH))} · Countersign</title>
<link rel="icon" href="${assets.pathOf("icon.svg")}">
<link rel="stylesheet" href="${assets.pathOf("console.css")}">
<script src="${assets.pathOf("console.js")}"></script>
${script("htmx.js")}${script("htmx-sse.js")}
</head>
<body>${body}</body>
</html>
`;
}

/** Which of several bridges this is. */
function badgeOf({ parts }: Visit): Content {
  const { name } = parts.config().admin;
  return name !== undefined && html`<span class="badge">${foreign(name)}</span>`;
}

function navigation(current: SectionId | null, { sections }: FrameParts): Html {
  const shown = SECTIONS.filter(({ id }) => sections.has(id));
  return html`<ul>${shown.map(
    ({ id, name, path, key }) =>
      html`<li><a href="${path}" data-key="${key}"${id === current && html` aria-current="page"`}>${name}</a></li>`,
  )}</ul>`;
}

/** Who is signed in, whether personal data is shown, and what is set in the browser alone. */
function sessionOf(visit: Visit, { showsUntil }: FrameOptions): Html {
  const { caller, address } = visit;
  return html`<div class="session">
${showsUntil !== null ? shownUntil(showsUntil, address) : caller.right === "act" && maskedNow(address)}
<span class="settings" hidden>
<button type="button" class="subtle" data-live aria-pressed="true">Live</button>
<button type="button" class="subtle" data-zone>UTC</button>
<button type="button" class="subtle" data-theme-switch>Theme</button>
<button type="button" class="subtle" data-help>Keys</button>
</span>
${caller.name !== null && html`<form method="post" action="/sign-out"><span>${caller.name}${caller.right === "look" && " (may look)"}</span> <button class="subtle">Sign out</button></form>`}
</div>`;
}

function maskedNow(address: string): Html {
  return html`<a class="subtle" href="${addressOf("/personal-data", { back: address })}">Personal data is masked</a>`;
}

function shownUntil(until: number, back: string): Html {
  const shown = status("warning", html`Personal data is shown until ${moment(until)}`);
  return html`<form method="post" action="/personal-data/hide"><input type="hidden" name="back" value="${back}">
${shown} <button class="subtle">Mask it</button></form>`;
}

/** The stream begins with the first content that differs from what is shown. */
function live({ address }: Visit, shown: Html): Html {
  return html`<div id="live" hx-sse:connect="${addressOf(address, { live: digestOf(shown) })}" hx-target="#page" hx-swap="innerMorph"></div>`;
}

function keys({ sections }: FrameParts): Html {
  const shown = SECTIONS.filter(({ id }) => sections.has(id));
  return html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>
<dl class="facts">${shown.map(({ name, key }) => html`<div><dt><kbd>g</kbd> <kbd>${key}</kbd></dt><dd>${name}</dd></div>`)}
<div><dt><kbd>/</kbd></dt><dd>to the search</dd></div><div><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next and previous row; Enter opens it</dd></div><div><dt><kbd>r</kbd></dt><dd>send again what the page is about; the next page counts first</dd></div><div><dt><kbd>.</kbd></dt><dd>live updates on or off</dd></div><div><dt><kbd>?</kbd></dt><dd>this list</dd></div></dl>
<form method="dialog"><label><input type="checkbox" data-keys checked> These keys are on</label> <button>Close</button></form></dialog>`;
}
