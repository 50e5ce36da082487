import type { TextHeaders } from "../domain/conversation.ts";

/** A shorter header value may occur in an answer by chance. */
const MIN_CREDENTIAL_LENGTH = 8;

/**
 * Removes the request's credentials, access tokens among them, from an answer: a receiver's error page may
 * show its headers.
 */
export function concealCredentials(
  answer: string | null,
  headers: Readonly<Record<string, string>>,
  tokens: readonly string[] = [],
): string | null {
  if (answer === null) return null;
  const values = Object.entries(headers).flatMap(([name, value]) =>
    name === "authorization" ? [value, value.replace(/^\S+\s+/, "")] : [value],
  );
  return [...values, ...tokens]
    .filter(({ length }) => length >= MIN_CREDENTIAL_LENGTH)
    .reduce((text, value) => text.replaceAll(value, "(not kept)"), answer);
}

type Headers = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const CONCEALED = "(not shown)";

/** Headers that hold credentials by their meaning. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
]);

/** Headers as sent, without the values of those that are the destination's `own`: any may be a credential. */
export function concealRequestHeaders(headers: Headers, own: Readonly<Record<string, string>>): TextHeaders {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return textsOf(headers, (name, value) => (names.has(name) ? CONCEALED : value));
}

/** Headers of an answer, without cookies, and without what they repeat of the request's credentials. */
export function concealAnswerHeaders(
  headers: Headers,
  own: Readonly<Record<string, string>>,
  tokens: readonly string[] = [],
): TextHeaders {
  return textsOf(headers, (_name, value) => concealCredentials(value, own, tokens) ?? "");
}

function textsOf(headers: Headers, conceal: (name: string, value: string) => string): TextHeaders {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const text = Array.isArray(value) ? value.join(", ") : String(value);
    return [
      [name, CREDENTIALS.has(name.toLowerCase()) ? CONCEALED : conceal(name.toLowerCase(), text)] as const,
    ];
  });
  return Object.fromEntries(entries);
}
