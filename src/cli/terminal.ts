import type { Config, LoadedConfig } from "../config.ts";
import { inert } from "../domain/inert.ts";
import { plural } from "../domain/quantity.ts";
import type { Environment } from "../environment.ts";

/** The process's surroundings, as commands get them. */
export interface Terminal {
  readonly env: Environment;
  /** Absent: nobody can answer. */
  readonly stdin?: NodeJS.ReadableStream & { isTTY?: boolean };
  /** `columns`: its width; absent where it is no terminal. */
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Aborted when the user or the system asks the process to stop. */
  signal: AbortSignal;
  /** Calls the listener on each request to reload the configuration. */
  onReload(listener: () => void): void;
}

export const CONFIG_OPTION = [
  "--config <file>",
  "the configuration; COUNTERSIGN_CONFIG names another default",
  "./countersign.yaml",
] as const;

/** The exit code of a program that Ctrl-C ended, as shells report it. */
export const INTERRUPTED = 130;

/** Prints why the command failed and returns its exit code. */
export function fail({ stderr }: Terminal, message: string): number {
  stderr.write(`countersign: ${message.split("\n").map(inert).join("\n")}\n`);
  return 1;
}

/** The configuration; null: it has problems, which were printed. */
export async function readConfig(file: string, terminal: Terminal): Promise<Config | null> {
  return (await readConfigWithWarnings(file, terminal)).config;
}

/** The same, with warnings of likely mistakes. */
export async function readConfigWithWarnings(
  file: string,
  { env, stderr }: Terminal,
): Promise<Pick<LoadedConfig, "config" | "warnings">> {
  const [{ loadConfig }, { formatProblem }] = await Promise.all([
    import("../config.ts"),
    import("../yaml.ts"),
  ]);
  const { config, problems, warnings } = await loadConfig(file, env);
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0) {
    stderr.write(`countersign: ${plural(problems.length, "problem")} in the configuration\n`);
  }
  return { config, warnings };
}
