import type { SecureContext } from "node:tls";
import type { Destination } from "../outbound/destination.ts";
import { FORMATS, unspokenBy } from "../outbound/format.ts";
import { refusalOfLiteral } from "../outbound/guard.ts";
import type { OAuth2 } from "../outbound/token-request.ts";
import type { FileProblem, YamlFile } from "../yaml.ts";
import { DestinationFile } from "./destination-schema.ts";
import { type Complaint, readTls } from "./tls.ts";

/** Destinations from the configuration file. */

/** What a destination is made with, besides its own section. */
export interface Surroundings {
  yaml: YamlFile;
  /** Relative paths start here. */
  folder: string;
  /** The channels of each configured source, by the source's name. */
  sources: ReadonlyMap<string, readonly string[]>;
}

/** A destination without what all destinations have in common. */
type Made = Omit<Destination, "typePrefix">;

export interface Destinations {
  destinations: Made[];
  problems: FileProblem[];
}

/**
 * Each destination is checked on its own, so that a mistake elsewhere does not hide its problems. Those of
 * the schema are reported with the whole file, not here.
 */
export function readDestinations(
  given: Readonly<Record<string, unknown>>,
  { yaml, ...surroundings }: Surroundings,
): Destinations {
  const found: Destinations = { destinations: [], problems: [] };
  for (const [name, value] of Object.entries(given)) {
    const { data } = DestinationFile.safeParse(value);
    if (!data) continue;
    const { contexts, complaints: unread } = readCertificates(data, surroundings.folder);
    const complaints = [...unread, ...check(data, value, surroundings.sources)];
    found.destinations.push(toDestination(name, data, contexts));
    found.problems.push(...complaints.map((complaint) => toProblem(complaint, ["destinations", name], yaml)));
  }
  return found;
}

export function toProblem({ path, message }: Complaint, at: readonly string[], yaml: YamlFile): FileProblem {
  const where = [...at, ...path];
  return { ...yaml.positionOf(where), message: `\`${where.join(".")}\`: ${message}` };
}

/** What each of the two connections trusts and shows. */
export interface Contexts {
  destination: SecureContext | null;
  tokenEndpoint: SecureContext | null;
}

export function readCertificates(
  { url, tls, auth }: DestinationFile,
  folder: string,
): { contexts: Contexts; complaints: Complaint[] } {
  const { tokenUrl = "", tls: ofTokens } = auth?.oauth2 ?? {};
  const destination = readTls({ tls, url, urlKey: "url", path: ["tls"] }, folder);
  const tokenEndpoint = readTls(
    { tls: ofTokens, url: tokenUrl, urlKey: "tokenUrl", path: ["auth", "oauth2", "tls"] },
    folder,
  );
  return {
    contexts: { destination: destination.context, tokenEndpoint: tokenEndpoint.context },
    complaints: [...destination.complaints, ...tokenEndpoint.complaints],
  };
}

export function toDestination(name: string, given: DestinationFile, contexts: Contexts): Made {
  const {
    retry: schedule,
    auth,
    headers,
    alsoSign = null,
    rate = null,
    contentType = null,
    proxy = null,
    tls: _,
    ...rest
  } = given;
  return {
    ...rest,
    name,
    schedule,
    alsoSign,
    rate,
    contentType,
    proxy,
    tls: contexts.destination,
    oauth2: oauth2Of(auth?.oauth2, { proxy, tls: contexts.tokenEndpoint }),
    headers: { ...headers, ...authorization(auth) },
    supports: FORMATS[given.format].supports,
  };
}

function authorization(auth: DestinationFile["auth"]): Readonly<Record<string, string>> {
  if (auth?.basic) {
    const { user, password } = auth.basic;
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
  }
  if (auth?.bearer) return { authorization: `Bearer ${auth.bearer}` };
  return auth?.header ? { [auth.header.name]: auth.header.value } : {};
}

/** The token endpoint is reached through the destination's proxy, unless it has its own or none. */
function oauth2Of(
  given: NonNullable<DestinationFile["auth"]>["oauth2"],
  { proxy, tls }: Pick<OAuth2, "proxy" | "tls">,
): OAuth2 | null {
  if (!given) return null;
  const { scope = null, audience = null, ...rest } = given;
  return { ...rest, scope, audience, proxy: given.proxy === undefined ? proxy : given.proxy, tls };
}

