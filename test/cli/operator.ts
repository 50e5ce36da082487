import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bridge, configText, FORM, SECRET, TOKEN } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

/** An operator's commands to a running bridge, and the posts that it gets meanwhile. */

const batch = (document: string, ...values: string[]) =>
  `data=${encodeURIComponent(
    JSON.stringify(
      values.map((value) => ({
        value,
        timestamp: "2022-07-11T07:28:25+00:00",
        resource_uri: `/api/v1/document/${document}/`,
        name: "status",
      })),
    ),
  )}`;

/** Posts a batch as Legalesign does, with an item for each value. */
export const post = (bridge: Bridge, document: string, ...values: string[]) =>
  bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(document, ...values), FORM);

/** A configuration with one destination. */
export const crm = (url: string, rest = "") =>
  configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }`);

/**
 * Writes a configuration beside the bridge's own in which its admin port is the one that the bridge listens
 * on, and returns the file.
 *
 * @throws Error when the text has no `admin: { port: 0 }`.
 */
export function configFileFor(
  { folder, adminUrl }: Pick<Bridge, "folder" | "adminUrl">,
  text: string,
  name = "cli.yaml",
): string {
  const file = join(folder, name);
  if (!text.includes(ANY_PORT)) throw new Error(`the configuration has no \`${ANY_PORT}\``);
  writeFileSync(file, text.replace(ANY_PORT, `admin: { port: ${new URL(adminUrl).port} }`));
  return file;
}
const ANY_PORT = "admin: { port: 0 }";

/** Runs commands against a bridge, as from the folder of its configuration. */
export function commandsFor(bridge: Pick<Bridge, "folder" | "adminUrl">, text: string) {
  const file = configFileFor(bridge, text);
  return (...args: string[]) => runCommand([...args, "--config", file]);
}
