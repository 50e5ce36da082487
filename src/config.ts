import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import type { Alert } from "./alert/tell.ts";
import { readAlerts } from "./config/alert.ts";
import { readChannel } from "./config/channel.ts";
import { concealContents } from "./config/contents.ts";
import { findDoubtful, findUnclean } from "./config/credentials.ts";
import { readDestinations } from "./config/destination.ts";
import { fitToSchema } from "./config/fit-to-schema.ts";
import type { Retention } from "./config/retention-schema.ts";
import { AdminFile, ConfigFile, ServerFile, SINGLE_TOKEN, SourceFile } from "./config/schema.ts";
import { type Setting, settingsOf } from "./config/settings.ts";
import { messageOf } from "./domain/errors.ts";
import { BRIDGE_SOURCE } from "./domain/event.ts";
import { formatSize } from "./domain/quantity.ts";
import type { AdminToken } from "./domain/rights.ts";
import type { Environment } from "./environment.ts";
import type { Channel } from "./inbound/channel.ts";
import { loadMapping, SHIPPED_MAPPINGS } from "./mapping/load.ts";
import type { Destination } from "./outbound/destination.ts";
import type { ParitySettings } from "./parity/scope.ts";
import { checkYaml, entriesOf, type FileProblem, parseYaml, type YamlFile } from "./yaml.ts";

/**
 * The whole configuration. It is checked, and trusted from here on. Durations are milliseconds, sizes bytes.
 */
export interface Config {
  /** The file it was read from. */
  file: string;
  /** Its settings one by one, as a person may see them. */
  settings(): readonly Setting[];
  server: {
    host: string;
    port: number;
    /** Stands before `/in`, such as `/esign`; may be empty. */
    basePath: string;
    /** For channels where neither the file nor the mapping sets another. */
    maxBody: number;
    maxValues: number;
    maxBytesInFlight: number;
    maxConnections: number;
    idleTimeout: number;
    stallTimeout: number;
    requestTimeout: number;
  };
  admin: {
    host: string;
    port: number;
    /** What the commands send; null: none is needed. */
    token: string | null;
    /** Every token that is accepted. */
    tokens: readonly AdminToken[];
    /** Names under which it is reached besides localhost; absent: not configured. */
    hosts?: readonly string[] | undefined;
    /** What this bridge is, such as `production`; absent: not configured. */
    name?: string | undefined;
    console: boolean;
    /** A proxy in front says who asks, and how. */
    proxied: boolean;
  };
  store: { kind: "sqlite" | "lowdb"; file: string } | { kind: "postgres"; url: string };
  channels: readonly Channel[];
  /** Those of alerts are among them. */
  destinations: readonly Destination[];
  /** Who is told what needs a person. */
  alerts: readonly Alert[];
  log: { level: string };
  /** Patterns of headers and query parameters that are not stored, besides the usual ones. */
  privateNames: readonly string[];
  /** Refused requests that are kept of a channel, and bytes that are kept of each body. */
  rejected: { keep: number; maxBody: number };
  /** How long each kind of row is kept; null: for ever. */
  retention: Retention;
  /** How long a stop goes on accepting while it is not ready, and then waits for what is in flight. */
  drain: number;
  shutdown: number;
  concerns: { stuckAfter: number };
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
  /** Whether spans show ids of documents. */
  telemetry: { documents: boolean };
  /** What a comparison of two channels tolerates and asks for. */
  parity: ParitySettings;
}

export interface LoadedConfig {
  /** Null when there are problems. */
  config: Config | null;
  problems: readonly FileProblem[];
  /** Likely mistakes in a configuration that is valid. */
  warnings: readonly FileProblem[];
}

/**
 * Reads the configuration and its mappings. All problems of all files are found at once; nothing is thrown.
 */
export async function loadConfig(file: string, environment: Environment): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const message = `cannot be read (${messageOf(error)}): copy countersign.example.yaml, or name another file with --config`;
    return { config: null, problems: [{ file, line: 1, column: 1, message }], warnings: [] };
  }
  return parseConfig(text, file, environment);
}

