import { type Content, type Html, html } from "../html.ts";

/** Three different things: there is nothing yet, nothing of it matches, it could not be loaded. */

interface Notice {
  /** What is so, in a sentence. */
  what: Content;
  /** What can be done next. */
  next: Content;
}

/** Nothing of the kind exists yet. */
export function empty({ what, next }: Notice): Html {
  return notice("empty", what, next);
}

/** There are some, and none that is asked for. */
export function noMatch({ what, next }: Notice): Html {
  return notice("no-match", what, next);
}

/** It is not known whether there are any. */
export function notLoaded({ what, next }: Notice): Html {
  return notice("not-loaded", what, next);
}

function notice(kind: string, what: Content, next: Content): Html {
  return html`<div class="notice ${kind}"><p><strong>${what}</strong></p><p>${next}</p></div>`;
}
