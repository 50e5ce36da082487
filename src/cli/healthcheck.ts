import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { Option } from "commander";
import { z } from "zod";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { baseUrlOf } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION, fail, type Terminal } from "./terminal.ts";

/**
 * Asks a running bridge whether it lives or is ready: for a container, in which there is neither a shell nor
 * curl.
 */

/** With the start of the process the command ends within two seconds. */
const ANSWER_TIMEOUT_MS = 1_500;
/** An answer has a few words for each destination. */
const MAX_ANSWER_BYTES = 1_024 ** 2;

const Health = z.object({ status: z.string(), checks: z.record(z.string(), z.string()).optional() });
const Refusal = z.object({ error: z.string(), message: z.string() });

interface HealthcheckOptions {
  config: string;
  live?: true;
  url?: URL;
}

export const healthcheckCommand: SetUpCommand = (command, terminal, done) => {
  command
    .addOption(new Option("--live", "ask whether the process runs").conflicts("ready"))
    .addOption(new Option("--ready", "ask whether it can do its work; the default"))
    .option("--url <url>", "the address of the admin listener; default: as the configuration says", toUrl)
    .option(...CONFIG_OPTION)
    .action(async (options: HealthcheckOptions) => done(await check(options, terminal)));
};

function toUrl(text: string): URL {
  if (/^https?:/i.test(text) && URL.canParse(text)) return new URL(text);
  throw new CountersignError("bad_request", `--url: ${text} is no address: write http://127.0.0.1:8081`);
}

/** 0 when the bridge lives or is ready, 1 otherwise and when it does not answer in time. */
async function check({ config, live, url }: HealthcheckOptions, terminal: Terminal): Promise<number> {
  const [path, word] = live ? (["livez", "live"] as const) : (["readyz", "ready"] as const);
  const base = url?.href ?? (await findListener(config, terminal));
  const target = new URL(path, base.endsWith("/") ? base : `${base}/`);
  let answer: Answer;
  try {
    answer = await ask(target);
  } catch (error) {
    return fail(terminal, `not ${word}: ${target.href} does not answer (${reasonOf(error)})`);
  }
  const complaint = complaintOf(answer);
  if (complaint !== null) return fail(terminal, `not ${word}: ${complaint}`);
  terminal.stdout.write(`${word}\n`);
  return 0;
}

/**
 * Only the admin section counts: a mistake elsewhere that was made since the start is no fault of the
 * running bridge.
 */
async function findListener(file: string, { env }: Terminal): Promise<string> {
  const { loadAdmin } = await import("../config.ts");
  try {
    return baseUrlOf(await loadAdmin(file, env));
  } catch (error) {
    const reason = error instanceof z.ZodError ? "`admin` is wrong there" : messageOf(error);
    throw new CountersignError(
      "not_found",
      `${file} does not say where the bridge is (${reason}): give --url`,
    );
  }
}

interface Answer {
  status: number;
  text: string;
}

function ask(url: URL): Promise<Answer> {
  const get = url.protocol === "https:" ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const request = get(url, { agent: false, signal }, async (response) => {
      try {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
        }
        resolve({ status: response.statusCode ?? 0, text });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
  });
}

/** The failing checks by name, or what else is wrong with an answer; null: nothing. */
function complaintOf({ status, text }: Answer): string | null {
  const body = parse(text);
  const refusal = Refusal.safeParse(body);
  if (refusal.success) return `it answered with ${status}: ${refusal.data.message}`;
  const { data } = Health.safeParse(body);
  if (!data) return `the server there is not a bridge: it answered with ${status}`;
  const failing = Object.entries(data.checks ?? {}).filter(([, verdict]) => verdict !== "ok");
  if (failing.length > 0) return failing.map(([name, verdict]) => `${name}: ${verdict}`).join("; ");
  return status === 200 && data.status === "ok" ? null : `it answered with ${status}, ${data.status}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name))
    return `not within ${ANSWER_TIMEOUT_MS / 1_000} s`;
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}
