import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { monotonic } from "./monotonic.ts";
import { placeOf, type Settings, textOf } from "./settings.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/**
 * Milliseconds from the start of `countersign serve` to its first 200 at /readyz. Afterwards it is stopped.
 */
export async function timeToReady(settings: Settings): Promise<number> {
  await writeFile(placeOf(settings), textOf(settings));
  const startedAt = monotonic();
  const serve = spawn(process.execPath, [MAIN, "serve", "--config", placeOf(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(serve, "exit");
  try {
    const admin = await adminOf(createInterface(serve.stdout));
    serve.stdout.resume();
    await untilReady(admin);
    return monotonic() - startedAt;
  } finally {
    serve.kill("SIGTERM");
    await ended;
  }
}

/** The address of the admin API, from the log. */
async function adminOf(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const { event, adminUrl } = JSON.parse(line);
    if (event === "process.ready") return adminUrl;
  }
  throw new Error("the bridge ended before it was ready");
}

const READY_TIMEOUT_MS = 60_000;

async function untilReady(admin: string): Promise<void> {
  const deadline = monotonic() + READY_TIMEOUT_MS;
  while (!(await fetch(`${admin}/readyz`)).ok) {
    if (monotonic() > deadline) throw new Error(`not ready after ${READY_TIMEOUT_MS} ms`);
    await sleep(5);
  }
}
