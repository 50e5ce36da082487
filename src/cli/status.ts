import { z } from "zod";
import { messageOf } from "../domain/errors.ts";
import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import { connect, listOf } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { inert } from "./inert.ts";
import { CONFIG_OPTION, fail } from "./terminal.ts";

/** What needs a person, from a running bridge. */

const ConcernItem = z.object({
  id: z.string(),
  kind: z.string(),
  severity: z.enum(["critical", "warning", "notice"]),
  since: z.number(),
  count: z.number(),
  sentence: z.string(),
  advice: z.string(),
  command: z.string().nullable(),
  ends: z.string(),
});
type ConcernItem = z.infer<typeof ConcernItem>;

/** Nothing needs a person; something does; it cannot be told. */
const [NONE, SOME, UNTOLD] = [0, 1, 2];

export const statusCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option("--json", "print the concerns as one JSON object")
    .option(...CONFIG_OPTION)
    .action(async ({ config, json }) => {
      try {
        const client = await connect(config, terminal);
        if (!client) return done(UNTOLD);
        const { items } = await client.get("api/v1/concerns", listOf(ConcernItem));
        terminal.stdout.write(json ? `${JSON.stringify({ concerns: items })}\n` : textOf(items));
        done(items.length === 0 ? NONE : SOME);
      } catch (error) {
        fail(terminal, messageOf(error));
        done(UNTOLD);
      }
    });
};

function textOf(concerns: readonly ConcernItem[]): string {
  return [verdictOf(concerns), ...concerns.map(paragraphOf)].join("\n");
}

const SEVERITIES = ["critical", "warning", "notice"] as const;

function verdictOf(concerns: readonly ConcernItem[]): string {
  if (concerns.length === 0) return "Nothing needs a person.\n";
  const counts = SEVERITIES.flatMap((severity) => {
    const count = concerns.filter((one) => one.severity === severity).length;
    if (count === 0) return [];
    return severity === "critical" ? `${count} critical` : plural(count, severity);
  });
  return `${plural(concerns.length, "thing")} ${concerns.length === 1 ? "needs" : "need"} a person: ${counts.join(", ")}.\n`;
}

function paragraphOf({ id, severity, since, sentence, advice, command, ends }: ConcernItem): string {
  const lines = [
    `${severity}  ${id}  since ${formatMoment(since)}`,
    `  ${sentence}`,
    `  What to do: ${advice}`,
    ...(command === null ? [] : [`  $ ${command}`]),
    `  It ends with ${ends}.`,
  ];
  return `${lines.map(inert).join("\n")}\n`;
}
