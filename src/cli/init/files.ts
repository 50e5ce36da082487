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

export interface Installation {
  channels: readonly PreparedChannel[];
  destinations: readonly (ChosenDestination & { secret: Variable })[];
  adminToken: Variable;
}

/** The names under which `countersign simulate` and the example configuration know a secret. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  "lumin/account": "LUMIN_PRIMARY_API_KEY",
  "legalesign/realtime": "LEGALESIGN_HMAC_SECRET",
};

const STAND_IN =
  "This one is random. Enter it at the provider, or put the provider's own in its place: until then its posts are refused.";

/** Draws every secret and token. */
export function prepare({ providers, destinations }: Answers): Installation {
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
  };
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
export function configurationOf({ channels, destinations, adminToken }: Installation): string {
  const byProvider = Map.groupBy(channels, ({ mapping }) => mapping.provider);
  return `${[
    "# Made by `countersign init`. `countersign check --env-file .env` says what it means.",
    "# docs/configuration.md lists every key. ${NAME} comes from the environment: here, from .env.",
    "",
    `admin: { token: "\${${adminToken.name}}" }`,
    "",
    "sources:",
    ...[...byProvider].flatMap(([provider, prepared]) => [
      `  ${provider}:`,
      `    mapping: ${provider}`,
      "    channels:",
      ...prepared.map(({ channel, credentials }) => `      ${channel.name}: ${channelOf(credentials)}`),
    ]),
    "",
    "destinations:",
    ...destinations.flatMap(({ name, url, secret }) => [
      `  ${name}:`,
      `    url: ${JSON.stringify(url)}`,
      `    secrets: ["\${${secret.name}}"]`,
    ]),
  ].join("\n")}\n`;
}

function channelOf(credentials: PreparedChannel["credentials"]): string {
  const members = Object.entries(credentials).map(([key, { name }]) =>
    key === "token" ? `token: "\${${name}}"` : `${key}: ["\${${name}}"]`,
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
export function variablesOf({ channels, destinations, adminToken }: Installation): readonly Variable[] {
  return [
    ...new Set([
      adminToken,
      ...channels.flatMap(({ credentials }) => Object.values(credentials)),
      ...destinations.map(({ secret }) => secret),
    ]),
  ];
}
