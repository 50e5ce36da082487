import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aFolder } from "../support/bridge.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface Process {
  child: ChildProcess;
  /** Resolves with the first log line of this event. */
  line(event: string): Promise<Record<string, string>>;
  /** Resolves when the process has ended. */
  ended: Promise<{ code: number | null; stderr: string; log: string }>;
}

const children: ChildProcess[] = [];

/** A real process, as a service manager starts it. */
export function serve(text: string, folder = aFolder(), env: Readonly<Record<string, string>> = {}): Process {
  const file = join(folder, "countersign.yaml");
  writeFileSync(file, text.replace("level: silent", "level: info"));
  const child = spawn(process.execPath, [MAIN, "serve", "--config", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  children.push(child);
  let log = "";
  let stderr = "";
  const waiting: (() => void)[] = [];
  child.stdout.on("data", (chunk) => {
    log += chunk;
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const line = (event: string) =>
    new Promise<Record<string, string>>((resolve) => {
      const look = () => {
        const found = log
          .split("\n")
          .find((text) => text.includes(`"event":"${event}"`) && text.endsWith("}"));
        if (found) resolve(JSON.parse(found));
      };
      waiting.push(look);
      look();
    });
  const ended = once(child, "close").then(([code]) => ({ code, stderr, log }));
  return { child, line, ended };
}

/** Ends every process that a test has started and that still runs. */
export function killServed(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}
