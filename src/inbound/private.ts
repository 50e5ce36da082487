import type { Receipt } from "../domain/receipt.ts";
import type { Channel } from "./channel.ts";
import { type Privacy, privacyBy, privacyOf } from "./private-names.ts";
import type { RequestHead } from "./request.ts";

/** Headers and query of requests without credentials, as they are stored and shown. */

/** Query and headers as they are stored. */
export type Envelope = Pick<Receipt, "query" | "headers">;

/** Replaces a secret. */
const NOT_KEPT = "(not kept)";
/** Replaces a secret within a text, where a space would end it. */
const NOT_KEPT_IN_TEXT = "(not-kept)";

/**
 * The query and headers of a request without secrets. Proxies copy the URL into their headers, so the path's
 * token, private parameters and all other secrets of the request are removed from the remaining headers too.
 */
export function withoutCredentials(request: RequestHead, privacy: Privacy): Envelope {
  return conceal(request, privacy, secretsOf(request, privacy));
}

/** The same for what was stored before a name became private. */
export function concealEnvelope({ query, headers }: Envelope, privacy: Privacy): Envelope {
  return conceal({ query: new URLSearchParams(query), headers }, privacy, []);
}

function conceal(
  { query, headers }: Pick<RequestHead, "query" | "headers">,
  privacy: Privacy,
  secrets: readonly string[],
): Envelope {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? "";
    const verdict = privacy.header(name);
    if (verdict === "open") kept[name] = concealIn(value, privacy, secrets);
    else kept[name] = verdict === "exact" ? value : NOT_KEPT;
  }
  return { query: query.size === 0 ? "" : concealQuery(query, privacy, secrets), headers: kept };
}

function concealQuery(query: URLSearchParams, privacy: Privacy, secrets: readonly string[]): string {
  const kept = new URLSearchParams();
  for (const [name, value] of query) {
    const verdict = privacy.parameter(name);
    if (verdict !== "private")
      kept.append(name, verdict === "exact" ? value : concealIn(value, privacy, secrets));
  }
  return kept.toString();
}

/** The secrets of a request in each spelling that other headers may have. */
function secretsOf({ headers, query, pathToken }: RequestHead, privacy: Privacy): readonly string[] {
  const found = pathToken === null ? [] : [pathToken];
  for (const [name, value] of query) if (privacy.parameter(name) === "private") found.push(value);
  for (const name of Object.keys(headers))
    if (privacy.header(name) === "private") found.push(...valuesOf(headers[name] ?? ""));
  const long = found.filter(({ length }) => length >= MIN_SECRET_LENGTH);
  return long.length === 0 ? NONE : [...new Set(long.flatMap(writtenAs))];
}

const NONE: readonly string[] = [];

function writtenAs(secret: string): string[] {
  return [secret, encodeURIComponent(secret.toWellFormed())];
}

/** A header's value and its words: the credential after a scheme such as Bearer, the value of a cookie. */
function valuesOf(header: string): string[] {
  return [header, ...header.split(/[\s,;]+/), ...header.split(/[\s,;=]+/)];
}

/** A shorter text may occur in headers by chance. */
const MIN_SECRET_LENGTH = 8;

const USER_INFO = /(:\/\/)[^\s/?#@]+@/g;
/** `name=value`, alone or in a row. */
const PARAMETER = /(^|[?&;,\s])([^\s?&;,="'<>]{1,200})=([^\s&#;,"'<>]*)/g;
const PATH_TOKEN = /(\/in\/[^\s/?#]+\/[^\s/?#]+\/)[^\s/?#]+/g;

/**
 * Removes `secrets`, user names and passwords of URLs, private parameters and tokens of paths from a text.
 */
function concealIn(text: string, privacy: Privacy, secrets: readonly string[]): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, NOT_KEPT_IN_TEXT);
  if (concealed.includes("@")) concealed = concealed.replace(USER_INFO, "$1");
  if (concealed.includes("/in/")) concealed = concealed.replace(PATH_TOKEN, `$1${NOT_KEPT_IN_TEXT}`);
  if (!concealed.includes("=")) return concealed;
  return concealed.replace(PARAMETER, (whole, before: string, name: string) =>
    privacy.parameter(decoded(name)) === "private" ? `${before}${name}=${NOT_KEPT_IN_TEXT}` : whole,
  );
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Conceals stored requests, by the rules of their channel where it is configured. */
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
