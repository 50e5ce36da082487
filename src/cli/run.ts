import { Command, CommanderError } from "commander";
import { CountersignError } from "../domain/errors.ts";
import { VERSION } from "../version.ts";
import { COMMANDS } from "./commands.ts";
import { createEnvironment } from "./environment.ts";
import { fail, type Terminal } from "./terminal.ts";

/** Runs one command and resolves with the exit code: 0 success, 1 failure, 2 bad usage. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = 0;
  const program = createProgram(terminal);
  for (const { name, description, hidden = false, isSelfContained = false, load } of COMMANDS) {
    const command = program.command(name, { hidden }).description(description);
    if (!args.includes(name)) continue;
    const setUp = await load();
    const environment = createEnvironment(terminal);
    setUp(command, isSelfContained ? terminal : environment.terminal, (result) => {
      code = result;
    });
    if (!isSelfContained) leavesOf(command).forEach(environment.addOption);
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

/** A command has options itself, or its subcommands have them, or both. */
function leavesOf(command: Command): readonly Command[] {
  const hasOwn = command.options.length > 0 || command.commands.length === 0;
  return hasOwn ? [command, ...command.commands] : command.commands;
}

function createProgram({ stdout, stderr }: Terminal): Command {
  const usages = new Map(
    COMMANDS.map(({ name, arguments: operands }) => [name, operands ? `${name} ${operands}` : name]),
  );
  return new Command("countersign")
    .description("The bridge between e-sign providers and your internal systems.")
    .version(VERSION)
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => usages.get(command.name()) ?? command.name() })
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) });
}
