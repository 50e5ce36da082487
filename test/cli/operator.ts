import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bridge, configText, FORM, SECRET, TOKEN } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

/** What an operator does to a bridge that runs, and what comes in meanwhile. */

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

/** Runs commands against a bridge, as from the folder of its configuration. */
export function commandsFor(bridge: Bridge, text: string) {
  const file = join(bridge.folder, "cli.yaml");
  writeFileSync(
    file,
    text.replace("admin: { port: 0 }", `admin: { port: ${new URL(bridge.adminUrl).port} }`),
  );
  return (...args: string[]) => runCommand([...args, "--config", file]);
}
