import { z } from "zod";
import { connect } from "./admin-client.ts";
import { inert } from "./inert.ts";
import { type AddCommand, CONFIG_OPTION } from "./terminal.ts";

const Explanation = z.object({
  what: z.string(),
  id: z.string(),
  sentences: z.array(z.object({ at: z.number().nullable(), text: z.string() })),
});

export const explainCommand: AddCommand = (program, terminal, done) => {
  program
    .command("explain")
    .description("tell in plain sentences what happened to an event, a delivery, a receipt or a document")
    .argument("<id>", "evt_…, dlv_…, rcp_…, rej_…, or the provider's id of a document")
    .option("--json", "print the sentences as JSON")
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, json }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const explanation = await client.get(`api/v1/explain/${encodeURIComponent(id)}`, Explanation);
      terminal.stdout.write(json ? `${JSON.stringify(explanation)}\n` : toText(explanation));
      done(0);
    });
};

/** A line a sentence, after its time; what is so now comes under `now`. */
function toText({ sentences }: z.infer<typeof Explanation>): string {
  const lines = sentences.map(({ at, text }) => {
    const when = at === null ? "now" : new Date(at).toISOString();
    return `${when.padEnd(24)}  ${inert(text)}\n`;
  });
  return lines.join("");
}
