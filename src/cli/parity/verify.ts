import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { CountersignError, messageOf } from "../../domain/errors.ts";
import { inert } from "../../domain/inert.ts";
import { formatMoment } from "../../domain/moment.ts";
import { isGenuine } from "../../parity/proof.ts";
import { ParityReport } from "../../parity/report.ts";
import { CONFIG_OPTION, fail, readConfig, type Terminal } from "../terminal.ts";
import { verificationKeys } from "./keys.ts";

/** Genuine, passed and not expired; not so; it cannot be told. */
const [GOOD, NOT_GOOD, UNTOLD] = [0, 1, 2];

export function setUpVerify(parity: Command, terminal: Terminal, done: (code: number) => void): void {
  parity
    .command("verify <file>")
    .description("check the signature of a report that --json printed; 0: genuine, passed and not expired")
    .requiredOption("--key <key>", "a destination, or the key: whpk_…, whsk_… or whsec_…")
    .option(...CONFIG_OPTION)
    .action(async (file: string, _: object, command: Command) => {
      // The parent has an option of the same name, which takes the value.
      const { key, config } = command.optsWithGlobals<{ key: string; config: string }>();
      try {
        done(await verify(file, key, config, terminal));
      } catch (error) {
        fail(terminal, messageOf(error));
        done(UNTOLD);
      }
    });
}

async function verify(file: string, key: string, configFile: string, terminal: Terminal): Promise<number> {
  const report = await readReport(file);
  const isName = !/^wh(pk|sk|sec)_/.test(key);
  const config = isName ? await readConfig(configFile, terminal) : null;
  if (isName && !config) return UNTOLD;
  const keys = verificationKeys(key, config ?? { destinations: [] });
  const { signature, validUntil, verdict } = report;
  if (!signature) return fail(terminal, `${file} is not signed`);
  if (!keys.some((one) => isGenuine(report, one)))
    return fail(terminal, `${file} was not signed with this key, or was changed since`);
  const until = formatMoment(Date.parse(validUntil));
  const isExpired = Date.parse(validUntil) < Date.now();
  terminal.stdout.write(
    `${[
      `genuine: ${report.id}, signed at ${formatMoment(signature.timestamp * 1_000)}`,
      inert(verdict.sentence),
      isExpired ? `expired at ${until}: make a new one` : `good until ${until}`,
    ].join("\n")}\n`,
  );
  return verdict.result === "passed" && !isExpired ? GOOD : NOT_GOOD;
}

async function readReport(file: string): Promise<ParityReport> {
  const text = await readFile(file, "utf8").catch((error) => {
    throw new CountersignError("bad_request", `${file} cannot be read: ${messageOf(error)}`);
  });
  const { data } = ParityReport.safeParse(parse(text));
  if (data) return data;
  throw new CountersignError(
    "bad_request",
    `${file} is no report that \`countersign parity --json\` printed`,
  );
}

/** Undefined: it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
