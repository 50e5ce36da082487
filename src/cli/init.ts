import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../config.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { unknownName } from "../mapping/suggest.ts";
import { newSecret } from "../outbound/sign.ts";
import { PRIVATE_FILE } from "../private-files.ts";
import type { SetUpCommand } from "./commands.ts";
import { createInterview, type Interview } from "./init/ask.ts";
import {
  type Answers,
  type ChosenDestination,
  type ChosenProvider,
  configurationOf,
  environmentOf,
  type Installation,
  prepare,
  variablesOf,
} from "./init/files.ts";
import { instructionsOf } from "./init/instructions.ts";
import { findProvider, loadShipped } from "./providers.ts";
import { columnsOf } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Makes a first configuration, from options or from answers. */

interface InitOptions {
  provider: string[];
  destination: string[];
  publicUrl?: string;
  to: string;
  container?: true;
  store?: string;
  secrets?: string;
}

const collect = (text: string, before: readonly string[]) => [...before, text];

export const initCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option(
      "--provider <name>",
      "a provider, with all its channels or with some: lumin/account, legalesign/upon,batch; may be repeated",
      collect,
      [],
    )
    .option(
      "--destination <url>",
      "a system that gets the events, with a name or without: crm=https://crm.internal/hooks; may be repeated",
      collect,
      [],
    )
    .option("--public-url <url>", "where providers reach the bridge, such as https://bridge.example")
    .option(
      "--container",
      "for the image: data in /data, the admin API on all addresses, and time for a balancer",
    )
    .option(
      "--store <store>",
      "another store than SQLite, such as postgres://countersign@postgres/countersign",
    )
    .option(
      "--secrets <folder>",
      "refer to files there, each with the name of a variable, instead of variables",
    )
    .option("--to <folder>", "the folder of countersign.yaml and .env", ".")
    .action(async (options: InitOptions) => done(await init(options, terminal)));
};

async function init(options: InitOptions, terminal: Terminal): Promise<number> {
  const files = {
    configuration: join(options.to, "countersign.yaml"),
    environment: join(options.to, ".env"),
  };
  refuseExisting(Object.values(files));
  const answers = await gather(options, terminal);
  const installation = prepare(answers, options);
  await expectToBeGood(installation, options);
  write(options.to, [
    { file: files.environment, text: environmentOf(installation), mode: PRIVATE_FILE },
    { file: files.configuration, text: configurationOf(installation, options), mode: 0o644 },
  ]);
  terminal.stdout.write(
    `\nWrote ${files.configuration}, and ${files.environment} with the secrets, for its owner only.\n\n` +
      instructionsOf(installation, { ...options, publicUrl: answers.publicUrl }),
  );
  return 0;
}

/** @throws CountersignError `conflict` when one of the files exists. */
function refuseExisting(files: readonly string[]): void {
  const found = files.filter((file) => existsSync(file));
  if (found.length === 0) return;
  const [verb, pronoun] = found.length === 1 ? ["exists", "it"] : ["exist", "them"];
  throw new CountersignError(
    "conflict",
    `${found.join(" and ")} ${verb}, and nothing is overwritten: move ${pronoun} away, or choose another folder with --to`,
  );
}

/** Takes what options say, and asks for the rest. */
async function gather(options: InitOptions, terminal: Terminal): Promise<Answers> {
  const providers = await Promise.all(options.provider.map(readProvider));
  const destinations = await Promise.all(options.destination.map((text) => readDestination(text)));
  const publicUrl = options.publicUrl === undefined ? null : readPublicUrl(options.publicUrl);
  if (providers.length > 0 && destinations.length > 0)
    return { providers: unique(providers), destinations: distinct(destinations), publicUrl };
  const interview = createInterview(terminal);
  try {
    return {
      providers: providers.length > 0 ? unique(providers) : await askForProviders(interview, terminal),
      destinations: destinations.length > 0 ? distinct(destinations) : [await askForDestination(interview)],
      publicUrl: publicUrl ?? (await askForPublicUrl(interview)),
    };
  } finally {
    interview.close();
  }
}

async function askForProviders(interview: Interview, { stdout }: Terminal): Promise<ChosenProvider[]> {
  const shipped = await loadShipped();
  stdout.write(`${columnsOf(shipped.map(({ provider, title }) => ["", provider, title]))}\n`);
  const names = await interview.ask("Which providers send webhooks? Names from this list", async (text) => {
    const given = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
    await Promise.all(given.map(readProvider));
    return given;
  });
  const chosen: ChosenProvider[] = [];
  for (const provider of await Promise.all(names.map(readProvider)))
    chosen.push(await askForChannels(provider, interview));
  return unique(chosen);
}

