import { z } from "zod";
import { ATTEMPT_CAUSES, PARK_REASONS } from "../domain/delivery.ts";
import { inert } from "../domain/inert.ts";
import { plural } from "../domain/quantity.ts";
import { type AdminClient, connect } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { startProgress } from "./progress.ts";
import { CONFIG_OPTION, type Terminal } from "./terminal.ts";

/**
 * The commands that change a running bridge: pause, resume, reload, skip, replay, reprocess. Each records its
 * reason.
 */

const REASON_OPTION = ["--reason <text>", "the reason, for the audit log"] as const;

const PauseResponse = z.object({ name: z.string(), paused: z.object({ reason: z.string() }).nullable() });
const CountResponse = z.object({ count: z.number() });
const SkipResponse = z.object({ event: z.string(), destination: z.string() });
const ReplayResponse = z.object({ replayed: z.number(), next: z.string().nullable() });

export const pauseCommand = pauseOrResume("pause");
export const resumeCommand = pauseOrResume("resume");

function pauseOrResume(action: "pause" | "resume"): SetUpCommand {
  return (command, terminal, done) => {
    command
      .argument("<destination>")
      .requiredOption(...REASON_OPTION)
      .option(...CONFIG_OPTION)
      .action(async (name: string, { config, reason }) => {
        const client = await connect(config, terminal);
        if (!client) return done(1);
        const path = `api/v1/destinations/${encodeURIComponent(name)}/${action}`;
        await client.post(path, PauseResponse, { reason });
        terminal.stdout.write(`${name} is ${action}d\n`);
        done(0);
      });
  };
}

export const reloadCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option(REASON_OPTION[0], REASON_OPTION[1], "reload from the command line")
    .option(...CONFIG_OPTION)
    .action(async ({ config, reason }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      await client.post("api/v1/reload", z.object({ reloaded: z.literal(true) }), { reason });
      terminal.stdout.write("reloaded\n");
      done(0);
    });
};

export const skipCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<delivery>", "dlv_…")
    .option(REASON_OPTION[0], REASON_OPTION[1], "skip from the command line")
    .option(...CONFIG_OPTION)
    .action(async (id: string, { config, reason }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const path = `api/v1/deliveries/${encodeURIComponent(id)}/skip`;
      const { event, destination } = await client.post(path, SkipResponse, { reason });
      terminal.stdout.write(`${inert(event)} is parked for ${inert(destination)}\n`);
      done(0);
    });
};

export const replayCommand: SetUpCommand = (command, terminal, done) => {
  command
    .requiredOption("--destination <name>")
    .option("--status <status>", "parked, delivered or all", "parked")
    .option("--since <when>", "events recorded since then: 2d, or 2026-01-31T12:00:00Z")
    .option("--type <type>", "only this event type")
    .option("--document <id>", "only events of this document")
    .option("--parked <reason>", `only those parked for this reason: ${PARK_REASONS.join(", ")}`)
    .option("--cause <cause>", `only those whose last attempt ended so: ${ATTEMPT_CAUSES.join(", ")}`)
    .option("--rate <rate>", "the maximum rate, such as 20/s")
    .option("--dry-run", "only count them")
    .option(REASON_OPTION[0], REASON_OPTION[1], "replay from the command line")
    .option("--json", "print the counts as JSON")
    .option(...CONFIG_OPTION)
    .action(async ({ config, dryRun, json, ...filter }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      await replay(client, { filter, dryRun: dryRun === true, json: json === true }, terminal);
      done(0);
    });
};

export const reprocessCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option("--rejected", "refused requests, instead of requests with a problem")
    .option("--source <source>")
    .option("--since <when>", "received since then: 2d, or 2026-01-31T12:00:00Z")
    .option("--dry-run", "only count the changes")
    .option(REASON_OPTION[0], REASON_OPTION[1], "reprocess from the command line")
    .option("--json", "print the counts as JSON")
    .option(...CONFIG_OPTION)
    .action(async ({ config, rejected, json, ...given }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const filter = { ...given, which: rejected ? "rejected" : "problems" };
      await reprocess(client, filter, json === true, terminal);
      done(0);
    });
};

const ReprocessResponse = z.object({
  checked: z.number(),
  fixed: z.number(),
  events: z.number(),
  next: z.string().nullable(),
});

async function reprocess(
  client: AdminClient,
  filter: Readonly<Record<string, string | boolean>>,
  json: boolean,
  { stdout, signal }: Terminal,
): Promise<void> {
  const total = { checked: 0, fixed: 0, events: 0 };
  let cursor: string | null | undefined;
  while (cursor !== null && !signal.aborted) {
    const page = await client.post("api/v1/reprocess", ReprocessResponse, {
      ...filter,
      ...(cursor ? { cursor } : {}),
    });
    total.checked += page.checked;
    total.fixed += page.fixed;
    total.events += page.events;
    cursor = page.next;
  }
  const [noun, verb] =
    filter.dryRun === true ? ["event", "would be reprocessed"] : ["new event", "reprocessed"];
  const counts = `${total.fixed} fixed, ${plural(total.events, noun)}`;
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

/**
 * Counts first, then replays page by page, so that a long replay shows its progress and can be interrupted.
 */
async function replay(
  client: AdminClient,
  { filter, dryRun, json }: ReplayOptions,
  terminal: Terminal,
): Promise<void> {
  const { stdout, signal } = terminal;
  const { count } = await client.post("api/v1/replays", CountResponse, { ...filter, dryRun: true });
  const what = `${count} ${count === 1 ? "delivery" : "deliveries"} to ${filter.destination}`;
  if (dryRun)
    return void stdout.write(json ? `${JSON.stringify({ count })}\n` : `${what} would be sent again\n`);

  const progress = startProgress(terminal, count);
  let replayed = 0;
  let cursor: string | null | undefined;
  while (count > 0 && cursor !== null && !signal.aborted) {
    const page = await client.post("api/v1/replays", ReplayResponse, {
      ...filter,
      ...(cursor ? { cursor } : {}),
    });
    replayed += page.replayed;
    cursor = page.next;
    progress.to(replayed);
  }
  progress.end();
  const line = `${replayed} of ${what} replayed\n`;
  stdout.write(json ? `${JSON.stringify({ count, replayed })}\n` : line);
}
