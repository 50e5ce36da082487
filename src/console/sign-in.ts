import type { Assets } from "./assets.ts";
import { documentOf } from "./frame.ts";
import { type Html, html } from "./html.ts";

/** The page for those who have no session, or whose session has expired. */

export interface SignInPage {
  /** Where to go afterwards. */
  to: string;
  /** What went wrong before, in a sentence; null: nothing. */
  complaint: string | null;
  /**
   * The request came over a link on another site, so that the browser kept the cookie back (SameSite=Strict).
   */
  fromElsewhere?: boolean;
}

export function signInPage({ to, complaint, fromElsewhere = false }: SignInPage, assets: Assets): Html {
  // Loaded once more, the page is asked for by ourselves, and the browser sends the cookie if there is one.
  const retry = fromElsewhere && html`<meta http-equiv="refresh" content="0">\n`;
  return documentOf(
    "Sign in",
    assets,
    html`<main class="sign-in"><div id="page"><h1>Countersign</h1>
<p class="sentence">Sign in with a token of this bridge: one of <code>admin.tokens</code>
in its configuration, or <code>admin.token</code>.</p>
${complaint !== null && html`<p class="complaint" role="alert"><span class="glyph" aria-hidden="true">!</span> ${complaint}</p>`}
<form method="post" action="/sign-in"><input type="hidden" name="to" value="${to}">
<label><span>Token</span><input type="password" name="token" required autofocus autocomplete="current-password" spellcheck="false"></label>
<button>Sign in</button></form>
<p class="note">It stays on the server: the browser keeps a session of at most twelve hours, which ends after four without use and when the bridge restarts.</p>
</div></main>`,
    retry,
  );
}

/** A path of this listener to go to; anything else, such as an address of another site, becomes `/`. */
export function ownPath(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[^\s\\]*$/.test(text) && text.length <= MAX_PATH_LENGTH
    ? text
    : "/";
}

const MAX_PATH_LENGTH = 4_000;
