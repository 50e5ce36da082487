import { EVENT_TYPES } from "../domain/event.ts";
import type { Destination } from "../outbound/destination.ts";
import { FORMATS } from "../outbound/format.ts";
import { hasLuminWord } from "../outbound/format-lumin.ts";
import { refusalOfLiteral } from "../outbound/guard.ts";
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
    const tls = readTls(data, surroundings.folder);
    const complaints = [...tls.complaints, ...check(data, value, surroundings.sources)];
    found.destinations.push({ ...toDestination(name, data), tls: tls.context });
    found.problems.push(...complaints.map((complaint) => toProblem(complaint, ["destinations", name], yaml)));
  }
  return found;
}

export function toProblem({ path, message }: Complaint, at: readonly string[], yaml: YamlFile): FileProblem {
  const where = [...at, ...path];
  return { ...yaml.positionOf(where), message: `\`${where.join(".")}\`: ${message}` };
}

export function toDestination(name: string, given: DestinationFile): Omit<Made, "tls"> {
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

function check(given: DestinationFile, value: unknown, sources: Surroundings["sources"]): Complaint[] {
  return [
    ...checkAddress(given),
    ...checkContentType(given),
    ...checkHeaders(given),
    ...checkFilter(given, sources),
    ...(given.format === "lumin" ? checkLumin(given, value) : []),
  ];
}

export function checkAddress({
  url,
  network,
  proxy,
}: Pick<DestinationFile, "url" | "network" | "proxy">): Complaint[] {
  const refusal = refusalOfLiteral(new URL(url), network);
  const ofProxy = proxy === undefined ? null : refusalOfLiteral(new URL(proxy), "any");
  return [
    ...(refusal ? [{ path: ["url"], message: refusal.message }] : []),
    ...(ofProxy ? [{ path: ["proxy"], message: ofProxy.message }] : []),
  ];
}

/** Only one format has a content type of its own that receivers may not know. */
function checkContentType({ contentType, format }: DestinationFile): Complaint[] {
  if (contentType === undefined || format === "cloudevents") return [];
  const message = `goes with \`format: cloudevents\` only: \`${format}\` is sent as application/json already`;
  return [{ path: ["contentType"], message }];
}

/** No header may be set twice. */
function checkHeaders({ headers, auth, alsoSign, format, secrets }: DestinationFile): Complaint[] {
  const taken = new Set(Object.keys(headers));
  const [first] = secrets;
  const own = first && FORMATS[format].ownSignature?.(first).header;
  const claims = [
    { name: own, path: ["format"] },
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

/** Lumin signs with the text of the secret itself, which the configuration writes as `raw:`. */
function checkLumin({ events }: DestinationFile, value: unknown): Complaint[] {
  const [secret] = (value as { secrets: readonly string[] }).secrets;
  const unsupported = events.flatMap((type, index): Complaint[] => {
    const known = EVENT_TYPES.find((one) => one === type);
    if (!known || hasLuminWord(known)) return [];
    return [{ path: ["events", index], message: `Lumin has no word for ${type}: it would never be sent` }];
  });
  if (secret?.startsWith("raw:")) return unsupported;
  const message =
    "`format: lumin` signs with the text of the first secret, as Lumin does: write `raw:` and the text";
  return [{ path: ["secrets", 0], message }, ...unsupported];
}