async function askForChannels(provider: ChosenProvider, interview: Interview): Promise<ChosenProvider> {
  const { mapping, channels } = provider;
  if (channels.length === 1 || channels.length < mapping.channels.size) return provider;
  const names = channels.map(({ name, title }) => `${name} (${title})`).join(", ");
  return interview.ask(
    `Which channels of ${mapping.title}? ${names}`,
    (text) =>
      text === "all" ? provider : readProvider(`${mapping.provider}/${text.replaceAll(/[\s,]+/g, ",")}`),
    "all",
  );
}

async function askForDestination(interview: Interview): Promise<ChosenDestination> {
  const { name, url } = await interview.ask("Which URL gets the events", (text) => readDestination(text));
  return interview.ask(
    "A short name for that system",
    (text) => readDestination(`${text}=${url}`, "named"),
    name,
  );
}

function askForPublicUrl(interview: Interview): Promise<string | null> {
  const question =
    "Where will providers reach the bridge, such as https://bridge.example? Enter: not known yet";
  return interview.ask(question, (text) => (text === "" ? null : readPublicUrl(text)), "");
}

/** Reads `lumin`, `lumin/account` or `legalesign/upon,batch`. */
async function readProvider(text: string): Promise<ChosenProvider> {
  const [name = "", listed] = text.split("/", 2);
  const mapping = findProvider(name, await loadShipped());
  const known = [...mapping.channels.values()];
  if (listed === undefined) return { mapping, channels: known };
  const channels = [...new Set(listed.split(","))].map((channel) => {
    const found = mapping.channels.get(channel);
    if (found) return found;
    const names = known.map(({ name }) => name);
    throw new CountersignError("bad_request", unknownName(`a channel of ${name}`, channel, names));
  });
  return { mapping, channels };
}

/** A provider that is given twice has the channels of both. */
function unique(providers: readonly ChosenProvider[]): ChosenProvider[] {
  return [...Map.groupBy(providers, ({ mapping }) => mapping.provider).values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, channels: withoutRepeats(same.flatMap(({ channels }) => channels)) }] : [];
  });
}

function withoutRepeats(channels: ChosenProvider["channels"]): ChosenProvider["channels"] {
  return [...new Map(channels.map((channel) => [channel.name, channel])).values()];
}

/** Two systems of the same name get numbers. */
function distinct(destinations: readonly ChosenDestination[]): ChosenDestination[] {
  const seen = new Map<string, number>();
  return destinations.map(({ name, url }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { name: count === 1 ? name : `${name}-${count}`, url };
  });
}

/**
 * Reads `URL` or `NAME=URL`; without a name the host gives one.
 *
 * @throws CountersignError `bad_request` when the configuration would not take it.
 */
async function readDestination(text: string, must: "named" | "any" = "any"): Promise<ChosenDestination> {
  const [, given, url = ""] = /^(?:([^=:/?#]*)=)?(.*)$/s.exec(text) ?? [];
  const name = given || (must === "named" ? "" : nameOf(url));
  const section = { destinations: { [name]: { url, secrets: [newSecret(randomBytes)] } } };
  const { problems } = await parseConfig(JSON.stringify(section), "countersign.yaml", {});
  if (problems.length === 0) return { name, url };
  const reasons = problems.map(({ message }) => message.replace(/^`[^`]*`: /, ""));
  throw new CountersignError("bad_request", `${text}: ${reasons.join("; ")}`);
}

/** The first part of the host, such as `crm` of https://crm.internal/hooks. */
function nameOf(url: string): string {
  const [label = ""] = URL.canParse(url) ? new URL(url).hostname.toLowerCase().split(".") : [];
  return /^[a-z][a-z0-9-]{0,62}$/.test(label) && label !== "localhost" ? label : "receiver";
}

function readPublicUrl(text: string): string {
  if (/^https?:/i.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new CountersignError("bad_request", `${text} is no address: write https://bridge.example`);
}

/** Nothing is written that `countersign check` would refuse. */
async function expectToBeGood(installation: Installation, { container, store }: InitOptions): Promise<void> {
  const environment = Object.fromEntries(variablesOf(installation).map(({ name, value }) => [name, value]));
  // The same with variables in place of files, which are not there yet.
  const text = configurationOf(installation, { container, store });
  const { problems } = await parseConfig(text, "countersign.yaml", environment);
  const [problem] = problems;
  if (problem)
    throw new CountersignError("bad_request", `the configuration would be wrong: ${problem.message}`);
}

interface NewFile {
  file: string;
  text: string;
  mode: number;
}

/** Writes all or none; a file that has come into being meanwhile stays as it is. */
function write(folder: string, files: readonly NewFile[]): void {
  const written: string[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const { file, text, mode } of files) {
      writeFileSync(file, text, { flag: "wx", mode });
      written.push(file);
    }
  } catch (error) {
    for (const file of written) rmSync(file);
    throw new CountersignError("conflict", `nothing is written (${messageOf(error)})`);
  }
}
