import { z } from "zod";
import { type AdminClient, connect } from "./admin-client.ts";
import { inert } from "./inert.ts";
import { startProgress } from "./progress.ts";
import { plural } from "./table.ts";
import { type AddCommand, CONFIG_OPTION, type Terminal } from "./terminal.ts";

/** The commands that change what a running bridge does: pause, resume, skip, replay. Each keeps its reason. */

const REASON_OPTION = ["--reason <text>", "why: it is kept with time and caller"] as const;

const PauseAnswer = z.object({ name: z.string(), paused: z.object({ reason: z.string() }).nullable() });
const CountAnswer = z.object({ count: z.number() });
const SkipAnswer = z.object({ event: z.string(), destination: z.string() });
const ReplayAnswer = z.object({ replayed: z.number(), next: z.string().nullable() });

export const controlCommands: AddCommand = (program, terminal, done) => {
  for (const action of ["pause", "resume"] as const) {
    const description =
      action === "pause"
        ? "send a destination nothing until it is resumed"
        : "let a paused destination go on";
    program
      .command(action)
      .description(description)
      .argument("<destination>")
      .requiredOption(...REASON_OPTION)
      .option(...CONFIG_OPTION)
      .action(async (name: string, { config, reason }) => {
        const client = await connect(config, terminal);
        if (!client) return done(1);
        await client.post(`api/v1/destinations/${encodeURIComponent(name)}/${action}`, PauseAnswer, {
          reason,
        });
        terminal.stdout.write(`${name} is ${action}d\n`);
        done(0);
      });
  }

  program
    .command("reload")
    .description(
      "take sources, destinations and mappings from the configuration's file again, all or nothing",
    )
    .option(REASON_OPTION[0], REASON_OPTION[1], "reload from the command line")
    .option(...CONFIG_OPTION)
    .action(async ({ config, reason }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      await client.post("api/v1/reload", z.object({ reloaded: z.literal(true) }), { reason });
      terminal.stdout.write("reloaded\n");
      done(0);
    });

  program
    .command("skip")
    .description("give a delivery up, so that the later events of its document go; it is parked")
    .argument("<delivery>", "dlv_…")
    .option(REASON_OPTION[0], REASON_OPTION[1], "skip from the command line")
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, reason }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const { event, destination } = await client.post(
        `api/v1/deliveries/${encodeURIComponent(id)}/skip`,
        SkipAnswer,
        { reason },
      );
      terminal.stdout.write(`${inert(event)} is parked for ${inert(destination)}\n`);
      done(0);
    });

  program
    .command("replay")
    .description("send again what is parked for a destination, or was delivered; ids stay the same")
    .requiredOption("--destination <name>")
    .option("--status <status>", "parked, delivered or all", "parked")
    .option("--since <when>", "events recorded since then: 2d, or 2026-01-31T12:00:00Z")
    .option("--type <type>", "only this event type")
    .option("--document <id>", "only this document's")
    .option("--rate <rate>", "no faster than this, such as 20/s")
    .option("--dry-run", "only say how many there are")
    .option(REASON_OPTION[0], REASON_OPTION[1], "replay from the command line")
    .option("--json", "print the counts as JSON")
    .option(...CONFIG_OPTION)
    .action(async ({ config, dryRun, json, ...filter }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      await replay(client, { filter, dryRun: dryRun === true, json: json === true }, terminal);
      done(0);
    });

  for (const [name, hidden] of [
    ["reprocess", false],
    // Its first name, so that scripts go on.
    ["reread", true],
  ] as const) {
    program
      .command(name, { hidden })
      .description(
        "process kept requests again after a mapping or a secret was fixed, and forward their new events",
      )
      .option("--rejected", "those refused as not genuine, instead of those with a problem")
      .option("--source <source>")
      .option("--since <when>", "received since then: 2d, or 2026-01-31T12:00:00Z")
      .option("--dry-run", "only count what would change")
      .option(REASON_OPTION[0], REASON_OPTION[1], "reprocess from the command line")
      .option("--json", "print the counts as JSON")
      .option(...CONFIG_OPTION)
      .action(async ({ config, rejected, json, ...wish }) => {
        const client = await connect(config, terminal);
        if (!client) return done(1);
        await reprocess(
          client,
          { ...wish, which: rejected ? "rejected" : "problems" },
          json === true,
          terminal,
        );
        done(0);
      });
  }
};

const ReprocessAnswer = z.object({
  checked: z.number(),
  fixed: z.number(),
  events: z.number(),
  next: z.string().nullable(),
});

async function reprocess(
  client: AdminClient,
  wish: Readonly<Record<string, string | boolean>>,
  json: boolean,
  { stdout, signal }: Terminal,
): Promise<void> {
  const total = { checked: 0, fixed: 0, events: 0 };
  let cursor: string | null | undefined;
  while (cursor !== null && !signal.aborted) {
    const page = await client.post("api/v1/reprocess", ReprocessAnswer, {
      ...wish,
      ...(cursor ? { cursor } : {}),
    });
    total.checked += page.checked;
    total.fixed += page.fixed;
    total.events += page.events;
    cursor = page.next;
  }
  const counts = `${total.fixed} fixed, ${plural(total.events, wish.dryRun === true ? "event" : "new event")}`;
  const verb = wish.dryRun === true ? "would be reprocessed" : "reprocessed";
  stdout.write(
    json ? `${JSON.stringify(total)}\n` : `${plural(total.checked, "request")} ${verb}: ${counts}\n`,
  );
}

interface ReplayOptions {
  /** As the admin API takes it. */
  filter: Readonly<Record<string, string>>;
  dryRun: boolean;
  json: boolean;
}

/** A count first; then page after page, so that a long replay shows how far it is and can be stopped. */
async function replay(
  client: AdminClient,
  { filter, dryRun, json }: ReplayOptions,
  terminal: Terminal,
): Promise<void> {
  const { stdout, signal } = terminal;
  const { count } = await client.post("api/v1/replays", CountAnswer, { ...filter, dryRun: true });
  const what = `${count} ${count === 1 ? "delivery" : "deliveries"} to ${filter.destination}`;
  if (dryRun)
    return void stdout.write(json ? `${JSON.stringify({ count })}\n` : `${what} would be sent again\n`);

  const progress = startProgress(terminal, count);
  let replayed = 0;
  let cursor: string | null | undefined;
  while (count > 0 && cursor !== null && !signal.aborted) {
    const page = await client.post("api/v1/replays", ReplayAnswer, {
      ...filter,
      ...(cursor ? { cursor } : {}),
    });
    replayed += page.replayed;
    cursor = page.next;
    progress.to(replayed);
  }
  progress.end();
  const line = `${plural(replayed, "event")} of ${what} on the way again\n`;
  stdout.write(json ? `${JSON.stringify({ count, replayed })}\n` : line);
}
