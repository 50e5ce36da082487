import type { HeadPlace } from "../mapping/request-place.ts";
import { type Channel, secretPlacesOf } from "./channel.ts";

/** Which headers and query parameters give access to something: what they hold is neither kept nor shown. */

/** `private`: neither kept nor shown. `exact`: kept as it came, as the mapping reads it or a check needs it again. `open`: looked into. */
type Verdict = "private" | "exact" | "open";

/** What becomes of each header and query parameter, by its name. */
export interface Privacy {
  header(name: string): Verdict;
  parameter(name: string): Verdict;
}

/**
 * Names of headers and query parameters that hold a secret, in lower case with hyphens between words (`access_token` and `accessToken`
 * are `access-token`). `*` stands for any run of characters; of several patterns that match the last one counts, and `!` says that it
 * is no secret.
 */
const USUAL = [
  ...["*token*", "*api-key*", "*apikey*", "key", "*-key", "!idempotency-key", "*credential*", "*passphrase*"],
  ...["passwd", "*-passwd", "pwd", "*-pwd", "auth", "*-auth", "x-auth-*", "*jwt*", "*-assertion", "sig"],
  ...[
    "session",
    "*-session",
    "*session-id",
    "*sessionid",
    "sid",
    "*client-cert*",
    "*clientcert*",
    "*ssl-cert*",
  ],
  ...["cf-access-*", "x-vercel-*", "x-amzn-oidc-*", "x-goog-iap-*", "x-ms-client-principal*"],
];

/** No setting and no mapping has these kept: nothing that can be checked again later needs them. */
const ALWAYS = ["*authorization*", "*cookie*", "*secret*", "*password*"];

/** How the body is to be read. */
const CONTENT: ReadonlySet<string> = new Set(["content-type", "content-encoding", "content-length"]);

/** Longer names are nobody's, and count as private unread. */
const MAX_NAME_LENGTH = 200;

/**
 * What is private on a channel: headers that a check compares with a secret, then `privateNames` after the usual ones. What the
 * mapping names as a place (a signature, what it covers, a fact) is kept, or a request could not be checked and read again.
 */
export function privacyOf(channel: Channel): Privacy {
  const known = privacies.get(channel);
  if (known) return known;
  const secretPlaces = secretPlacesOf(channel);
  const privacy = privacyBy(channel.privateNames ?? [], { secretPlaces, texts: channel.mapping.texts });
  privacies.set(channel, privacy);
  return privacy;
}

/** Each channel's, made once. */
const privacies = new WeakMap<Channel, Privacy>();

interface Need {
  /** What a check compares with a secret: it is private whatever else is said. */
  secretPlaces?: readonly HeadPlace[];
  /** The texts of the mapping, its places among them. */
  texts?: ReadonlySet<string>;
}

/** What is private where only the patterns are known, such as for a channel that is no longer configured. */
export function privacyBy(
  privateNames: readonly string[],
  { secretPlaces = [], texts = new Set() }: Need = {},
): Privacy {
  const patterns = [...USUAL, ...privateNames.map(toPattern)];
  const places = { header: placesIn(texts, "header"), query: placesIn(texts, "query") };
  const judge = (kind: "header" | "query", name: string): Verdict => {
    const isSecret = secretPlaces.some((place) => place.in === kind && matches(place.name, name));
    if (isSecret || isListed(ALWAYS, name)) return "private";
    if (kind === "header" && CONTENT.has(name)) return "exact";
    if (places[kind].some((place) => matches(place, name))) return "exact";
    return isListed(patterns, name) ? "private" : "open";
  };
  return {
    header: remembered((name) => judge("header", name.toLowerCase())),
    parameter: remembered((name) => (name === "token" ? "private" : judge("query", name))),
  };
}

/** What follows `header:` or `query:` in the texts of a mapping. */
function placesIn(texts: ReadonlySet<string>, kind: "header" | "query"): string[] {
  const prefix = `${kind}:`;
  const names = [...texts].flatMap((text) => (text.startsWith(prefix) ? [text.slice(prefix.length)] : []));
  return kind === "header" ? names.map((name) => name.toLowerCase()) : names;
}

function isListed(patterns: readonly string[], name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return true;
  const words = toWords(name);
  const last = patterns.findLast((pattern) => matches(pattern.replace(/^!/, ""), words));
  return last !== undefined && !last.startsWith("!");
}

/** A name in lower case with hyphens between its words. */
function toWords(name: string): string {
  return name
    .replace(/([a-z0-9])(?=[A-Z])/g, "$1-")
    .replace(/[^A-Za-z0-9*]+/g, "-")
    .toLowerCase();
}

function toPattern(text: string): string {
  return text.startsWith("!") ? `!${toWords(text.slice(1))}` : toWords(text);
}

/** In time linear to the text: what stands between the stars is looked for from left to right. */
function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    from = found + part.length;
  }
  return true;
}

/** So many names are remembered: a sender may think of ever new ones. */
const MAX_REMEMBERED = 1_000;

function remembered(judge: (name: string) => Verdict): (name: string) => Verdict {
  const known = new Map<string, Verdict>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const verdict = judge(name);
    if (known.size < MAX_REMEMBERED) known.set(name, verdict);
    return verdict;
  };
}
