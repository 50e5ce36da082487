import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import type { Config } from "../config.ts";
import { messageOf } from "../domain/errors.ts";
import { proofId } from "../domain/identity.ts";
import { parseSince } from "../domain/quantity.ts";
import { limitYoungGeneration } from "../memory.ts";
import { compare } from "../parity/compare.ts";
import { htmlOf } from "../parity/html.ts";
import { signReport } from "../parity/proof.ts";
import type { ParityReport } from "../parity/report.ts";
import { PRIVATE_FILE } from "../private-files.ts";
import { VERSION } from "../version.ts";
import { createAdminClient } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { setUpExceptions } from "./parity/exceptions.ts";
import { signingKey } from "./parity/keys.ts";
import { withRequests } from "./parity/requests.ts";
import { channelsOf } from "./parity/sides.ts";
import { textOf } from "./parity/text.ts";
import { setUpVerify } from "./parity/verify.ts";
import { CONFIG_OPTION, fail, INTERRUPTED, readConfig, type Terminal } from "./terminal.ts";

interface ParityOptions {
  config: string;
  source?: string;
  old?: string;
  new?: string;
  since: string;
  minPairs?: number;
  json?: true;
  html?: string;
  sign?: string;
  full?: true;
  reason?: string;
  relativeToNoise?: true;
}

/** What is read of a request is forgotten at once: with more room it is no faster. */
const YOUNG_GENERATION_BYTES = 4 * 1_024 ** 2;

/** The gate passed; it failed; it could not be evaluated. */
const [PASSED, FAILED, NOT_EVALUATED] = [0, 1, 2];

export const parityCommand: SetUpCommand = (command, terminal, done) => {
  withOptions(command).action(async (options: ParityOptions) => {
    limitYoungGeneration(YOUNG_GENERATION_BYTES);
    try {
      done(await parity(options, terminal));
    } catch (error) {
      fail(terminal, messageOf(error));
      done(NOT_EVALUATED);
    }
  });
  setUpVerify(command, terminal, done);
  setUpExceptions(command, terminal, done);
};

function withOptions(command: Command): Command {
  return command
    .option("--source <source>", "the source of channels that are named without one")
    .option("--old <channels>", "the channels to leave, such as upon,batch, or other-source/batch")
    .option("--new <channels>", "the channels that are to take over, such as realtime")
    .option("--since <when>", "compare what was told since then: 14d, or 2026-01-31T12:00:00Z", "14d")
    .option("--min-pairs <n>", "evaluate only with so many happenings told by both sides", wholeNumber)
    .option("--relative-to-noise", "coverage need not be better than one side's channels among themselves")
    .option("--json", "print the report as one JSON object, as schemas/parity.json describes it")
    .option("--html <file>", "write the report as an HTML file as well, which can be printed")
    .option("--sign <key>", "sign the report: a destination, whose first secret signs, or a whsk_ key")
    .option("--full", "show personal data and the items as they were sent; needs --reason, and is audited")
    .option("--reason <reason>", "why personal data is to be shown")
    .option(...CONFIG_OPTION)
    .addHelpText(
      "after",
      "\nThe exit code is 0 when the report passed, 1 when it failed, 2 when it could not be evaluated.",
    );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return Number(text);
}

async function parity(options: ParityOptions, terminal: Terminal): Promise<number> {
  const config = await readConfig(options.config, terminal);
  if (!config) return NOT_EVALUATED;
  const { old, new: others, full = false, reason } = options;
  if (old === undefined || others === undefined) return refuse(terminal, "name both sides: --old and --new");
  const until = Date.now();
  const from = parseSince(options.since, until);
  if (from === null || from >= until)
    return refuse(
      terminal,
      `--since ${options.since} is neither a moment in the past such as 2026-01-31T12:00:00Z nor how long ago, such as 14d`,
    );
  const secret = options.sign === undefined ? null : signingKey(options.sign, config);
  if (full && reason === undefined)
    return refuse(terminal, "--full shows personal data: say why with --reason, which the audit log keeps");
  if (full) await disclose(config, { reason: reason ?? "", old, new: others });

  const report = await withRequests(config, terminal, async (source) =>
    compare({
      requests: source,
      old: channelsOf(old, { side: "old", source: options.source, channels: config.channels }),
      new: channelsOf(others, { side: "new", source: options.source, channels: config.channels }),
      ...{ from, until, full, version: VERSION, id: proofId(until, randomBytes(10)) },
      settings: settingsOf(config, options),
      exceptions: await source.exceptions(),
      retention: config.retention.receipts,
      progress: createProgress(terminal),
    }),
  );
  if (!report) return INTERRUPTED;
  await show(secret ? signReport(report, secret, until) : report, options, terminal);
  await keep(report, config, terminal);
  return { passed: PASSED, failed: FAILED, not_evaluated: NOT_EVALUATED }[report.verdict.result] ?? FAILED;
}

function refuse(terminal: Terminal, message: string): number {
  fail(terminal, message);
  return NOT_EVALUATED;
}

function settingsOf({ parity: settings }: Config, { minPairs, relativeToNoise }: ParityOptions) {
  return {
    ...settings,
    ...(minPairs === undefined ? {} : { minPairs }),
    ...(relativeToNoise ? { relativeToNoise } : {}),
  };
}

/** On a terminal the number of requests read so far; the total is not known. */
function createProgress({ stderr, signal }: Terminal): (requests: number) => boolean {
  return (requests) => {
    if (stderr.isTTY) stderr.write(`\r${requests.toLocaleString("en")} requests read `);
    return !signal.aborted;
  };
}

async function show(report: ParityReport, { json, html }: ParityOptions, terminal: Terminal): Promise<void> {
  if (terminal.stderr.isTTY) terminal.stderr.write("\n");
  if (html !== undefined) await writeFile(html, htmlOf(report), { mode: PRIVATE_FILE });
  terminal.stdout.write(json ? `${JSON.stringify(report)}\n` : textOf(report));
}

const Kept = z.object({ kept: z.boolean() });

/** The bridge keeps the report for metrics, concerns and the console. One with personal data is not kept. */
async function keep(report: ParityReport, config: Config, { stderr }: Terminal): Promise<void> {
  if (report.full) return;
  try {
    await createAdminClient(config).post("api/v1/parity/reports", Kept, shortened(report));
  } catch (error) {
    stderr.write(`countersign: the report is not kept: ${messageOf(error)}\n`);
  }
}

/** The most findings of a kind that are kept: the command itself prints more. */
const MAX_KEPT = 1_000;

function shortened(report: ParityReport): ParityReport {
  const { losses, disagreements, unlisted } = report;
  const more = (findings: readonly unknown[]) => Math.max(0, findings.length - MAX_KEPT);
  return {
    ...report,
    losses: losses.slice(0, MAX_KEPT),
    disagreements: disagreements.slice(0, MAX_KEPT),
    unlisted: {
      losses: unlisted.losses + more(losses),
      disagreements: unlisted.disagreements + more(disagreements),
    },
  };
}

/** @throws CountersignError when no bridge keeps the audit log. */
async function disclose(config: Config, about: { reason: string; old: string; new: string }): Promise<void> {
  await createAdminClient(config).post(
    "api/v1/parity/disclosures",
    z.object({ audited: z.boolean() }),
    about,
  );
}
