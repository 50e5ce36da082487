import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { contentAtOnce } from "../inbound/content.ts";
import { preview, toGolden } from "../inbound/preview.ts";
import { createAdminClient } from "./admin-client.ts";
import { redactBody, redactHeaders } from "./redact.ts";
import { type AddCommand, CONFIG_OPTION, readConfig, type Terminal } from "./terminal.ts";

const Kept = z.object({
  source: z.string(),
  channel: z.string(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.base64(),
});

interface Wish {
  config: string;
  to: string;
  redact: boolean;
}

export const captureCommand: AddCommand = (program, terminal, done) => {
  program
    .command("capture")
    .description(
      "write a kept request as a golden folder: the request, its body, and the events it turns into",
    )
    .argument("<receipt>", "rcp_…")
    .option("--to <folder>", "the folder to make", "./captured")
    .option("--redact", "replace names, e-mail addresses, titles and tokens, and leave signatures out")
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, to, redact = false }) =>
      done(await capture(id, { config, to, redact }, terminal)),
    );
};

async function capture(id: string, { config: file, to, redact }: Wish, terminal: Terminal): Promise<number> {
  const config = await readConfig(file, terminal);
  if (!config) return 1;
  const kept = await createAdminClient(config).get(`api/v1/receipts/${encodeURIComponent(id)}`, Kept);
  const channel = config.channels.find((one) => one.source === kept.source && one.name === kept.channel);
  if (!channel) {
    throw new CountersignError(
      "not_found",
      `the configuration has no channel ${kept.channel} of ${kept.source}: how it is read is not known`,
    );
  }
  const { mapping, rules, name } = channel;
  const bytes = Buffer.from(kept.body, "base64");
  const { query } = kept;
  const headers = redact ? redactHeaders(withoutCoding(kept.headers)) : kept.headers;
  const body = redact ? redactBody(plain({ body: bytes, headers: kept.headers })) : bytes;
  const shown = preview({ mapping, rules, body, query, headers });

  await mkdir(to, { recursive: true });
  await writeFile(join(to, "body.txt"), body);
  await writeFile(
    join(to, "request.json"),
    `${JSON.stringify({ channel: name, query, headers }, null, 2)}\n`,
  );
  await writeFile(join(to, "events.json"), toGolden(shown));
  terminal.stdout.write(
    `${to} has the request, its body and its events${redact ? "; read it before you share it" : ", unredacted"}\n`,
  );
  return 0;
}

const MAX_CONTENT_BYTES = 1_024 ** 3;

/** What can be redacted: a compressed body decompressed. */
function plain(request: { body: Buffer; headers: Readonly<Record<string, string>> }): Buffer {
  const content = contentAtOnce(request, MAX_CONTENT_BYTES);
  if ("bytes" in content) return Buffer.from(content.bytes);
  throw new CountersignError("bad_request", `it cannot be redacted: ${content.undecodable}`);
}

function withoutCoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "content-encoding": _, ...others } = headers;
  return others;
}
