import { readdir } from "node:fs/promises";
import { CountersignError } from "../domain/errors.ts";
import { needsOf, optionsOf } from "../mapping/check.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { loadMapping, SHIPPED_MAPPINGS } from "../mapping/load.ts";
import { unknownName } from "../mapping/suggest.ts";
import type { SetUpCommand } from "./commands.ts";
import { table } from "./table.ts";

export const providersCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("[name]", "a provider, to see what to enter there and what the configuration needs")
    .option("--json", "as JSON, for programs")
    .action(async (name: string | undefined, { json }: { json?: true }) => {
      const shipped = await loadShipped();
      const chosen = name === undefined ? shipped : [findProvider(name, shipped)];
      if (json) terminal.stdout.write(`${JSON.stringify(chosen.map(summaryOf), null, 2)}\n`);
      else terminal.stdout.write(name === undefined ? list(chosen) : chosen.map(describe).join("\n"));
      done(0);
    });
};

/** The mappings that come with Countersign, by name. */
export async function loadShipped(): Promise<Mapping[]> {
  const files = (await readdir(SHIPPED_MAPPINGS)).filter((file) => file.endsWith(".yaml")).sort();
  const loaded = await Promise.all(files.map((file) => loadMapping(file.slice(0, -5), [SHIPPED_MAPPINGS])));
  return loaded.flatMap(({ mapping }) => mapping ?? []);
}

/** @throws CountersignError `not_found` when no shipped mapping has the name. */
export function findProvider(name: string, shipped: readonly Mapping[]): Mapping {
  const found = shipped.find(({ provider }) => provider === name);
  if (found) return found;
  const names = shipped.map(({ provider }) => provider);
  throw new CountersignError("not_found", unknownName("a provider", name, names));
}

function summaryOf({ provider, title, documentation, unproved, channels }: Mapping) {
  return {
    provider,
    title,
    documentation,
    unproved,
    channels: [...channels.values()].map((channel) => ({
      name: channel.name,
      title: channel.title,
      checks: checksOf(channel),
      needs: needsOf(channel.checks),
      options: optionsOf(channel.checks),
      setup: channel.setup,
    })),
  };
}

function checksOf({ checks }: MappingChannel): string[] {
  return checks.map(({ kind }) => kind);
}

/** The required keys of the configuration; where there are none, the optional ones, or a token. */
function credentialsOf({ checks }: MappingChannel): string {
  return needsOf(checks).join(", ") || [...optionsOf(checks), "token"].join(" or ");
}

function list(mappings: readonly Mapping[]): string {
  const rows = mappings.flatMap(({ provider, title, channels }) =>
    [...channels.values()].map((channel, index) => [
      index === 0 ? provider : "",
      index === 0 ? title : "",
      channel.name,
      checksOf(channel).join(" and "),
      credentialsOf(channel),
      channel.title,
    ]),
  );
  const heading = ["PROVIDER", "NAME", "CHANNEL", "CHECKS", "NEEDS", "WHAT THE PROVIDER CALLS IT"];
  return `${table(heading, rows)}\n\`countersign providers NAME\` says what to enter at the provider.\n`;
}

function describe({ provider, title, documentation, unproved, channels }: Mapping): string {
  const lines = [
    `${title} (mapping: ${provider})`,
    ...(documentation === null ? [] : [documentation]),
    ...[...channels.values()].flatMap((channel) => ["", ...describeChannel(provider, channel)]),
    ...(unproved.length === 0 ? [] : ["", "Not proved by the provider's documentation:"]),
    ...unproved.map((sentence) => `  - ${sentence}`),
  ];
  return `${lines.join("\n")}\n`;
}

function describeChannel(provider: string, channel: MappingChannel): string[] {
  const [needs, options] = [needsOf(channel.checks), optionsOf(channel.checks)];
  const path = `/in/${provider}/${channel.name}${needs.includes("token") ? "?token=…" : ""}`;
  return [
    `${channel.name}: ${channel.title}`,
    `  URL         https://<your bridge>${path}, when the source is called ${provider}`,
    `  checked by  ${checksOf(channel).join(" and ") || "nothing: add a token"}`,
    `  configure   ${configuring(needs, options)}`,
    ...(channel.setup === null ? [] : [`  set up      ${channel.setup}`]),
  ];
}

function configuring(needs: readonly string[], options: readonly string[]): string {
  const quoted = (keys: readonly string[], between: string) => keys.map((key) => `\`${key}\``).join(between);
  if (needs.length === 0) return `${quoted([...options, "token", "headers"], " or ")}, or \`verify: none\``;
  const further = options.length === 0 ? "" : `; ${quoted(options, " and ")} may be there`;
  return `${quoted(needs, " and ")}${further}`;
}
