import { writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import got from "got";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { plural } from "../domain/quantity.ts";
import { groundTruthOf } from "../simulate/ground-truth.ts";
import { FAULTS, type Fault } from "../simulate/planned-post.ts";
import { type PostResponse, type PostResult, type SendOptions, sendAll } from "../simulate/send.ts";
import {
  PROVIDERS,
  type ProviderName,
  type ProviderPost,
  postsOf,
  type SimulatedDocument,
  type SimulationOptions,
  simulate,
} from "../simulate/simulation.ts";
import { isSuccess, type Summary, summaryOf } from "../simulate/summary.ts";
import type { SetUpCommand } from "./commands.ts";
import { startProgress } from "./progress.ts";
import {
  toCount,
  toFaults,
  toList,
  toMilliseconds,
  toMoment,
  toProvider,
  toRate,
  toUrl,
} from "./simulate-options.ts";
import { table } from "./table.ts";
import { INTERRUPTED, type Terminal } from "./terminal.ts";

/** Lumin's own limit for a response. */
const POST_TIMEOUT_MS = 30_000;

interface SimulateCommandOptions {
  to: URL;
  allowRemote?: true;
  source?: string;
  channels?: string[];
  documents: number;
  signers: number;
  rate: number;
  seed?: number;
  faults: Fault[];
  start?: number;
  every: number;
  skew: number;
  hurry: number;
  secret?: string;
  token?: string;
  truth?: string;
  json?: true;
}

export const simulateCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<provider>", Object.keys(PROVIDERS).join(" or "), toProvider)
    .requiredOption("--to <url>", "the bridge's base URL, such as http://127.0.0.1:8080", toUrl)
    .option("--allow-remote", "allow another machine: made-up posts look genuine there")
    .option("--source <name>", "the source in /in/<source>/<channel>; default: the provider's name")
    .option(
      "--channels <list>",
      "the provider's channels to post over; default: account, or all three",
      toList,
    );
  addScenarioOptions(addPaceOptions(command))
    .option("--secret <text>", "signs the posts; default: LUMIN_PRIMARY_API_KEY or LEGALESIGN_HMAC_SECRET")
    .option("--token <text>", "in the URL of Legalesign's forms; default: LEGALESIGN_TOKEN")
    .option(
      "--truth <file>",
      "write the ground truth: documents, happenings and posts, one JSON object per line",
    )
    .option("--json", "print the counts as JSON")
    .action(async (provider: ProviderName, options: SimulateCommandOptions) =>
      done(await runSimulation(provider, options, terminal)),
    );
};

function addScenarioOptions(command: Command): Command {
  return command
    .option("--documents <n>", "number of documents, at most 5,000", toCount(5_000), 50)
    .option("--signers <n>", "signers per document, at most 10", toCount(10), 3)
    .option("--seed <n>", "equal seeds give equal documents; default: random", toCount(2 ** 32))
    .option(
      "--start <when>",
      "when the first document begins; default: so that the last happening is now",
      toMoment,
    )
    .option("--faults <list>", `the faults to inject, of ${FAULTS.join(",")}; or all`, toFaults, [])
    .option(
      "--every <time>",
      "the interval of Legalesign's batches, by its own clock",
      toMilliseconds(1_000),
      360_000,
    )
    .option(
      "--skew <time>",
      "the largest difference between two channels' times of one happening",
      toMilliseconds(0),
      0,
    );
}

function addPaceOptions(command: Command): Command {
  return command
    .option("--rate <rate>", "posts per second at most; the time between happenings is skipped", toRate, 20)
    .option("--hurry <n>", "divides the provider's retry delays", toCount(1_000_000), 1);
}

/** 0 when every genuine post was accepted and no forged one, 1 otherwise, 130 when interrupted. */
async function runSimulation(
  provider: ProviderName,
  options: SimulateCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { seed = Math.floor(Math.random() * 2 ** 32), source = provider } = options;
  refuseRemote(options);
  const channels = channelsOf(provider, options);
  const documents = makeDocuments(provider, { ...options, channels, seed }, terminal);
  const results = await sendPosts(documents, { ...options, source }, terminal);

  const truth = groundTruthOf(documents, results);
  if (options.truth) await writeTruth(options.truth, truth);
  const summary = summaryOf(truth, results);
  const over = channels.map((channel) => `${source}/${channel}`).join(", ");
  terminal.stdout.write(
    options.json
      ? `${JSON.stringify({ provider, source, channels, seed, ...summary })}\n`
      : describe(summary, `${plural(summary.documents, "document")} over ${over}, seed ${seed}`),
  );
  if (terminal.signal.aborted) return INTERRUPTED;
  return isSuccess(summary) ? 0 : 1;
}

function refuseRemote({ to, allowRemote }: SimulateCommandOptions): void {
  if (allowRemote || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(to.hostname)) return;
  throw refusal(
    `${to.hostname} is not this machine, and made-up posts look genuine there: --allow-remote sends anyway`,
  );
}

