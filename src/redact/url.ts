import { isIP, isIPv6 } from "node:net";
import { unescaped } from "./encoded.ts";
import type { RedactionContext } from "./text.ts";

/** Removes credentials from URLs: words and the mapping's ids stay in a path, names in a query. */

/** Keeps of a link only the parts from which the mapping reads an id. */
export function redactLink(value: string, context: RedactionContext): string {
  const { standIns } = context;
  const hasId = value.split(/[/?#&=]/).some((part) => context.isId(part));
  if (value.startsWith("/")) return redactPath(value, context);
  return hasId && URL.canParse(value) ? redactUrl(value, context) : standIns.link(value);
}

/** Removes user, password and fragment; path and query are redacted part by part. */
export function redactUrl(text: string, context: RedactionContext): string {
  if (!URL.canParse(text)) return context.standIns.link(text);
  const { protocol, hostname, port, pathname, search } = new URL(text);
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .split(isIP(hostname.replace(/^\[|\]$/g, "")) ? "\0" : ".")
    .map((label) => redactLabel(label, context))
    .join(".");
  const query = search === "" ? "" : `?${redactQuery(search.slice(1), context)}`;
  const place = isIPv6(host) ? `[${host}]` : host;
  return `${protocol}//${place}${port === "" ? "" : `:${port}`}${redactSegments(pathname, context)}${query}`;
}

function redactLabel(label: string, context: RedactionContext): string {
  if (isIP(label)) return context.standIns.ip(label);
  return label.length < MIN_RUN_LENGTH && context.standIns.known(label) === undefined
    ? label
    : context.standIns.opaque(label);
}

export function redactPath(path: string, context: RedactionContext): string {
  const [before = ""] = path.split(/[?#]/, 1);
  const [, query] = /^[^?#]*\?([^#]*)/.exec(path) ?? [];
  return redactSegments(before, context) + (query === undefined ? "" : `?${redactQuery(query, context)}`);
}

/** Redacts a query or a form: each value by its name. */
export function redactQuery(query: string, context: RedactionContext): string {
  return new URLSearchParams(
    [...new URLSearchParams(query)].map(([name, value]): [string, string] => [
      context.redact("", name),
      context.redact(name, value),
    ]),
  ).toString();
}

/** Shorter ids count as text that people write. */
const MIN_RUN_LENGTH = 16;

/** A word of a path, such as `documents` or `v2.1`. */
const PLAIN_SEGMENT =
  /^(?:[a-z]{1,20}(?:[-_][a-z]{1,12})?|[A-Z]?[a-z]{1,12}(?:[A-Z][a-z]{2,12})?|v\d{1,3}(?:\.\d{1,3})?|)$/;

function redactSegments(path: string, context: RedactionContext): string {
  return path
    .split("/")
    .map((segment) => {
      const plain = unescaped(segment) ?? segment;
      if (PLAIN_SEGMENT.test(plain) && context.standIns.known(plain) === undefined) return segment;
      if (context.isWord(plain)) return segment;
      if (context.isId(plain)) return encodeURIComponent(context.redact("", plain));
      // A short id that keeps its shape could equal another one.
      const { opaque, secret } = context.standIns;
      return encodeURIComponent(plain.length < MIN_RUN_LENGTH ? secret(plain) : opaque(plain));
    })
    .join("/");
}
