import { type Content, html } from "../html.ts";
import { foreign } from "./text.ts";

/** The value of a setting of the configuration; null: it is or may be a secret. */
export function settingValue({ value }: { value: string | null }): Content {
  if (value === null) return html`<span class="note">(not shown)</span>`;
  return value === "" ? html`<span class="note">none</span>` : html`<code>${foreign(value, 300)}</code>`;
}
