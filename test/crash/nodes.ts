import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Bridges as users run them: a process each, which is started, killed and started again. */

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const AHEAD = new URL("./ahead.ts", import.meta.url).href;

/** Options of the start of a process. */
export interface Launch {
  /** The entry point of another version. Undefined: that of this one. */
  program?: string;
  /** Milliseconds by which its clock is ahead of the true one. Undefined: its clock cannot be set. */
  ahead?: number;
  /** The owner of the process. */
  user?: { uid: number; gid: number };
  /** The initial limit to the size of its files, in bytes. */
  maxFileBytes?: number;
}

/** One node of a bridge: its configuration and addresses stay, its processes are replaced. */
export interface Node {
  url: string;
  adminUrl: string;
  /** Starts a process in place of one that has ended. */
  start(launch?: Launch): Running;
  /** The last process. Null: none was started. */
  readonly running: Running | null;
  /** Processes that ended by themselves or did not become ready, with the end of their output. */
  readonly deaths: readonly string[];
  /** Milliseconds from start to ready, of each process that became ready. */
  readonly starts: readonly number[];
}

export interface Running {
  pid: number;
  /** True: it accepts requests. False: it ended before, or took too long. */
  ready: Promise<boolean>;
  /** Waits for a process that is meant to end by itself. */
  ends(): Promise<End>;
  /** Sets its clock to `ahead` milliseconds ahead of the true one. */
  setAhead(ahead: number): void;
  /** With SIGKILL. */
  kill(): Promise<void>;
  /** With SIGTERM, as a service manager does it. */
  stop(): Promise<void>;
}

export interface End {
  /** Null: by a signal. */
  code: number | null;
  stderr: string;
}

const START_TIMEOUT_MS = 60_000;

const alive = new Set<ChildProcess>();
// No process outlives this one.
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

function spawnBridge(
  config: string,
  { program: main = MAIN, ahead, user, maxFileBytes }: Launch,
): ChildProcess {
  const clock = ahead === undefined ? [] : ["--import", AHEAD];
  const command: [string, ...string[]] = [process.execPath, ...clock, main, "serve", "--config", config];
  const [program, ...args]: [string, ...string[]] =
    maxFileBytes === undefined
      ? command
      : ["sh", "-c", `ulimit -S -f ${Math.ceil(maxFileBytes / 512)} && exec "$0" "$@"`, ...command];
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
  const { ready, output } = listen(child);
  let isExpected = false;
  const ended = once(child, "close").then(([code]): End => {
    if (!isExpected) deaths.push(`a bridge ended by itself with ${code}: ${output.stderr || output.log}`);
    return { code, stderr: output.stderr };
  });
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    isExpected = true;
    child.kill(signal);
    await ended;
  };
  const becomesReady = async () => {
    const tooLate = Promise.withResolvers<false>();
    const timer = setTimeout(() => tooLate.resolve(false), START_TIMEOUT_MS);
    const isReady = await Promise.race([ready.then(() => true), ended.then(() => false), tooLate.promise]);
    clearTimeout(timer);
    if (isReady) starts.push(performance.now() - startedAt);
    else if (child.exitCode === null && child.signalCode === null)
      deaths.push(`a bridge was not ready after ${START_TIMEOUT_MS} ms: ${output.log}`);
    return isReady;
  };
  return {
    pid: child.pid ?? 0,
    ready: becomesReady(),
    ends() {
      isExpected = true;
      return ended;
    },
    setAhead: (ahead) => void child.send({ ahead }),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

/** The length of the end of the output that is shown with a death, in characters. */
const TAIL_LENGTH = 4_000;

function listen(child: ChildProcess): { ready: Promise<void>; output: { log: string; stderr: string } } {
  const output = { log: "", stderr: "" };
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk) => {
      const log = output.log + chunk;
      if (log.includes('"event":"process.ready"')) resolve();
      output.log = log.slice(-TAIL_LENGTH);
    });
  });
  child.stderr?.on("data", (chunk) => {
    output.stderr = (output.stderr + chunk).slice(-TAIL_LENGTH);
  });
  return { ready, output };
}