/**
 * Reads the section `admin` alone, whatever is wrong elsewhere.
 *
 * @throws ZodError when the section is wrong; the fault of the file system when there is no file.
 */
export async function loadAdmin(file: string, environment: Environment): Promise<ConfigFile["admin"]> {
  const yaml = parseYaml(await readFile(file, "utf8"), file, environment);
  const { value } = fitToSchema(yaml, z.object({ admin: AdminFile }));
  return AdminFile.parse(entriesOf(value, "admin"));
}

/** The whole configuration from a text. Problems name `file`, and relative paths start from its folder. */
export async function parseConfig(
  text: string,
  file: string,
  environment: Environment,
): Promise<LoadedConfig> {
  const read = fitToSchema(parseYaml(text, file, environment), ConfigFile);
  const yaml = { ...read, problems: [...read.problems, ...findUnclean(read)] };
  const checked = checkYaml(yaml, ConfigFile);
  const folder = dirname(resolve(file));
  const sources = await readSources(yaml, folder);
  const outward = readDestinations(entriesOf(yaml.value, "destinations"), {
    yaml,
    folder,
    sources: channelNames(yaml),
  });
  const told = readAlerts(entriesOf(yaml.value, "alerts"), {
    ...{ yaml, folder },
    destinations: Object.keys(entriesOf(yaml.value, "destinations")),
  });
  const inOrder = (found: readonly FileProblem[]) => sorted(concealContents(found, yaml.contents));
  const problems = inOrder([
    ...checked.problems,
    ...sources.problems,
    ...outward.problems,
    ...told.problems,
    ...portClash(yaml, checked.value),
    ...budgetTooSmall(yaml, checked.value, sources.channels),
  ]);
  const warnings = inOrder(findDoubtful(yaml));
  if (checked.value === null || problems.length > 0) return { config: null, problems, warnings };

  const { server, admin, store, typePrefix, privateNames, log, parity } = checked.value;
  const { rejected, retention, drain, shutdown, concerns, telemetry } = checked.value;
  return {
    config: {
      file,
      settings: () => settingsOf(yaml),
      server: { ...server, maxBytesInFlight: server.maxBytesInFlight ?? budgetFor(sources.channels) },
      admin: { ...admin, ...readTokens(admin) },
      store: readStore(store, folder),
      channels: sources.channels.map((channel) => ({ ...channel, privateNames })),
      destinations: [...outward.destinations, ...told.destinations].map((one) => ({ ...one, typePrefix })),
      alerts: told.alerts,
      log,
      privateNames,
      rejected,
      retention,
      shutdown,
      drain,
      concerns,
      typePrefix,
      telemetry,
      parity,
    },
    problems,
    warnings,
  };
}

/** The commands send the token that may do most. */
function readTokens({ token, tokens }: ConfigFile["admin"]): Pick<Config["admin"], "token" | "tokens"> {
  const single = token === undefined ? [] : [{ name: SINGLE_TOKEN, token, right: "act" } as const];
  const named = Object.entries(tokens).map(([name, one]) => ({ name, ...one }));
  const all = [...single, ...named];
  const best = all.find(({ right }) => right === "act") ?? all[0];
  return { token: best?.token ?? null, tokens: all };
}

/** The store's kind and place; the schema has checked the text. */
function readStore(store: string, folder: string): Config["store"] {
  if (store.startsWith("postgres")) return { kind: "postgres", url: store };
  const kind = store.startsWith("lowdb:") ? "lowdb" : "sqlite";
  return { kind, file: resolve(folder, store.slice(kind.length + 1)) };
}

/** The folders of mappings: first beside the configuration, then the shipped ones. */
export function mappingFolders(folder: string): readonly string[] {
  return [join(folder, "mappings"), SHIPPED_MAPPINGS];
}

/** The channels of each source as written, for the filters of destinations. */
function channelNames(yaml: YamlFile): ReadonlyMap<string, readonly string[]> {
  const sources = entriesOf(yaml.value, "sources");
  return new Map(
    Object.keys(sources).map((name) => [name, Object.keys(entriesOf(sources, name, "channels"))]),
  );
}

