import type { Receipt } from "../domain/receipt.ts";
import type { Channel } from "./channel.ts";
import type { RawRequest } from "./request.ts";

/** Which headers and query parameters give access to something: what they hold is neither kept nor shown. */

/** The part of a request beside its body, as it is kept. */
export type Envelope = Pick<Receipt, "query" | "headers">;

/** Whether the value of a header, or of a query parameter, is a secret. */
export interface Privacy {
  header(name: string): boolean;
  parameter(name: string): boolean;
  /** Whether a header that is not private is kept exactly as it came, since the mapping reads it or a check needs it again. */
  exact(name: string): boolean;
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
  const secrets = secretHeadersOf(channel);
  const privacy = privacyBy(channel.privateNames ?? [], {
    isSecretHeader: (name) => secrets.has(name),
    texts: channel.mapping.texts,
  });
  privacies.set(channel, privacy);
  return privacy;
}

/** Each channel's, made once. */
const privacies = new WeakMap<Channel, Privacy>();

/** The headers whose value a check compares with a secret. */
function secretHeadersOf({ checks }: Channel): ReadonlySet<string> {
  return new Set(checks.flatMap(({ kind }) => (kind === "basic" ? ["authorization"] : [])));
}

interface Need {
  /** Whether a check compares this header with a secret: then it is private whatever else is said. */
  isSecretHeader?(name: string): boolean;
  /** The texts of the mapping, its places among them. */
  texts?: ReadonlySet<string>;
}

/** What is private where only the patterns are known, such as for a channel that is no longer configured. */
export function privacyBy(
  privateNames: readonly string[],
  { isSecretHeader = () => false, texts = new Set() }: Need = {},
): Privacy {
  const patterns = [...USUAL, ...privateNames.map(toPattern)];
  const places = { header: placesIn(texts, "header"), query: placesIn(texts, "query") };
  const isNamed = remembered((name) => isListed(patterns, name));
  const isAlways = remembered((name) => isListed(ALWAYS, name));
  const isRead = {
    header: remembered((name) => places.header.some((place) => matches(place, name.toLowerCase()))),
    query: remembered((name) => places.query.some((place) => matches(place, name))),
  };
  return {
    header: (name) => isSecretHeader(name) || isAlways(name) || (isNamed(name) && !isRead.header(name)),
    parameter: (name) => name === "token" || isAlways(name) || (isNamed(name) && !isRead.query(name)),
    exact: (name) => CONTENT.has(name) || isRead.header(name),
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

function remembered(judge: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const verdict = judge(name);
    if (known.size < MAX_REMEMBERED) known.set(name, verdict);
    return verdict;
  };
}

/** What stands for a secret that was there. */
const NOT_KEPT = "(not kept)";
/** The same within a text, where a space would end it. */
const NOT_KEPT_IN_TEXT = "(not-kept)";

/**
 * The query and headers of a request, without what is a secret by itself. Proxies copy the URL into headers of theirs, so no other
 * header keeps the token of the path, a parameter that is private, or a secret that stood elsewhere in the same request.
 */
export function withoutCredentials(request: RawRequest, privacy: Privacy): Envelope {
  const { headers, query, pathToken } = request;
  const secrets = [
    ...(pathToken === null ? [] : [pathToken]),
    ...[...query].flatMap(([name, value]) => (privacy.parameter(name) ? [value] : [])),
    ...Object.entries(headers).flatMap(([name, value]) => (privacy.header(name) ? valuesOf(value) : [])),
  ];
  return conceal({ query, headers }, privacy, secrets.filter(isLong));
}

/** The same for what was kept before a name became private. */
export function concealEnvelope({ query, headers }: Envelope, privacy: Privacy): Envelope {
  return conceal({ query: new URLSearchParams(query), headers }, privacy, []);
}

function conceal(
  { query, headers }: Pick<RawRequest, "query" | "headers">,
  privacy: Privacy,
  secrets: readonly string[],
): Envelope {
  const kept = new URLSearchParams();
  for (const [name, value] of query)
    if (!privacy.parameter(name)) kept.append(name, concealIn(value, privacy, secrets));
  return {
    query: query.size === 0 ? "" : kept.toString(),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, concealHeader(name, value, privacy, secrets)]),
    ),
  };
}

function concealHeader(name: string, value: string, privacy: Privacy, secrets: readonly string[]): string {
  if (privacy.header(name)) return NOT_KEPT;
  return privacy.exact(name) ? value : concealIn(value, privacy, secrets);
}

/** A scheme such as Bearer and what it goes with are two things, and so are the name and value of a cookie. */
function valuesOf(header: string): string[] {
  return [header, ...header.split(/[\s,;]+/), ...header.split(/[\s,;=]+/)];
}

/** A shorter text may stand in many a header by chance. */
const MIN_SECRET_LENGTH = 8;

function isLong(secret: string): boolean {
  return secret.length >= MIN_SECRET_LENGTH;
}

const USER_INFO = /(:\/\/)[^\s/?#@]+@/g;
/** `name=value`, alone or in a row. */
const PARAMETER = /(^|[?&;,\s])([^\s?&;,="'<>]{1,200})=([^\s&#;,"'<>]*)/g;
const PATH_TOKEN = /(\/in\/[^\s/?#]+\/[^\s/?#]+\/)[^\s/?#]+/g;

/** A text without a secret in it: user names and passwords of URLs, private parameters, the token of a path, and `secrets`. */
function concealIn(text: string, privacy: Privacy, secrets: readonly string[]): string {
  let concealed = text;
  for (const secret of secrets) {
    for (const written of new Set([secret, encodeURIComponent(secret.toWellFormed())]))
      if (concealed.includes(written)) concealed = concealed.replaceAll(written, NOT_KEPT_IN_TEXT);
  }
  if (concealed.includes("@")) concealed = concealed.replace(USER_INFO, "$1");
  if (concealed.includes("/in/")) concealed = concealed.replace(PATH_TOKEN, `$1${NOT_KEPT_IN_TEXT}`);
  if (!concealed.includes("=")) return concealed;
  return concealed.replace(PARAMETER, (whole, before: string, name: string) =>
    privacy.parameter(decoded(name)) ? `${before}${name}=${NOT_KEPT_IN_TEXT}` : whole,
  );
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Conceals what was kept of any request, by its channel where that is configured. */
export function createConceal(
  channels: readonly Channel[],
  privateNames: readonly string[],
): <Kept extends Envelope & { source: string; channel: string }>(kept: Kept) => Kept {
  const known = new Map(channels.map((channel) => [`${channel.source}/${channel.name}`, channel]));
  const elsewhere = privacyBy(privateNames);
  return (kept) => {
    const channel = known.get(`${kept.source}/${kept.channel}`);
    return { ...kept, ...concealEnvelope(kept, channel ? privacyOf(channel) : elsewhere) };
  };
}
