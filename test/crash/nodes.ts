import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Bridges as their users run them: a process of its own each, which is started, killed and started again. */

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const AHEAD = new URL("./ahead.ts", import.meta.url).href;

/** How a process is started, where that matters. */
export interface Launch {
  /** By how many milliseconds its clock is ahead of the true one; only then it can be set. */
  ahead?: number;
  /** Whose process it is. */
  user?: { uid: number; gid: number };
  /** The longest that a file of it may become at first, in bytes. */
  longestFile?: number;
}

/** One place of a bridge: its configuration and its addresses stay, its processes come and go. */
export interface Node {
  url: string;
  adminUrl: string;
  /** The process of the moment; one that has ended may be replaced. */
  start(launch?: Launch): Running;
  /** Null: none was ever started. */
  readonly running: Running | null;
  /** Processes that ended without having been told to, or never got ready, with what they said last. */
  readonly deaths: readonly string[];
  /** Milliseconds from the start of a process until it was ready, one a start that came so far. */
  readonly starts: readonly number[];
}

export interface Running {
  pid: number;
  /** True: it takes requests; false: it ended before, or took far too long. */
  ready: Promise<boolean>;
  /** When it is meant to end by itself. */
  ends(): Promise<End>;
  /** Sets its clock so many milliseconds ahead of the true one, from one moment to the next. */
  setAhead(ahead: number): void;
  /** At once, wherever it stands. */
  kill(): Promise<void>;
  /** As a service manager does it. */
  stop(): Promise<void>;
}

export interface End {
  /** Null: by a signal. */
  code: number | null;
  stderr: string;
}

/** Milliseconds. */
const LONGEST_START = 60_000;

const alive = new Set<ChildProcess>();
// Nothing outlives this process, however it ends itself.
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

export function createNode(config: string, addresses: Pick<Node, "url" | "adminUrl">): Node {
  const deaths: string[] = [];
  const starts: number[] = [];
  let running: Running | null = null;
  return {
    ...addresses,
    deaths,
    starts,
    get running() {
      return running;
    },
    start(launch = {}) {
      running = run(spawnBridge(config, launch), deaths, starts);
      return running;
    },
  };
}

function spawnBridge(config: string, { ahead, user, longestFile }: Launch): ChildProcess {
  const clock = ahead === undefined ? [] : ["--import", AHEAD];
  const command = [process.execPath, ...clock, MAIN, "serve", "--config", config];
  const [program = "", ...args] =
    longestFile === undefined
      ? command
      : ["sh", "-c", `ulimit -S -f ${Math.ceil(longestFile / 512)} && exec "$0" "$@"`, ...command];
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe", ...(ahead === undefined ? [] : (["ipc"] as const))],
    env: { ...process.env, COUNTERSIGN_CLOCK_AHEAD: String(ahead ?? 0) },
    ...user,
  });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

function run(child: ChildProcess, deaths: string[], starts: number[]): Running {
  const startedAt = performance.now();
  const { ready, said } = listen(child);
  let isTold = false;
  const ended = once(child, "close").then(([code]): End => {
    if (!isTold) deaths.push(`a bridge ended by itself with ${code}: ${said.stderr || said.log}`);
    return { code, stderr: said.stderr };
  });
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    isTold = true;
    child.kill(signal);
    await ended;
  };
  const becomesReady = async () => {
    const tooLate = Promise.withResolvers<false>();
    const timer = setTimeout(() => tooLate.resolve(false), LONGEST_START);
    const isReady = await Promise.race([ready.then(() => true), ended.then(() => false), tooLate.promise]);
    clearTimeout(timer);
    if (isReady) starts.push(performance.now() - startedAt);
    else if (child.exitCode === null && child.signalCode === null)
      deaths.push(`a bridge was not ready after ${LONGEST_START} ms: ${said.log}`);
    return isReady;
  };
  return {
    pid: child.pid ?? 0,
    ready: becomesReady(),
    ends() {
      isTold = true;
      return ended;
    },
    setAhead: (ahead) => void child.send({ ahead }),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

/** Of the log only its end is kept. */
const KEPT = 4_000;

function listen(child: ChildProcess): { ready: Promise<void>; said: { log: string; stderr: string } } {
  const said = { log: "", stderr: "" };
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk) => {
      const log = said.log + chunk;
      if (log.includes('"event":"process.ready"')) resolve();
      said.log = log.slice(-KEPT);
    });
  });
  child.stderr?.on("data", (chunk) => {
    said.stderr = (said.stderr + chunk).slice(-KEPT);
  });
  return { ready, said };
}
