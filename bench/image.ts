import { once } from "node:events";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { lastingPort } from "../test/crash/ports.ts";
import { type Box, makeBox, whyNoBox } from "../test/deploy/box.ts";
import type { Bench } from "./bench.ts";
import { monotonic } from "./monotonic.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";

/** The file tree of the image, run as the image runs it: its size, its start and its memory at rest. */

const ROUNDS = 7;
/** After this time without requests the memory is read; milliseconds. */
const REST_MS = 10_000;
const MB = 1_024 ** 2;

export async function measureImage(bench: Bench): Promise<Figure[]> {
  const reason = whyNoBox();
  if (reason !== null) throw new Error(`the tree of the image cannot be run here: ${reason}`);
  const [port, adminPort] = [await lastingPort(), await lastingPort()];
  const box = makeBox(
    await bench.newFolder(),
    `server: { port: ${port} }\nadmin: { port: ${adminPort} }\nstore: sqlite:/data/countersign.db\n`,
  );
  const starts = await bench.rounds(ROUNDS, () => runOnce(box, 0));
  const { memory } = await runOnce(box, REST_MS);
  const stage = "Image: its file tree, without Node";
  return [
    { stage, name: "size", value: sizeOf(join(box.root, "app")) / MB, unit: "MB", target: atMost(40) },
    {
      ...{ stage, name: "start to ready", unit: "ms", target: null },
      value: median(starts.map(({ ready }) => ready)),
    },
    { stage, name: "memory at rest", value: memory / MB, unit: "MB resident", target: null },
  ];
}

function sizeOf(folder: string): number {
  return globSync("**", { cwd: folder }).reduce((sum, file) => {
    const found = statSync(join(folder, file));
    return sum + (found.isFile() ? found.size : 0);
  }, 0);
}

/** Milliseconds from the start of the process to ready, and the bytes it holds `rest` milliseconds later. */
async function runOnce(box: Box, rest: number): Promise<{ ready: number; memory: number }> {
  const startedAt = monotonic();
  const bridge = box.start(["serve"]);
  const ended = once(bridge, "close");
  try {
    await untilReady(bridge.stdout);
    const ready = monotonic() - startedAt;
    await sleep(rest);
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${bridge.pid}/status`, "utf8")) ?? [];
    return { ready, memory: Number(kilobytes) * 1_024 };
  } finally {
    bridge.kill("SIGTERM");
    await ended;
  }
}

async function untilReady(log: NodeJS.ReadableStream | null): Promise<void> {
  if (log) {
    const lines = createInterface({ input: log });
    for await (const line of lines) if (line.includes('"event":"process.ready"')) return void log.resume();
  }
  throw new Error("the bridge ended before it was ready");
}
