import { writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import got from "got";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { FAULTS, type Fault } from "../simulate/letter.ts";
import { type Answer, type Played, play, type Stage } from "../simulate/play.ts";
import {
  makeStories,
  type Post,
  PROVIDERS,
  type ProviderName,
  postsOf,
  type Story,
} from "../simulate/story.ts";
import { type Summary, summarize, wentWell } from "../simulate/summary.ts";
import { tellTruth } from "../simulate/truth.ts";
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
import { plural, table } from "./table.ts";
import { type AddCommand, INTERRUPTED, type Terminal } from "./terminal.ts";

/** How long an answer may take, as Lumin has it, in milliseconds. */
const POST_TIMEOUT_MS = 30_000;

interface Options {
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

export const simulateCommand: AddCommand = (program, terminal, done) => {
  const command = program
    .command("simulate")
    .description("play whole signing stories against a bridge, as a provider would post them, with faults")
    .argument("<provider>", Object.keys(PROVIDERS).join(" or "), toProvider)
    .requiredOption("--to <url>", "the bridge's base URL, such as http://127.0.0.1:8080", toUrl)
    .option("--allow-remote", "let it go to another machine: it is made-up load, and looks genuine")
    .option("--source <name>", "the source in /in/<source>/<channel>; default: the provider's name")
    .option(
      "--channels <list>",
      "which of the provider's channels tell it; default: account, or all three",
      toList,
    );
  addStory(addPace(command))
    .option("--secret <text>", "signs; default: LUMIN_PRIMARY_API_KEY or LEGALESIGN_HMAC_SECRET")
    .option("--token <text>", "in the URL of Legalesign's forms; default: LEGALESIGN_TOKEN")
    .option("--truth <file>", "write what happened, what was posted and answered: one JSON object a line")
    .option("--json", "print the counts as JSON")
    .action(async (provider: ProviderName, options: Options) =>
      done(await simulate(provider, options, terminal)),
    );
};

function addStory(command: Command): Command {
  return command
    .option("--documents <n>", "how many, to 5,000", toCount(5_000), 50)
    .option("--signers <n>", "of each document, to 10", toCount(10), 3)
    .option("--seed <n>", "equal seeds play equal stories; default: drawn", toCount(2 ** 32))
    .option("--start <when>", "when the first document begins; default: so that all is past by now", toMoment)
    .option("--faults <list>", `what goes wrong, of ${FAULTS.join(",")}; or all`, toFaults, [])
    .option(
      "--every <time>",
      "how often Legalesign sends its batch, by its own clock",
      toMilliseconds(1_000),
      360_000,
    )
    .option(
      "--skew <time>",
      "by how much two channels' times of one happening may differ",
      toMilliseconds(0),
      0,
    );
}

function addPace(command: Command): Command {
  return command
    .option("--rate <rate>", "no faster than this; the quiet hours of a story are skipped", toRate, 20)
    .option("--hurry <n>", "divides the provider's waits before it tries again", toCount(1_000_000), 1);
}

/** 0 when everything genuine was taken and nothing forged, 1 otherwise, 130 when it was interrupted. */
async function simulate(provider: ProviderName, options: Options, terminal: Terminal): Promise<number> {
  const { seed = Math.floor(Math.random() * 2 ** 32), source = provider } = options;
  refuseRemote(options);
  const channels = channelsOf(provider, options);
  const stories = tellStories(provider, { ...options, channels, seed }, terminal);
  const played = await playOut(stories, { ...options, source }, terminal);

  const truth = tellTruth(stories, played);
  if (options.truth) await writeTruth(options.truth, truth);
  const summary = summarize(truth, played);
  const over = channels.map((channel) => `${source}/${channel}`).join(", ");
  terminal.stdout.write(
    options.json
      ? `${JSON.stringify({ provider, source, channels, seed, ...summary })}\n`
      : describe(summary, `${plural(summary.documents, "document")} over ${over}, seed ${seed}`),
  );
  if (terminal.signal.aborted) return INTERRUPTED;
  return wentWell(summary) ? 0 : 1;
}

function refuseRemote({ to, allowRemote }: Options): void {
  if (allowRemote || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(to.hostname)) return;
  throw refusal(
    `${to.hostname} is not this machine, and made-up posts look genuine there: --allow-remote sends them nevertheless`,
  );
}

function channelsOf(provider: ProviderName, { channels }: Options): readonly string[] {
  const known: readonly string[] = PROVIDERS[provider].channels;
  const unknown = channels?.find((channel) => !known.includes(channel));
  if (unknown !== undefined)
    throw refusal(`${provider} has no channel ${unknown}: it has ${known.join(", ")}`);
  return channels ?? (provider === "lumin" ? ["account"] : known);
}

type Plan = Omit<Options, "channels" | "seed"> & { channels: readonly string[]; seed: number };

function tellStories(provider: ProviderName, plan: Plan, { env }: Terminal): Story[] {
  const { documents, signers, seed, faults, channels, every, skew } = plan;
  const secret = plan.secret ?? env[SECRETS[provider]] ?? "";
  const token = plan.token ?? env.LEGALESIGN_TOKEN ?? null;
  if (secret === "" && channels.some((channel) => channel !== "upon" && channel !== "batch"))
    throw refusal(`the posts must be signed: give --secret, or ${SECRETS[provider]} in the environment`);
  const wish = { provider, documents, signers, seed, faults, channels, every, skew, secret, token };
  return makeStories({ ...wish, start: plan.start ?? startOf(wish) });
}

const SECRETS: Readonly<Record<ProviderName, string>> = {
  lumin: "LUMIN_PRIMARY_API_KEY",
  legalesign: "LEGALESIGN_HMAC_SECRET",
};

/** So that the last happening was just now, to the second. */
function startOf(wish: Omit<Parameters<typeof makeStories>[0], "start">): number {
  const times = makeStories({ ...wish, faults: [], start: 0 }).flatMap(({ told }) =>
    told.map(({ happening }) => happening.time),
  );
  const length = times.reduce((last, time) => Math.max(last, time), 0);
  return Math.floor((Date.now() - length) / 1_000) * 1_000;
}

async function playOut(
  stories: readonly Story[],
  { to, source, rate, hurry }: Omit<Options, "source"> & { source: string },
  terminal: Terminal,
): Promise<Played[]> {
  const all = postsOf(stories).filter(({ faults }) => !faults.includes("drop"));
  const progress = startProgress(terminal, all.length);
  const begun = new Set<Post>();
  const onPost = (post: Post) => progress.to(begun.add(post).size);
  const post = createSender(new URL(`${to.pathname.replace(/\/+$/, "")}/in/${source}/`, to));
  try {
    return await play(stories, { post, wait, signal: terminal.signal, onPost, rate, hurry });
  } finally {
    progress.end();
  }
}

const wait: Stage["wait"] = (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {});

/** Posts over kept connections to nowhere but below this address: no redirects, no tries of its own. */
function createSender(base: URL): Stage["post"] {
  const client = got.extend({
    agent: { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) },
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { request: POST_TIMEOUT_MS },
  });
  return async ({ channel, query, headers, body }, signal): Promise<Answer> => {
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
    throw refusal(`the truth cannot be written to ${file}: ${messageOf(error)}`);
  }
}

function describe({ happenings, posts, faults, bridge }: Summary, heading: string): string {
  const said = Object.entries(faults).filter(([, count]) => count > 0);
  const rows: readonly (readonly [number, string])[] = [
    [happenings.all, "happenings"],
    [happenings.told, "of them told by a post that was taken: so many events there must be"],
    [happenings.dropped, "told by dropped posts alone"],
    [happenings.truncated, "told by cut posts alone"],
    [happenings.untellable, "for which these channels have no word"],
    [posts.taken, `posts taken, of ${posts.all} in ${plural(posts.tries, "try").replace("trys", "tries")}`],
    [posts.givenUp, "posts given up"],
    [posts.unsent, "posts not sent before the end"],
    [posts.forged.refused, "forged posts refused"],
    [posts.forged.taken, "forged posts taken for genuine"],
    ...said.map(([fault, count]) => [count, `posts with the fault ${fault}`] as const),
    [bridge.events, "new events, by the bridge's answers"],
    [bridge.duplicates, "told again"],
    [bridge.problems, "posts that it could not read wholly"],
  ];
  return table(
    [heading],
    rows.map(([count, what]) => [`${String(count).padStart(8)}  ${what}`]),
  );
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
