import type { Attempt } from "./delivery.ts";

/**
 * The target of a redirect, kept as the first line of its answer: redirects are not followed, and an operator
 * needs to see the target.
 */

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const FIRST_LINE = /^Location: (\S+)(?:\n|$)/;

/**
 * The answer as it is stored. A relative `location` is resolved against `url`. URLs carry tokens and
 * passwords, so user, password, query and fragment are removed; only http and https URLs are kept.
 */
export function withLocation(
  { status, text }: { status: number; text: string | null },
  location: string | undefined,
  url: URL,
): string | null {
  if (location === undefined || !REDIRECTS.includes(status) || !URL.canParse(location, url.href)) return text;
  const { protocol, origin, pathname } = new URL(location, url);
  if (!/^https?:$/.test(protocol)) return text;
  return [`Location: ${origin}${pathname}`, ...(text === null ? [] : [text])].join("\n");
}

/** Null: no redirect, or one without a target. */
export function locationIn({ status, answer }: Pick<Attempt, "status" | "answer">): string | null {
  if (status === null || !REDIRECTS.includes(status)) return null;
  return FIRST_LINE.exec(answer ?? "")?.[1] ?? null;
}

/** The answer's own text, without that line. */
export function textIn(attempt: Pick<Attempt, "status" | "answer">): string | null {
  const { answer } = attempt;
  return locationIn(attempt) === null ? answer : (answer?.replace(FIRST_LINE, "") ?? null);
}
