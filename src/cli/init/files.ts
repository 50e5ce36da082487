import { randomBytes } from "node:crypto";
import { needsOf, optionsOf } from "../../mapping/check.ts";
import type { Mapping, MappingChannel } from "../../mapping/compile.ts";
import { newSecret } from "../../outbound/sign.ts";

/** What `countersign init` was told. */
export interface Answers {
  providers: readonly ChosenProvider[];
  destinations: readonly ChosenDestination[];
  /** Where providers reach the bridge, without a slash at the end; null: not known yet. */
  publicUrl: string | null;
}

export interface ChosenProvider {
  mapping: Mapping;
  channels: readonly MappingChannel[];
}

export interface ChosenDestination {
  name: string;
  url: string;
}

/** A variable of the `.env`, with a fresh value. */
export interface Variable {
  name: string;
  value: string;
  /** Lines that stand above it. */
  comment: readonly string[];
}

/** A channel with the variables of its credentials, by their keys in the configuration. */
export interface PreparedChannel {
  mapping: Mapping;
  channel: MappingChannel;
  credentials: Readonly<Partial<Record<Credential, Variable>>>;
}

type Credential = "secrets" | "allowed" | "token";

/** Where and how the bridge will run. */
export interface Place {
  /** In the image. */
  container?: true | undefined;
  /** As in the configuration; absent: SQLite. */
  store?: string | undefined;
  /** The folder of files with secrets; absent: variables have them. */
  secrets?: string | undefined;
}

export interface Installation {
  channels: readonly PreparedChannel[];
  destinations: readonly (ChosenDestination & { secret: Variable })[];
  adminToken: Variable;
  /** Of a PostgreSQL store whose address has no password. */
  databasePassword: Variable | null;
}

/** The names under which `countersign simulate` and the example configuration know a secret. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  "lumin/account": "LUMIN_PRIMARY_API_KEY",
  "legalesign/realtime": "LEGALESIGN_HMAC_SECRET",
};

const STAND_IN =
  "This one is random. Enter it at the provider, or put the provider's own in its place: until then its posts are refused.";

/** Draws every secret and token. */
export function prepare({ providers, destinations }: Answers, { store = "" }: Place): Installation {
  const tokens = new Map<string, Variable>();
  return {
    channels: providers.flatMap(({ mapping, channels }) =>
      channels.map((channel) => ({ mapping, channel, credentials: credentialsOf(mapping, channel, tokens) })),
    ),
    destinations: destinations.map((destination) => ({ ...destination, secret: secretOf(destination) })),
    adminToken: {
      name: "COUNTERSIGN_ADMIN_TOKEN",
      value: randomBytes(32).toString("hex"),
      comment: ["For operators: the admin API and the commands about a running bridge."],
    },
    databasePassword: needsPassword(store)
      ? {
          name: "PGPASSWORD",
          value: randomBytes(24).toString("hex"),
          comment: ["The password of the database's user. Read from the environment, by this name."],
        }
      : null,
  };
}

function needsPassword(store: string): boolean {
  return store.startsWith("postgres") && URL.canParse(store) && new URL(store).password === "";
}

function secretOf({ name, url }: ChosenDestination): Variable {
  const comment = [`Signs the events for ${url}. Give it to that system, which verifies with it.`];
  return { name: `${upper(name)}_WEBHOOK_SECRET`, value: newSecret(randomBytes), comment };
}

/** `tokens` has one token for all channels of a provider. */
function credentialsOf(
  mapping: Mapping,
  channel: MappingChannel,
  tokens: Map<string, Variable>,
): PreparedChannel["credentials"] {
  const keys = keysOf(channel);
  const title = `${mapping.title}, ${channel.title}`;
  const place = `${upper(mapping.provider)}_${upper(channel.name)}`;
  const token = tokens.get(mapping.provider) ?? {
    name: `${upper(mapping.provider)}_TOKEN`,
    value: randomBytes(24).toString("hex"),
    comment: [`${mapping.title}: stands in the URL that the provider posts to.`],
  };
  if (keys.includes("token")) tokens.set(mapping.provider, token);
  return {
    ...(keys.includes("secrets") && {
      secrets: {
        name: USUAL_NAMES[`${mapping.provider}/${channel.name}`] ?? `${place}_SECRET`,
        value: newValue(channel),
        comment: [`${title}. ${channel.setup ?? ""}`.trim(), STAND_IN],
      },
    }),
    ...(keys.includes("allowed") && {
      allowed: {
        name: `${place}_ALLOWED`,
        value: randomBytes(16).toString("hex"),
        comment: [`${title}: the account's own value, which is no secret. Replace this random one.`],
      },
    }),
    ...(keys.includes("token") && { token }),
  };
}

