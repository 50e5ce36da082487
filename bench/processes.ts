import { type ChildProcess, fork } from "node:child_process";

/**
 * Each server has a process of its own, so that none is measured with another's garbage or busy loop. Calls
 * go over Node's channel between parent and child; a child whose parent is gone ends itself.
 */

/** The calls of a child: one argument and one answer each, both plain data. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

export interface Child<C extends Calls> {
  ask<Name extends keyof C & string>(
    name: Name,
    argument: Parameters<C[Name]>[0],
  ): Promise<Awaited<ReturnType<C[Name]>>>;
  /** Ends the process at once. */
  stop(): Promise<void>;
}

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

type Answer = { id: number; value: unknown } | { id: number; error: string };

/** Set by `--profile FOLDER`: every child writes a CPU profile there as it ends. */
const PROFILE = "BENCH_PROFILE";

export function profileInto(folder: string, stage: string): void {
  process.env[PROFILE] = folder;
  prefix = stage;
}

/** The prefix of profiles and the number of children, so that no two write the same file. */
let prefix = "";
let started = 0;

/** Starts a file of `children/`. Its stdout (the bridge's log) goes to /dev/null, as the cheapest log. */
export function start<C extends Calls>(name: string): Child<C> {
  const folder = process.env[PROFILE];
  const execArgv = folder
    ? ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${prefix}-${name}-${++started}.cpuprofile`]
    : [];
  const child = fork(new URL(`./children/${name}.ts`, import.meta.url), {
    execArgv,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
  const waiting = listen(child, name);
  let last = 0;
  return {
    ask<Name extends keyof C & string>(question: Name, argument: Parameters<C[Name]>[0]) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = ++last;
      waiting.set(id, { resolve, reject });
      child.send({ id, name: question, argument } satisfies Question);
      return promise as Promise<Awaited<ReturnType<C[Name]>>>;
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.disconnect();
      }),
  };
}

type Waiting = Map<number, { resolve(value: unknown): void; reject(error: Error): void }>;

function listen(child: ChildProcess, name: string): Waiting {
  const waiting: Waiting = new Map();
  child.on("message", (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) asked?.reject(new Error(`${name}: ${answer.error}`));
    else asked?.resolve(answer.value);
  });
  child.once("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with ${code}`));
  });
  return waiting;
}

/** For the child: answers calls until its parent is gone. */
export function answer(calls: Calls): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async ({ id, name, argument }: Question) => {
    try {
      const call = calls[name];
      if (!call) throw new Error(`cannot be asked for ${name}`);
      process.send?.({ id, value: await call(argument as never) } satisfies Answer);
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}
