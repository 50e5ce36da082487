import { z } from "zod";
import { ATTEMPT_CAUSES, PARK_REASONS } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import { inert } from "../domain/inert.ts";
import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import { type AdminClient, connect } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { startProgress } from "./progress.ts";
import { CONFIG_OPTION, type Terminal } from "./terminal.ts";

/** Says that somebody knows of a concern, or of parked deliveries, and takes care. */

const ConcernAnswer = z.object({ id: z.string(), acknowledged: z.object({ until: z.number() }) });
const DeliveryAnswer = z.object({ event: z.string(), destination: z.string() });
const CountAnswer = z.object({ count: z.number() });
const PageAnswer = z.object({ acknowledged: z.number(), next: z.string().nullable() });

export const acknowledgeCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("[id]", "of a concern, as `countersign status` shows it, or dlv_…")
    .option("--until <when>", "of a concern: for how long, such as 2d, or until when")
    .option("--destination <name>", "instead of an id: all parked deliveries of a destination")
    .option("--parked <reason>", `only those parked for this reason: ${PARK_REASONS.join(", ")}`)
    .option("--cause <cause>", `only those whose last attempt ended so: ${ATTEMPT_CAUSES.join(", ")}`)
    .option("--since <when>", "only of events recorded since then: 2d, or 2026-01-31T12:00:00Z")
    .option("--type <type>", "only of events of this type")
    .option("--document <id>", "only of events of this document")
    .option("--dry-run", "only count them")
    .requiredOption("--reason <text>", "the reason, for the audit log")
    .option(...CONFIG_OPTION)
    .action(async (id: string | undefined, { config, until, dryRun, reason, ...filter }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const asked = { id, until, reason, filter, dryRun: dryRun === true };
      await acknowledge(asked, client, terminal);
      done(0);
    });
};

interface Asked {
  id: string | undefined;
  until: string | undefined;
  reason: string;
  /** As the admin API takes it. */
  filter: Readonly<Record<string, string>>;
  dryRun: boolean;
}

async function acknowledge(asked: Asked, client: AdminClient, terminal: Terminal): Promise<void> {
  const { id, until, reason, filter } = asked;
  const isMany = filter.destination !== undefined;
  if ((id === undefined) === !isMany)
    throw wrong("give either the id of a concern or delivery, or --destination");
  if (isMany || id?.startsWith("dlv_")) {
    if (until !== undefined) throw wrong("--until is for concerns: deliveries are acknowledged for good");
    return id === undefined ? many(asked, client, terminal) : one(id, reason, client, terminal);
  }
  if (until === undefined) throw wrong("say with --until for how long, such as 2d, or until when");
  const answer = await client.post("api/v1/concerns/acknowledge", ConcernAnswer, { id, until, reason });
  const end = formatMoment(answer.acknowledged.until);
  terminal.stdout.write(`${inert(answer.id)} is acknowledged until ${end}, or until it becomes worse\n`);
}

function wrong(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}

async function one(id: string, reason: string, client: AdminClient, { stdout }: Terminal): Promise<void> {
  const path = `api/v1/deliveries/${encodeURIComponent(id)}/acknowledge`;
  const { event, destination } = await client.post(path, DeliveryAnswer, { reason });
  stdout.write(`${inert(event)} is acknowledged as parked for ${inert(destination)}\n`);
}

/** Counts first, then goes page by page, so that it shows its progress and can be interrupted. */
async function many(
  { filter, reason, dryRun }: Asked,
  client: AdminClient,
  terminal: Terminal,
): Promise<void> {
  const { stdout, signal } = terminal;
  const path = "api/v1/deliveries/acknowledge";
  const { count } = await client.post(path, CountAnswer, { ...filter, reason, dryRun: true });
  const what = `${plural(count, "parked delivery").replace("deliverys", "deliveries")} to ${filter.destination}`;
  if (dryRun) return void stdout.write(`${what} would be acknowledged\n`);
  const progress = startProgress(terminal, count);
  let acknowledged = 0;
  let cursor: string | null | undefined;
  while (count > 0 && cursor !== null && !signal.aborted) {
    const given = { ...filter, reason, ...(cursor ? { cursor } : {}) };
    const page = await client.post(path, PageAnswer, given);
    acknowledged += page.acknowledged;
    cursor = page.next;
    progress.to(acknowledged);
  }
  progress.end();
  stdout.write(`${acknowledged} of ${what} acknowledged\n`);
}
