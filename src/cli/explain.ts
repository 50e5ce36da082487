import { z } from "zod";
import { inert } from "../domain/inert.ts";
import { connect } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION } from "./terminal.ts";

const Row = z.object({
  group: z.string().nullable(),
  label: z.number(),
  happened: z.string(),
  event: z.string(),
  received: z.string(),
  deliveries: z.array(z.object({ destination: z.string(), text: z.string() })),
});
type Row = z.infer<typeof Row>;

const Summary = z.object({
  heading: z.array(z.string()),
  rows: z.array(Row),
  notes: z.array(z.string()),
  closing: z.object({
    lines: z.array(z.string()),
    lists: z.array(z.object({ name: z.string(), items: z.array(z.string()), more: z.number() })),
  }),
});

const Explanation = z.object({
  what: z.string(),
  id: z.string(),
  summary: Summary,
  sentences: z.array(z.object({ at: z.number().nullable(), text: z.string() })),
});
type Explanation = z.infer<typeof Explanation>;

export const explainCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<id>", "evt_…, dlv_…, rcp_…, rej_…, or the provider's id of a document")
    .option("--verbose", "tell all in full sentences: every attempt, code and digest")
    .option("--json", "print the lines and the sentences as JSON")
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, json, verbose }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const explanation = await client.get(`api/v1/explain/${encodeURIComponent(id)}`, Explanation);
      const text = verbose ? sentencesOf(explanation) : summaryOf(explanation);
      terminal.stdout.write(json ? `${JSON.stringify(explanation)}\n` : text);
      done(0);
    });
};

/** A line a sentence, after its time; what is so now comes under `now`. */
function sentencesOf({ sentences }: Explanation): string {
  const lines = sentences.map(({ at, text }) => {
    const when = at === null ? "now" : new Date(at).toISOString();
    return `${when.padEnd(24)}  ${inert(text)}\n`;
  });
  return lines.join("");
}

/** The heading, a table of what happened, and below it what is said once. */
function summaryOf({ summary: { heading, rows, notes, closing } }: Explanation): string {
  const footnotes = notes.map((note, index) => `[${index + 1}] ${note}`);
  const last = [...closing.lines.map(inert), ...closing.lists.flatMap(linesOfList)];
  const blocks = [heading.map(inert), linesOf(rows), footnotes.map(inert), last];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** Wider events are not waited for by the column after them. */
const MAX_EVENT_WIDTH = 60;

function linesOf(rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const events = rows.map(({ event }) => inert(event).length).filter((width) => width <= MAX_EVENT_WIDTH);
  const widths = {
    label: Math.max(...rows.map(({ label }) => String(label).length)),
    event: Math.max("event".length, ...events),
    destination: Math.max(
      ...rows.flatMap(({ deliveries }) => deliveries.map((one) => one.destination.length)),
      0,
    ),
  };
  const title = [" ".repeat(widths.label), "happened (UTC)".padEnd(19), "event".padEnd(widths.event)];
  return [`${title.join("  ")}  received (UTC)`, ...rows.flatMap((row) => linesOfRow(row, widths))];
}

interface Widths {
  label: number;
  event: number;
  destination: number;
}

function linesOfRow({ group, label, happened, event, received, deliveries }: Row, widths: Widths): string[] {
  const indent = " ".repeat(widths.label + "  ".length + happened.length + "  ".length);
  return [
    ...(group === null ? [] : [inert(group)]),
    [String(label).padStart(widths.label), happened, inert(event).padEnd(widths.event), inert(received)].join(
      "  ",
    ),
    ...deliveries.map(
      ({ destination, text }) =>
        `${indent}→ ${inert(destination).padEnd(widths.destination)}  ${inert(text)}`,
    ),
  ];
}

const MAX_LIST_WIDTH = 100;

/** Ids after their list's name, as many a line as there is room for. */
function linesOfList({ name, items, more }: z.infer<typeof Summary>["closing"]["lists"][number]): string[] {
  const rest = more > 0 ? [`and ${more} more, which --verbose names`] : [];
  const lines: string[] = [];
  for (const item of [...items.map(inert), ...rest]) {
    const longer = lines.length === 0 ? `${name}: ${item}` : `${lines.at(-1)}, ${item}`;
    if (lines.length > 0 && longer.length <= MAX_LIST_WIDTH) lines[lines.length - 1] = longer;
    else lines.push(lines.length === 0 ? longer : `${" ".repeat(name.length + ": ".length)}${item}`);
  }
  return lines;
}