/** The keys that prove a request genuine: the required ones, else a secret or a token. */
function keysOf({ checks }: MappingChannel): readonly string[] {
  const needs = needsOf(checks);
  if (needs.length > 0) return needs;
  return [optionsOf(checks).includes("secrets") ? "secrets" : "token"];
}

function newValue({ checks }: MappingChannel): string {
  const form = checks.flatMap((rule) => (rule.kind === "hmac" ? rule.secret : []))[0];
  if (form === "whsec") return newSecret(randomBytes);
  return randomBytes(32).toString(form === "base64" ? "base64" : "hex");
}

const upper = (name: string) => name.toUpperCase().replaceAll("-", "_");

/** The configuration: what differs from the defaults, and no secret. */
export function configurationOf(installation: Installation, place: Place): string {
  const { channels, destinations } = installation;
  const byProvider = Map.groupBy(channels, ({ mapping }) => mapping.provider);
  const refer = ({ name }: Variable) =>
    place.secrets === undefined ? `"\${${name}}"` : `"\${file:${place.secrets.replace(/\/+$/, "")}/${name}}"`;
  return `${[
    "# Made by `countersign init`. docs/configuration.md lists every key.",
    place.secrets === undefined
      ? "# ${NAME} comes from the environment: here, from .env, by `--env-file .env`."
      : "# ${file:…} is the content of a file, read again at each reload.",
    "",
    ...placeOf(installation, place, refer),
    "",
    "sources:",
    ...[...byProvider].flatMap(([provider, prepared]) => [
      `  ${provider}:`,
      `    mapping: ${provider}`,
      "    channels:",
      ...prepared.map(
        ({ channel, credentials }) => `      ${channel.name}: ${channelOf(credentials, refer)}`,
      ),
    ]),
    "",
    "destinations:",
    ...destinations.flatMap(({ name, url, secret }) => [
      `  ${name}:`,
      `    url: ${JSON.stringify(url)}`,
      `    secrets: [${refer(secret)}]`,
    ]),
  ].join("\n")}\n`;
}

type Refer = (variable: Variable) => string;

/** How long a balancer may need to notice that a node is not ready. */
const DRAIN = "5s";

/** A container is reached from outside only over all addresses, and its files are lost but for `/data`. */
function placeOf({ adminToken }: Installation, { container, store }: Place, refer: Refer): string[] {
  const host = container ? "host: 0.0.0.0, " : "";
  const kept = store ?? (container && "sqlite:/data/countersign.db");
  return [
    `admin: { ${host}token: ${refer(adminToken)} }`,
    ...(kept ? [`store: ${JSON.stringify(kept)}`] : []),
    ...(container ? [`drain: ${DRAIN}`] : []),
  ];
}

function channelOf(credentials: PreparedChannel["credentials"], refer: Refer): string {
  const members = Object.entries(credentials).map(([key, variable]) =>
    key === "token" ? `token: ${refer(variable)}` : `${key}: [${refer(variable)}]`,
  );
  return `{ ${members.join(", ")} }`;
}

/** The `.env`. */
export function environmentOf(installation: Installation): string {
  const blocks = variablesOf(installation).map(({ name, value, comment }) =>
    [...comment.map((line) => `# ${line}`), `${name}=${value}`].join("\n"),
  );
  return `${["# Secrets: for its owner only, and never in version control.", ...blocks].join("\n\n")}\n`;
}

/** Each variable once. */
export function variablesOf(installation: Installation): readonly Variable[] {
  const { channels, destinations, adminToken, databasePassword } = installation;
  return [
    ...new Set([
      adminToken,
      ...(databasePassword ? [databasePassword] : []),
      ...channels.flatMap(({ credentials }) => Object.values(credentials)),
      ...destinations.map(({ secret }) => secret),
    ]),
  ];
}
