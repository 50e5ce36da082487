import type { Config } from "../config.ts";
import { asksForType } from "../domain/destination.ts";
import { formatDuration, formatSize } from "../domain/quantity.ts";
import { type Channel, pathOf } from "../inbound/channel.ts";
import type { Destination } from "../outbound/destination.ts";
import { unspokenBy } from "../outbound/format.ts";
import { whyNotPrivate } from "../private-files.ts";
import { filesOf } from "../store/open.ts";
import { type FileProblem, formatProblem } from "../yaml.ts";
import type { SetUpCommand } from "./commands.ts";
import { placeOf } from "./store-option.ts";
import { CONFIG_OPTION, readConfigWithWarnings } from "./terminal.ts";

export const checkCommand: SetUpCommand = (command, terminal, done) => {
  command.option(...CONFIG_OPTION).action(async ({ config: file }) => {
    const { config, warnings } = await readConfigWithWarnings(file, terminal);
    if (config) terminal.stdout.write(describe(config) + describeWarnings(warnings));
    const wide = config && whyNotPrivate(filesOf(config.store));
    if (wide) terminal.stderr.write(`countersign: ${wide}\n`);
    done(config ? 0 : 1);
  });
};

/** The configuration in sentences, without secrets and tokens. */
function describe({ file, server, admin, store, channels, destinations, retention }: Config): string {
  const lines = [
    `${file} is good.`,
    "",
    `Webhooks come in on   http://${server.host}:${server.port}${server.basePath} (bodies up to ${formatSize(server.maxBody)})`,
    `Admin API listens on  http://${admin.host}:${admin.port} (${describeTokens(admin.tokens)})`,
    `Everything is kept in ${placeOf(store)}`,
    `               and for ${describeRetention(retention)}`,
    "",
    "Sources",
    ...channels.flatMap((channel) => describeChannel(channel, server)),
    ...(channels.length === 0 ? ["  none: nothing can come in"] : []),
    "",
    "Destinations",
    ...destinations.flatMap(describeDestination),
    ...(destinations.length === 0 ? ["  none: events are kept, and forwarded to nobody"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function describeTokens(tokens: Config["admin"]["tokens"]): string {
  if (tokens.length === 0) return "no token";
  return tokens.length === 1 ? "bearer token" : `tokens of ${tokens.map(({ name }) => name).join(", ")}`;
}

/** Empty when there are no warnings. */
function describeWarnings(warnings: readonly FileProblem[]): string {
  if (warnings.length === 0) return "";
  return ["", "Look again at", ...warnings.map((one) => `  ${formatProblem(one)}`), ""].join("\n");
}

function describeRetention(retention: Config["retention"]): string {
  const spans = Object.entries(retention).map(
    ([what, span]) => `${what} ${span === null ? "ever" : formatDuration(span)}`,
  );
  return spans.join(", ");
}

function describeChannel(channel: Channel, server: Config["server"]): string[] {
  const checks = channel.checks.map(({ kind }) => kind).join(" and ") || "NOTHING: anybody may post";
  const { maxBody, mapping } = channel;
  const limit = maxBody === server.maxBody ? "" : `; bodies up to ${formatSize(maxBody)}`;
  return [
    `  ${channel.source} / ${channel.name} (${channel.rules.title})`,
    `    POST ${pathOf(channel, server.basePath)}`,
    `    checked by ${checks}; read by ${mapping.digest}${limit}`,
    ...(channel.standby === undefined
      ? []
      : [`    on standby for ${formatDuration(channel.standby)}: what it alone reports is a concern`]),
    ...(channel.shadow ? ["    in shadow: what it alone reports is kept, and delivered to nobody"] : []),
  ];
}

function describeDestination(destination: Destination): string[] {
  const { name, url, proxy, events, secrets, schedule, format, batch } = destination;
  const unsent = unspokenBy(format).filter((type) => asksForType(events, type));
  const sentAs = describeType(destination);
  const { origin, pathname } = new URL(url);
  const keys = secrets.length === 1 ? "1 secret" : `${secrets.length} secrets`;
  const total = formatDuration(schedule.reduce((sum, pause) => sum + pause, 0));
  return [
    `  ${name}`,
    `    POST ${origin}${pathname}${proxy === null ? "" : ` through the proxy ${new URL(proxy).origin}`}`,
    ...(sentAs === null ? [] : [`    sent as ${sentAs}`]),
    ...(batch === undefined ? [] : [`    in one post for every ${formatDuration(batch)}`]),
    ...(unsent.length === 0
      ? []
      : [`    ${format} has no word for ${unsent.join(", ")}: these are not sent`]),
    `    gets ${events.join(", ")}; signed with ${keys}; up to ${schedule.length + 1} tries over ${total}`,
  ];
}

/** Null: sent as application/json, which every receiver parses. */
function describeType({ format, contentType }: Destination): string | null {
  if (format !== "cloudevents" || contentType === "application/json") return null;
  return "application/cloudevents+json: if the receiver finds an empty body, set `contentType: application/json`";
}
