import type { Attempt } from "./delivery.ts";

/** Where a redirect points, kept as the first line of its answer: redirects are not followed, and a person has to see what to set. */

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const FIRST_LINE = /^Location: (\S+)(?:\n|$)/;

/**
 * The answer as it is kept. A relative `location` is from `url`. Tokens and passwords live in URLs, so user, password, query and
 * fragment are left out; what is no http or https URL is not kept.
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

/** Null: it was no redirect, or it did not say where it points. */
export function locationIn({ status, answer }: Pick<Attempt, "status" | "answer">): string | null {
  if (status === null || !REDIRECTS.includes(status)) return null;
  return FIRST_LINE.exec(answer ?? "")?.[1] ?? null;
}

/** The answer's own text, without what was put before it. */
export function textIn(attempt: Pick<Attempt, "status" | "answer">): string | null {
  const { answer } = attempt;
  return locationIn(attempt) === null ? answer : (answer?.replace(FIRST_LINE, "") ?? null);
}
