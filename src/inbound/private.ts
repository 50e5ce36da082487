import type { Receipt } from "../domain/receipt.ts";
import type { Channel } from "./channel.ts";
import { type Privacy, privacyBy, privacyOf } from "./private-names.ts";
import type { RequestHead } from "./request.ts";

/** Requests without what gives access: what is kept of their headers and query, and shown of it. */

/** The part of a request beside its body, as it is kept. */
export type Envelope = Pick<Receipt, "query" | "headers">;

/** What stands for a secret that was there. */
const NOT_KEPT = "(not kept)";
/** The same within a text, where a space would end it. */
const NOT_KEPT_IN_TEXT = "(not-kept)";

/**
 * The query and headers of a request, without what is a secret by itself. Proxies copy the URL into headers of theirs, so no other
 * header keeps the token of the path, a parameter that is private, or a secret that stood elsewhere in the same request.
 */
export function withoutCredentials(request: RequestHead, privacy: Privacy): Envelope {
  return conceal(request, privacy, secretsOf(request, privacy));
}

/** The same for what was kept before a name became private. */
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

/** The secrets of a request, as they may be written elsewhere in it. */
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

/** A scheme such as Bearer and what it goes with are two things, and so are the name and value of a cookie. */
function valuesOf(header: string): string[] {
  return [header, ...header.split(/[\s,;]+/), ...header.split(/[\s,;=]+/)];
}

/** A shorter text may stand in many a header by chance. */
const MIN_SECRET_LENGTH = 8;

const USER_INFO = /(:\/\/)[^\s/?#@]+@/g;
/** `name=value`, alone or in a row. */
const PARAMETER = /(^|[?&;,\s])([^\s?&;,="'<>]{1,200})=([^\s&#;,"'<>]*)/g;
const PATH_TOKEN = /(\/in\/[^\s/?#]+\/[^\s/?#]+\/)[^\s/?#]+/g;

/** A text without a secret in it: user names and passwords of URLs, private parameters, the token of a path, and `secrets`. */
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
