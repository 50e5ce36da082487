import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { Environment } from "../environment.ts";
import { CONFIG_OPTION, type Terminal } from "./terminal.ts";

/** The environment of a command: that of the process, and files that `--env-file` names. */

const ENV_FILE_OPTION = [
  "--env-file <file>",
  "take variables that are not set from this file, of lines NAME=value; may be given several times, and the last one counts",
] as const;

/** Names the configuration where `--config` does not. */
const CONFIG_VARIABLE = "COUNTERSIGN_CONFIG";

/** Makes the environment of one command, with the files that its `--env-file` names. */
export function createEnvironment(terminal: Omit<Terminal, "stdin">) {
  const { stdout, stderr, signal, onReload } = terminal;
  let files: readonly string[] = [];
  return {
    /** Files are read at each access to `env`, so that a reload takes changed values. */
    terminal: {
      ...{ stdout, stderr, signal, onReload },
      get env() {
        return readEnvironment(files, terminal.env);
      },
    } satisfies Terminal,

    /** Adds `--env-file`; an absent `--config` gets the value of COUNTERSIGN_CONFIG. */
    addOption(command: Command): void {
      const add = (file: string, before: readonly string[] = []) => [...before, file];
      command.option(...ENV_FILE_OPTION, add);
      command.hook("preAction", () => {
        files = command.opts().envFile ?? [];
        const named = readEnvironment(files, terminal.env)[CONFIG_VARIABLE];
        const hasConfig = command.options.some(({ flags }) => flags === CONFIG_OPTION[0]);
        if (named && hasConfig && command.getOptionValueSource("config") === "default")
          command.setOptionValue("config", named);
      });
    },
  };
}

/** @throws CountersignError `not_found` when a file cannot be read. */
function readEnvironment(files: readonly string[], given: Environment): Environment {
  if (files.length === 0) return given;
  return Object.assign({}, ...files.map(readVariables), given);
}

function readVariables(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CountersignError("not_found", `--env-file: ${file} cannot be read (${messageOf(error)})`);
  }
}