function check(given: DestinationFile, value: unknown, sources: Surroundings["sources"]): Complaint[] {
  return [
    ...checkAddress(given),
    ...checkContentType(given),
    ...checkHeaders(given),
    ...checkFilter(given, sources),
    ...checkTypes(given),
    ...checkBatch(given),
    ...(given.format === "lumin" ? checkLumin(value) : []),
  ];
}

export function checkAddress({
  url,
  network,
  proxy,
  auth,
}: Pick<DestinationFile, "auth" | "network" | "proxy" | "url">): Complaint[] {
  const { tokenUrl, proxy: tokenProxy } = auth?.oauth2 ?? {};
  const addresses = [
    { path: ["url"], address: url, network },
    { path: ["proxy"], address: proxy, network: "any" },
    { path: ["auth", "oauth2", "tokenUrl"], address: tokenUrl, network },
    { path: ["auth", "oauth2", "proxy"], address: tokenProxy, network: "any" },
  ] as const;
  return addresses.flatMap(({ path, address, network }) => {
    const refusal = address == null ? null : refusalOfLiteral(new URL(address), network);
    return refusal ? [{ path, message: refusal.message }] : [];
  });
}

/** Only one format has a content type of its own that receivers may not know. */
function checkContentType({ contentType, format }: DestinationFile): Complaint[] {
  if (contentType === undefined || format === "cloudevents") return [];
  const isForm = format.startsWith("legalesign-");
  const own = isForm ? "is a form" : "is sent as application/json already";
  const message = `goes with \`format: cloudevents\` only: \`${format}\` ${own}`;
  return [{ path: ["contentType"], message }];
}

/** No header may be set twice. */
function checkHeaders({ headers, auth, alsoSign, format, secrets }: DestinationFile): Complaint[] {
  const taken = new Set(Object.keys(headers));
  const [first] = secrets;
  const own = first && FORMATS[format].ownSignature?.(first).header;
  const claims = [
    { name: own, path: ["format"] },
    { name: auth?.oauth2 && "authorization", path: ["auth", "oauth2"] },
    { name: auth?.header?.name, path: ["auth", "header", "name"] },
    { name: alsoSign?.header, path: ["alsoSign", "header"] },
  ];
  const complaints: Complaint[] = [];
  for (const { name, path } of claims) {
    if (name === undefined) continue;
    if (taken.has(name))
      complaints.push({ path, message: `\`${name}\` is set twice: it can have one value only` });
    taken.add(name);
  }
  return complaints;
}

/** A filter by a name that does not exist would silently drop every event. */
function checkFilter({ filter }: DestinationFile, sources: Surroundings["sources"]): Complaint[] {
  const known = { sources: [...sources.keys()], channels: [...new Set([...sources.values()].flat())] };
  return (["sources", "channels"] as const).flatMap((list) =>
    (filter?.[list] ?? []).flatMap((entry, index) => {
      if (entry.includes("*") || known[list].includes(entry)) return [];
      const message = `no ${list.slice(0, -1)} is called ${JSON.stringify(entry)}: there are ${known[list].join(", ") || "none"}`;
      return [{ path: ["filter", list, index], message }];
    }),
  );
}

/** A type that is asked for by its name, and that the format has no word for. */
function checkTypes({ events, format }: DestinationFile): Complaint[] {
  const unspoken = new Set<string>(unspokenBy(format));
  return events.flatMap((type, index): Complaint[] => {
    if (!unspoken.has(type)) return [];
    const message = `\`format: ${format}\` has no word for ${type}: it would never be sent`;
    return [{ path: ["events", index], message }];
  });
}

function checkBatch({ batch, format, ordering }: DestinationFile): Complaint[] {
  if (batch === undefined) return [];
  const wrongFormat =
    "goes with `format: legalesign-batch` only: no other format has a body for several events";
  const unordered = "does not go with `ordering: none`: a batch is in order";
  return [
    ...(FORMATS[format].encodeBatch ? [] : [{ path: ["batch"], message: wrongFormat }]),
    ...(ordering === "none" ? [{ path: ["batch"], message: unordered }] : []),
  ];
}

/** Lumin signs with the text of the secret itself, which the configuration writes as `raw:`. */
function checkLumin(value: unknown): Complaint[] {
  const [secret] = (value as { secrets: readonly string[] }).secrets;
  if (secret?.startsWith("raw:")) return [];
  const message =
    "`format: lumin` signs with the text of the first secret, as Lumin does: write `raw:` and the text";
  return [{ path: ["secrets", 0], message }];
}
