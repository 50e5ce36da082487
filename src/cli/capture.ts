import { join } from "node:path";
import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { preview, toGolden } from "../inbound/preview.ts";
import { createConceal } from "../inbound/private.ts";
import { makePrivateFolder, writePrivate } from "../private-files.ts";
import { redactRequest } from "../redact/request.ts";
import { createAdminClient } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION, readConfig, type Terminal } from "./terminal.ts";

const CapturedReceipt = z.object({
  source: z.string(),
  channel: z.string(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.base64(),
});

interface CaptureOptions {
  config: string;
  to: string;
  redact: boolean;
}

export const captureCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<receipt>", "rcp_…")
    .option("--to <folder>", "the folder to create", "./captured")
    .option(
      "--redact",
      "replace names, titles, addresses, secrets, links and embedded documents, and omit signatures",
    )
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, to, redact = false }) =>
      done(await capture(id, { config, to, redact }, terminal)),
    );
};

async function capture(
  id: string,
  { config: file, to, redact }: CaptureOptions,
  terminal: Terminal,
): Promise<number> {
  const config = await readConfig(file, terminal);
  if (!config) return 1;
  const path = `api/v1/receipts/${encodeURIComponent(id)}`;
  const conceal = createConceal(config.channels, config.privateNames);
  const receipt = conceal(await createAdminClient(config).get(path, CapturedReceipt));
  const channel = config.channels.find(
    (one) => one.source === receipt.source && one.name === receipt.channel,
  );
  if (!channel) {
    throw new CountersignError(
      "not_found",
      `the configuration has no channel ${receipt.channel} of ${receipt.source}: the request cannot be read`,
    );
  }
  const { mapping, rules, name } = channel;
  const bytes = Buffer.from(receipt.body, "base64");
  const request = { mapping, rules, body: bytes, query: receipt.query, headers: receipt.headers };
  const redacted = redact ? redactRequest(request) : { ...request, isSame: true };
  const { body, query, headers } = redacted;
  const shown = preview({ mapping, rules, body, query, headers });

  makePrivateFolder(to);
  const files = {
    "body.txt": body,
    "request.json": `${JSON.stringify({ channel: name, query, headers }, null, 2)}\n`,
    "events.json": toGolden(shown),
  };
  for (const [file, content] of Object.entries(files)) await writePrivate(join(to, file), content);
  terminal.stdout.write(`${to} has the request, its body and its events${redact ? "" : ", unredacted"}\n`);
  if (redact) terminal.stdout.write(`${REDACTED}\n`);
  if (!redacted.isSame)
    terminal.stderr.write("countersign: the redacted request turns into other events than the original\n");
  return 0;
}

const REDACTED =
  "names, addresses, secrets, links and documents are replaced, so its signature no longer verifies; read it before you share it";
