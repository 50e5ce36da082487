import { html as template } from "hono/html";

/** Markup in which every value that came from outside is escaped. */
export interface Html {
  readonly isEscaped: true;
  toString(): string;
}

/**
 * What may stand in a template: markup, or text that is escaped. Lists are joined; nothing prints nothing.
 */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * A template of HTML: `html`<td title="${text}">${content}</td>``. Texts are escaped for elements and for
 * attributes in quotes; a value must not stand anywhere else.
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  // It gives a promise only where a value is one, and `Content` has none.
  return template(strings, ...values) as unknown as Html;
}

/** An attribute that is there or not: `attribute("open", isOpen)`. */
export function attribute(name: "open" | "checked" | "selected" | "disabled", isThere: boolean): Html {
  const markup = {
    open: html` open`,
    checked: html` checked`,
    selected: html` selected`,
    disabled: html` disabled`,
  };
  return isThere ? markup[name] : html``;
}
