import { Command, CommanderError } from "commander";
import { VERSION } from "../app.ts";
import { CountersignError } from "../domain/errors.ts";
import { captureCommand } from "./capture.ts";
import { checkCommand } from "./check.ts";
import { controlCommands } from "./control.ts";
import { demoCommand } from "./demo.ts";
import { explainCommand } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { listCommands } from "./list.ts";
import { mapCommand } from "./map.ts";
import { providersCommand } from "./providers.ts";
import { secretCommand } from "./secret.ts";
import { serveCommand } from "./serve.ts";
import { simulateCommand } from "./simulate.ts";
import { storeCheckCommand } from "./store-check.ts";
import { type AddCommand, fail, type Terminal } from "./terminal.ts";

/** In the order of `--help`. */
const COMMANDS: readonly AddCommand[] = [
  serveCommand,
  demoCommand,
  checkCommand,
  mapCommand,
  providersCommand,
  simulateCommand,
  secretCommand,
  captureCommand,
  listCommands,
  explainCommand,
  controlCommands,
  exportCommand,
  importCommand,
  storeCheckCommand,
];

/** Runs one command and resolves with the exit code: 0 success, 1 failure, 2 bad usage. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  let code = 0;
  const program = new Command("countersign")
    .description("The bridge between e-sign providers and your internal systems.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) });
  for (const command of COMMANDS) {
    command(program, terminal, (result: number) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CountersignError) return fail(terminal, error.message);
    throw error;
  }
}
