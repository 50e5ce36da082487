import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { inert } from "../domain/inert.ts";
import { type AdminClient, connect } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION } from "./terminal.ts";

/** `countersign alerts test NAME`: sends a test to an alert, and shows what came of it. */

const Answer = z.object({ delivery: z.string() });
const Delivery = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  attempts: z.number(),
  lastAttempt: z.object({ cause: z.string(), status: z.number().nullable() }).nullable(),
});
type Delivery = z.infer<typeof Delivery>;

export const alertsCommand: SetUpCommand = (command, terminal, done) => {
  command
    .command("test")
    .description("send a test to an alert, as its alerts go, and show what came of it")
    .argument("<name>", "of the alert, as the configuration has it")
    .option("--reason <text>", "the reason, for the audit log", "test from the command line")
    .option(...CONFIG_OPTION)
    .action(async (name: string, { config, reason }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const path = `api/v1/alerts/${encodeURIComponent(name)}/test`;
      const { delivery: id } = await client.post(path, Answer, { reason });
      const delivery = await untilAttempted(id, client, terminal.signal);
      terminal.stdout.write(`${inert(sentenceOf(name, id, delivery))}\n`);
      done(delivery.status === "delivered" ? 0 : 1);
    });
};

const POLL_MS = 100;
/** An attempt takes no longer, unless the alert has a long `timeout`. */
const MAX_POLLS = 300;

async function untilAttempted(id: string, client: AdminClient, signal: AbortSignal): Promise<Delivery> {
  for (let polls = 0; ; polls += 1) {
    const delivery = await client.get(`api/v1/deliveries/${encodeURIComponent(id)}`, Delivery);
    const isOver = delivery.attempts > 0 || delivery.status === "parked";
    if (isOver || polls === MAX_POLLS || signal.aborted) return delivery;
    await setTimeout(POLL_MS);
  }
}

function sentenceOf(name: string, id: string, { status, reason, lastAttempt }: Delivery): string {
  const answer =
    lastAttempt && (lastAttempt.status === null ? lastAttempt.cause : `HTTP ${lastAttempt.status}`);
  if (status === "delivered") return `${name} took the test: ${answer}`;
  const explain = `\`countersign explain ${id}\` says more`;
  if (answer === null) return `the test to ${name} waits (${reason ?? status}): ${explain}`;
  return `${name} did not take the test: ${answer}; ${explain}`;
}