interface Sources {
  channels: Channel[];
  problems: FileProblem[];
}

/** Each source is checked on its own: a mistake elsewhere must not hide those of its mapping and checks. */
async function readSources(yaml: YamlFile, folder: string): Promise<Sources> {
  const sources = await Promise.all(
    Object.keys(entriesOf(yaml.value, "sources")).map((name) => readSource(yaml, name, folder)),
  );
  return {
    channels: sources.flatMap(({ channels }) => channels),
    problems: sources.flatMap(({ problems }) => problems),
  };
}

async function readSource(yaml: YamlFile, name: string, folder: string): Promise<Sources> {
  if (name === BRIDGE_SOURCE) {
    const message = `\`sources.${name}\`: is the name of the bridge's own events: give the source another`;
    return { channels: [], problems: [{ ...yaml.positionOf(["sources", name], "key"), message }] };
  }
  const value = entriesOf(yaml.value, "sources")[name];
  const mappingName = entriesOf(value).mapping;
  if (typeof mappingName !== "string") return { channels: [], problems: [] };

  const loaded = await loadMapping(mappingName, mappingFolders(folder));
  if (!loaded.mapping) {
    const position = yaml.positionOf(["sources", name, "mapping"]);
    const absent = loaded.absent === null ? [] : [{ ...position, message: loaded.absent }];
    return { channels: [], problems: [...loaded.problems, ...absent] };
  }

  const found: Sources = { channels: [], problems: [] };
  const { channels = {}, coalesce = 0 } = SourceFile.safeParse(value).data ?? {};
  const { maxBody = 0, maxValues = 0 } = ServerFile.safeParse(entriesOf(yaml.value, "server")).data ?? {};
  for (const [channel, credentials] of Object.entries(channels)) {
    const read = readChannel(
      { source: name, name: channel, mapping: loaded.mapping, coalesce, maxBody, maxValues },
      credentials,
      folder,
    );
    const problem = typeof read === "string" ? read : lonelyStandby(channel, channels);
    if (typeof read !== "string") found.channels.push(read);
    if (problem !== null)
      found.problems.push({
        ...yaml.positionOf(["sources", name, "channels", channel], "key"),
        message: problem,
      });
  }
  return found;
}

/** A channel on standby from which no other channel of its source has taken over. */
function lonelyStandby(name: string, channels: SourceFile["channels"]): string | null {
  const others = Object.entries(channels).filter(([other]) => other !== name);
  if (channels[name]?.standby === undefined) return null;
  if (others.some(([, { shadow, standby }]) => !shadow && standby === undefined)) return null;
  return "has `standby`, but no other channel of the source has taken over: all are on standby or in shadow";
}

function portClash(yaml: YamlFile, config: ConfigFile | null): FileProblem[] {
  if (!config || config.server.port === 0 || config.server.port !== config.admin.port) return [];
  const message = `\`admin.port\`: ${config.admin.port} is the port of \`server\` too: give it another`;
  return [{ ...yaml.positionOf(["admin", "port"]), message }];
}

const DEFAULT_BYTES_IN_FLIGHT = 64 * 1_024 ** 2;

/** Room for the longest body twice: as it came, and decompressed. */
function budgetFor(channels: readonly Channel[]): number {
  return Math.max(DEFAULT_BYTES_IN_FLIGHT, ...channels.map(({ maxBody }) => 2 * maxBody));
}

function budgetTooSmall(
  yaml: YamlFile,
  config: ConfigFile | null,
  channels: readonly Channel[],
): FileProblem[] {
  const given = config?.server.maxBytesInFlight;
  const longest = channels.toSorted((a, b) => b.maxBody - a.maxBody)[0];
  if (given === undefined || !longest || given >= 2 * longest.maxBody) return [];
  const { source, name, maxBody } = longest;
  const message = `\`server.maxBytesInFlight\`: ${formatSize(given)} is less than twice ${formatSize(maxBody)}, which is how long a body on ${source}/${name} may be: raise it, or give the channel a smaller \`maxBody\``;
  return [{ ...yaml.positionOf(["server", "maxBytesInFlight"]), message }];
}

function sorted(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}
