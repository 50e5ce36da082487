import type { Command } from "commander";
import { type Config, type LoadedConfig, loadConfig } from "../config.ts";
import type { Environment } from "../environment.ts";
import { formatProblem } from "../yaml.ts";

/** What a command has of the world. */
export interface Terminal {
  env: Environment;
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Aborted when the user or the system asks the process to stop. */
  signal: AbortSignal;
  /** Calls the listener whenever the process is asked to read its configuration again. */
  onReload(listener: () => void): void;
}

/** Adds itself to the program; `done` takes the exit code. */
export type AddCommand = (program: Command, terminal: Terminal, done: (code: number) => void) => void;

export const CONFIG_OPTION = ["--config <file>", "the configuration", "./countersign.yaml"] as const;

/** What shells report of a program that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Says in one sentence why it did not work. */
export function fail({ stderr }: Terminal, message: string): number {
  stderr.write(`countersign: ${message}\n`);
  return 1;
}

/** The configuration, or null after every problem was printed. */
export async function readConfig(file: string, terminal: Terminal): Promise<Config | null> {
  return (await readConfigWithWarnings(file, terminal)).config;
}

/** The same, with what is likely a mistake. */
export async function readConfigWithWarnings(
  file: string,
  { env, stderr }: Terminal,
): Promise<Pick<LoadedConfig, "config" | "warnings">> {
  const { config, problems, warnings } = await loadConfig(file, env);
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0) {
    stderr.write(
      `countersign: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} in the configuration\n`,
    );
  }
  return { config, warnings };
}
