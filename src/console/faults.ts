import { CountersignError, type ErrorCode, HTTP_STATUS } from "../domain/errors.ts";
import { addressOf } from "./elements/form.ts";
import { noMatch, notLoaded } from "./elements/notice.ts";
import { asSentence, sentence } from "./elements/text.ts";
import { type Content, html } from "./html.ts";
import type { View } from "./screen.ts";

/** A fault as a page that says what is wrong, and what to do next. */
export function faultView(error: unknown, address: string): View {
  const fault =
    error instanceof CountersignError
      ? error
      : new CountersignError("internal", "something went wrong; the log says what");
  const { title, next } = ADVICE[fault.code] ?? OTHER;
  const about = { what: sentence(asSentence(fault.message)), next: next(address) };
  return {
    title,
    sentence: TITLES[title] ?? "This page could not be made.",
    body: fault.code === "not_found" ? noMatch(about) : notLoaded(about),
    live: false,
    status: HTTP_STATUS[fault.code],
  };
}

interface Advice {
  title: string;
  next(address: string): Content;
}

const again = (address: string) =>
  html`<a href="${address}">Load it again</a>, or look at <a href="/">what needs a person</a>.`;

const OTHER: Advice = { title: "Could not load", next: again };

const TITLES: Readonly<Record<string, string>> = {
  "Not found": "There is nothing at this address.",
  "Not understood": "The address or the form has something in it that does not fit.",
  "Not allowed": "Nothing was changed.",
  "Not done": "Nothing was changed.",
  "Could not load": "This page could not be made at this moment.",
};

const ADVICE: Partial<Readonly<Record<ErrorCode, Advice>>> = {
  not_found: {
    title: "Not found",
    next: () =>
      html`It may be older than what is kept, or the address is cut off. <a href="/documents">Search the documents</a>, or start at <a href="/">what needs a person</a>.`,
  },
  bad_request: {
    title: "Not understood",
    next: (address) =>
      html`<a href="${addressOf(address, { cursor: null })}">Begin at the first page</a>, <a href="${address.split("?")[0] ?? "/"}">remove all filters</a>, or go back and correct it.`,
  },
  forbidden: {
    title: "Not allowed",
    next: () =>
      html`Sign in with a token that has <code>right: act</code>, or go back to <a href="/">what needs a person</a>.`,
  },
  conflict: { title: "Not done", next: () => html`Go back and look at how it stands now.` },
  store_unavailable: {
    title: "Could not load",
    next: (address) =>
      html`The store does not answer. <a href="${address}">Load it again</a> in a moment; <code>/readyz</code> and the log say more.`,
  },
};
