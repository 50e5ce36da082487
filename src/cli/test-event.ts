import { z } from "zod";
import { inert } from "../domain/inert.ts";
import { connect } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION } from "./terminal.ts";

/** `countersign test-event DESTINATION`: sends a signed test at once, and shows all that was said. */

const Headers = z.record(z.string(), z.string());

const Conversation = z.object({
  destination: z.string(),
  event: z.string(),
  accepted: z.boolean(),
  cause: z.string(),
  startedAt: z.number(),
  duration: z.number(),
  request: z.object({ url: z.string(), headers: Headers, body: z.string() }).nullable(),
  response: z.object({ status: z.number(), headers: Headers, body: z.string().nullable() }).nullable(),
  error: z.string().nullable(),
});
type Conversation = z.infer<typeof Conversation>;

export const testEventCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<destination>")
    .option("--reason <text>", "the reason, for the audit log", "test from the command line")
    .option("--json", "print what was said as JSON")
    .option(...CONFIG_OPTION)
    .action(async (name: string, { config, reason, json }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const path = `api/v1/destinations/${encodeURIComponent(name)}/test`;
      const said = await client.post(path, Conversation, { reason });
      terminal.stdout.write(json ? `${JSON.stringify(said)}\n` : textOf(said));
      done(said.accepted ? 0 : 1);
    });
};

/** As it went over the line: `>` before what was sent, `<` before what came back. */
function textOf(said: Conversation): string {
  const { destination, accepted, request, response, error, cause, duration } = said;
  const sent = request ? linesOf(`POST ${request.url}`, request.headers, request.body) : [];
  const came = response ? linesOf(`HTTP ${response.status}`, response.headers, response.body) : [];
  const result = response && error === null ? `HTTP ${response.status}` : (error ?? cause);
  return [
    ...(request ? sent.map((line) => `> ${inert(line)}`) : ["nothing could be sent"]),
    "",
    ...(response ? [...came.map((line) => `< ${inert(line)}`), ""] : []),
    `${inert(destination)} ${accepted ? "took" : "did not take"} the test event: ${inert(result)} after ${duration} ms`,
    "",
  ].join("\n");
}

function linesOf(first: string, headers: Readonly<Record<string, string>>, body: string | null): string[] {
  const head = [first, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  return body === null ? head : [...head, "", ...body.split("\n")];
}
