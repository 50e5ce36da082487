import { z } from "zod";
import { messageOf } from "../domain/errors.ts";
import { inert } from "../domain/inert.ts";
import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import { connect, listOf } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION, fail, type Terminal } from "./terminal.ts";
import { wrap } from "./wrap.ts";

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
  acknowledged: z.object({ until: z.number(), reason: z.string() }).nullable(),
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
        terminal.stdout.write(
          json ? `${JSON.stringify({ concerns: items })}\n` : textOf(items, widthOf(terminal)),
        );
        done(items.every(({ acknowledged }) => acknowledged !== null) ? NONE : SOME);
      } catch (error) {
        fail(terminal, messageOf(error));
        done(UNTOLD);
      }
    });
};

/** Wider lines are hard to read, on a wide terminal as well. */
const MAX_WIDTH = 100;

function widthOf({ stdout }: Terminal): number {
  return Math.min(MAX_WIDTH, stdout.columns ?? MAX_WIDTH);
}

/** What somebody takes care of comes last, and counts no more. */
function textOf(all: readonly ConcernItem[], width: number): string {
  const concerns = all.filter(({ acknowledged }) => acknowledged === null);
  const known = all.filter(({ acknowledged }) => acknowledged !== null);
  const paragraph = (concern: ConcernItem) => paragraphOf(concern, width);
  const acknowledged = known.length === 0 ? [] : ["Acknowledged:\n", ...known.map(paragraph)];
  return [verdictOf(concerns), ...concerns.map(paragraph), ...acknowledged].join("\n");
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

function paragraphOf(concern: ConcernItem, width: number): string {
  const { id, severity, since, sentence, advice, command, ends, acknowledged } = concern;
  const lines = [
    `${severity}  ${id}  since ${formatMoment(since)}`,
    `  ${sentence}`,
    `  What to do: ${advice}`,
    ...(command === null ? [] : [`  $ ${command}`]),
    `  It ends with ${ends}.`,
    ...(acknowledged === null
      ? []
      : [`  Acknowledged until ${formatMoment(acknowledged.until)}: ${acknowledged.reason}`]),
  ];
  // A command is one line, to be copied.
  const wrapped = lines.map(inert).flatMap((line) => (line.startsWith("  $ ") ? [line] : wrap(line, width)));
  return `${wrapped.join("\n")}\n`;
}
