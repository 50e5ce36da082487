import { actionForm, addressOf } from "./elements/form.ts";
import { html } from "./html.ts";
import type { Screen } from "./screen.ts";
import { ownPath } from "./sign-in.ts";

/** How long personal data stays shown. */
export const SHOWN_MS = 15 * 60_000;

/**
 * Asks for the reason to show personal data. The action is the console's own, since it changes the session.
 */
export const personalDataScreen: Screen = {
  path: "/personal-data",
  section: "now",
  async show(visit) {
    const back = ownPath(visit.query.back);
    return {
      title: "Show personal data",
      sentence: "Names and addresses of signers are masked. They can be shown to you for 15 minutes.",
      body: html`<p>The audit keeps that you had them shown, when, why and from which page.</p>
${actionForm({ action: "/personal-data/show", fields: { back }, button: "Show personal data for 15 minutes" }, visit)}
<p><a href="${addressOf(back, {})}">Back</a></p>`,
      live: false,
    };
  },
};
