import type { HeadPlace } from "../mapping/request-place.ts";
import { type Channel, secretPlacesOf } from "./channel.ts";

/** The headers and query parameters that give access: their values are neither stored nor shown. */

/**
 * `private`: neither stored nor shown. `exact`: stored as it came, for the mapping or a later check. `open`:
 * stored without the secrets in it.
 */
type Verdict = "private" | "exact" | "open";

/** The treatment of each header and query parameter, by its name. */
export interface Privacy {
  header(name: string): Verdict;
  parameter(name: string): Verdict;
}

/**
 * Names of headers and query parameters that hold a secret, in lower case with hyphens between words
 * (`access_token` and `accessToken` are `access-token`). `*` stands for any run of characters. The last
 * pattern that matches counts; `!` marks names that hold none.
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

/** Never stored, whatever the configuration and the mapping say: no later check needs them. */
const ALWAYS = ["*authorization*", "*cookie*", "*secret*", "*password*"];

/** These headers tell how the body is read. */
const CONTENT: ReadonlySet<string> = new Set(["content-type", "content-encoding", "content-length"]);

/** No real name is longer; longer ones count as private without a look. */
const MAX_NAME_LENGTH = 200;

/**
 * The privacy rules of a channel: places that a check compares with a secret, the usual patterns, and
 * `privateNames`. Other places of the mapping (a signature, the signed parts, a fact) are stored, or no
 * request could be reprocessed.
 */
export function privacyOf(channel: Channel): Privacy {
  const known = privacies.get(channel);
  if (known) return known;
  const secretPlaces = secretPlacesOf(channel);
  const privacy = privacyBy(channel.privateNames ?? [], { secretPlaces, texts: channel.mapping.texts });
  privacies.set(channel, privacy);
  return privacy;
}

/** Memoized for each channel, which lives as long as its configuration. */
const privacies = new WeakMap<Channel, Privacy>();

interface Need {
  /** Places that a check compares with a secret: always private. */
  secretPlaces?: readonly HeadPlace[];
  /** The texts of the mapping, its places among them. */
  texts?: ReadonlySet<string>;
}

/** Privacy rules by patterns alone, such as for a channel that is no longer configured. */
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
    header: memoized((name) => judge("header", name.toLowerCase())),
    parameter: memoized((name) => (name === "token" ? "private" : judge("query", name))),
  };
}

/** The names after `header:` or `query:` in the texts of a mapping. */
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

/** In time linear to the text: the pieces between the stars are found from left to right. */
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

/** Names that are memoized: a sender may invent any number. */
const MAX_MEMOIZED = 1_000;

function memoized(judge: (name: string) => Verdict): (name: string) => Verdict {
  const known = new Map<string, Verdict>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const verdict = judge(name);
    if (known.size < MAX_MEMOIZED) known.set(name, verdict);
    return verdict;
  };
}
