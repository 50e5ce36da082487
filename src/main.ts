#!/usr/bin/env node
import { EventEmitter } from "node:events";
import { argv, env, exit, stderr, stdout } from "node:process";

/** The oldest Node with node:sqlite and type stripping. */
const MIN_NODE_VERSION = 24;

const major = Number.parseInt(process.versions.node, 10);
if (major < MIN_NODE_VERSION) {
  stderr.write(
    `countersign needs Node ${MIN_NODE_VERSION} or newer, and this is Node ${process.versions.node}\n`,
  );
  exit(1);
}

// The first signal asks for a graceful stop; the second exits at once.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) exit(130);
    stopping.abort(signal);
  });
}

const reloading = new EventEmitter();
process.on("SIGHUP", () => reloading.emit("reload"));

const { run } = await import("./cli/run.ts");
const onReload = (listener: () => void) => void reloading.on("reload", listener);
const terminal = {
  env,
  // Opened only by a command that reads it.
  get stdin() {
    return process.stdin;
  },
  stdout,
  stderr,
  signal: stopping.signal,
  onReload,
};
exit(await run(argv.slice(2), terminal));
