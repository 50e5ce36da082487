import type { Command } from "commander";
import { connect, listOf } from "../admin-client.ts";
import { columnsOf, moment } from "../table.ts";
import { CONFIG_OPTION, type Terminal } from "../terminal.ts";
import { Exception } from "./requests.ts";

interface AcceptOptions {
  config: string;
  source: string;
  type?: string;
  missing?: string;
  reason: string;
}

const PATH = "api/v1/parity/exceptions";

/** The commands that accept findings of reports, list what was accepted, and take it back. */
export function setUpExceptions(parity: Command, terminal: Terminal, done: (code: number) => void): void {
  parity
    .command("accept [finding]")
    .description("accept a finding, or all losses of a type on one side, so that it no longer fails a report")
    .option("--source <source>", "the source of the old side")
    .option("--type <type>", "all losses of this type, instead of a finding")
    .option("--missing <side>", "old or new: the side that does not tell it; with --type")
    .option("--reason <reason>", "why, for the report and the audit log")
    .option(...CONFIG_OPTION)
    .action(async (finding: string | undefined, _: object, command: Command) => {
      const { config, source, type, missing, reason } = command.optsWithGlobals<AcceptOptions>();
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const accepted = await client.post(PATH, Exception, { source, finding, type, missing, reason });
      terminal.stdout.write(`${accepted.id} accepted\n`);
      done(0);
    });
  parity
    .command("exceptions")
    .description("list what was accepted")
    .option("--json", "print one JSON object per line")
    .option(...CONFIG_OPTION)
    .action(async (_: object, command: Command) => {
      const { config, json } = command.optsWithGlobals<{ config: string; json?: true }>();
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const { items } = await client.get(PATH, listOf(Exception));
      const rows = items.map(({ id, source, finding, type, missing, by, at, reason }) => [
        ...[id, source, finding ?? `${type} missing on the ${missing} side`, by, moment(at), reason],
      ]);
      if (json) for (const item of items) terminal.stdout.write(`${JSON.stringify(item)}\n`);
      else terminal.stdout.write(items.length === 0 ? "no exception\n" : columnsOf(rows));
      done(0);
    });
  parity
    .command("revoke <exception>")
    .description("take an exception back")
    .option("--reason <reason>", "why, for the audit log")
    .option(...CONFIG_OPTION)
    .action(async (id: string, _: object, command: Command) => {
      const { config, reason } = command.optsWithGlobals<{ config: string; reason?: string }>();
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const revoked = await client.post(`${PATH}/${encodeURIComponent(id)}/revoke`, Exception, { reason });
      terminal.stdout.write(`${revoked.id} revoked\n`);
      done(0);
    });
}