function channelsOf(provider: ProviderName, { channels }: SimulateCommandOptions): readonly string[] {
  const known: readonly string[] = PROVIDERS[provider].channels;
  const unknown = channels?.find((channel) => !known.includes(channel));
  if (unknown !== undefined)
    throw refusal(`${provider} has no channel ${unknown}: it has ${known.join(", ")}`);
  return channels ?? (provider === "lumin" ? ["account"] : known);
}

type ScenarioOptions = Omit<SimulateCommandOptions, "channels" | "seed"> & {
  channels: readonly string[];
  seed: number;
};

function makeDocuments(
  provider: ProviderName,
  scenario: ScenarioOptions,
  { env }: Terminal,
): SimulatedDocument[] {
  const { documents, signers, seed, faults, channels, every, skew } = scenario;
  const secret = scenario.secret ?? env[SECRETS[provider]] ?? "";
  const token = scenario.token ?? env.LEGALESIGN_TOKEN ?? null;
  if (secret === "" && channels.some((channel) => channel !== "upon" && channel !== "batch"))
    throw refusal(`the posts must be signed: give --secret, or ${SECRETS[provider]} in the environment`);
  const options = { provider, documents, signers, seed, faults, channels, every, skew, secret, token };
  return simulate({ ...options, start: scenario.start ?? latestStart(options) });
}

const SECRETS: Readonly<Record<ProviderName, string>> = {
  lumin: "LUMIN_PRIMARY_API_KEY",
  legalesign: "LEGALESIGN_HMAC_SECRET",
};

/** The start with which the last happening is now; in whole seconds. */
function latestStart(options: Omit<SimulationOptions, "start">): number {
  const times = simulate({ ...options, faults: [], start: 0 }).flatMap(({ happenings }) =>
    happenings.map(({ happening }) => happening.time),
  );
  const length = times.reduce((last, time) => Math.max(last, time), 0);
  return Math.floor((Date.now() - length) / 1_000) * 1_000;
}

async function sendPosts(
  documents: readonly SimulatedDocument[],
  { to, source, rate, hurry }: Omit<SimulateCommandOptions, "source"> & { source: string },
  terminal: Terminal,
): Promise<PostResult[]> {
  const all = postsOf(documents).filter(({ faults }) => !faults.includes("drop"));
  const progress = startProgress(terminal, all.length);
  const begun = new Set<ProviderPost>();
  const onPost = (post: ProviderPost) => progress.to(begun.add(post).size);
  const post = createSender(new URL(`${to.pathname.replace(/\/+$/, "")}/in/${source}/`, to));
  try {
    return await sendAll(documents, { post, wait, signal: terminal.signal, onPost, rate, hurry });
  } finally {
    progress.end();
  }
}

const wait: SendOptions["wait"] = (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {});

/** Posts below this address only, over persistent connections: no redirects, no retries. */
function createSender(base: URL): SendOptions["post"] {
  const client = got.extend({
    agent: { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) },
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { request: POST_TIMEOUT_MS },
  });
  return async ({ channel, query, headers, body }, signal): Promise<PostResponse> => {
    const url = new URL(channel, base);
    url.search = new URLSearchParams(query).toString();
    try {
      const answer = await client.post(url, { headers, body, signal });
      return { status: answer.statusCode, text: answer.body };
    } catch (error) {
      return { status: null, text: messageOf(error) };
    }
  };
}

async function writeTruth(file: string, lines: readonly object[]): Promise<void> {
  try {
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  } catch (error) {
    throw refusal(`the ground truth cannot be written to ${file}: ${messageOf(error)}`);
  }
}

function describe({ happenings, posts, faults, bridge }: Summary, heading: string): string {
  const injected = Object.entries(faults).filter(([, count]) => count > 0);
  const rows: readonly (readonly [number, string])[] = [
    [happenings.all, "happenings"],
    [happenings.reported, "reported by an accepted post: the bridge must have an event for each"],
    [happenings.dropped, "reported by dropped posts only"],
    [happenings.truncated, "reported by truncated posts only"],
    [happenings.unreportable, "of types that these channels do not report"],
    [posts.accepted, `posts accepted, of ${posts.all} in ${plural(posts.attempts, "attempt")}`],
    [posts.givenUp, "posts given up"],
    [posts.unsent, "posts not sent before the end"],
    [posts.forged.refused, "forged posts refused"],
    [posts.forged.accepted, "forged posts accepted as genuine"],
    ...injected.map(([fault, count]) => [count, `posts with the fault ${fault}`] as const),
    [bridge.events, "new events, by the bridge's responses"],
    [bridge.duplicates, "duplicates, by the bridge's responses"],
    [bridge.problems, "posts with a problem, by the bridge's responses"],
  ];
  return table(
    [heading],
    rows.map(([count, what]) => [`${String(count).padStart(8)}  ${what}`]),
  );
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
