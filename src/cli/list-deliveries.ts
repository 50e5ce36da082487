import type { Command } from "commander";
import { z } from "zod";
import { ATTEMPT_CAUSES, DELIVERY_STATUSES, PARK_REASONS } from "../domain/delivery.ts";
import { addCounts, largestFirst } from "../domain/delivery-count.ts";
import { DELIVERY_GROUPS } from "../store/port/reads.ts";
import { type AdminClient, connect, type QueryParameters } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { type Listing, listing, lookedAt, printList, walk, withListOptions, withOrder } from "./listing.ts";
import { moment, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The commands that list and count deliveries of a running bridge. */

const DeliveryItem = z.looseObject({
  id: z.string(),
  type: z.string(),
  destination: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  attempts: z.number(),
  maxAttempts: z.number().nullable(),
  leased: z.boolean(),
  lastAttempt: z.looseObject({ cause: z.string(), status: z.number().nullable() }).nullable(),
  waitsFor: z.string().nullable(),
  nextAttemptAt: z.number().nullable(),
});
type DeliveryItem = z.infer<typeof DeliveryItem>;

const DELIVERIES: Listing<DeliveryItem> = {
  path: "api/v1/deliveries",
  item: DeliveryItem,
  nouns: ["delivery", "deliveries"],
  heading: ["delivery", "type", "destination", "status", "attempts", "last", "next"],
  row: (delivery) => {
    const { id, type, destination, status, reason, attempts, maxAttempts } = delivery;
    return [
      id,
      type,
      destination,
      reason === null ? status : `${status} (${reason})`,
      maxAttempts === null ? String(attempts) : `${attempts} of ${maxAttempts}`,
      lastOf(delivery),
      nextOf(delivery),
    ];
  },
};

/** The result of the last attempt: the status of the answer, and what else was wrong with it. */
function lastOf({ lastAttempt }: DeliveryItem): string {
  if (!lastAttempt) return "–";
  const { cause, status } = lastAttempt;
  return [status, cause === "answered" ? null : cause].filter((part) => part !== null).join(", ");
}

/** When the next attempt comes, or what it depends on. */
function nextOf({ status, waitsFor, nextAttemptAt, leased, maxAttempts }: DeliveryItem): string {
  if (waitsFor !== null) return `after ${waitsFor}`;
  if (nextAttemptAt !== null || status !== "pending") return moment(nextAttemptAt);
  if (leased) return "under way";
  return maxAttempts === null ? "not configured" : "paused";
}

function withFilters(command: Command): Command {
  return withOrder(
    command
      .option("--destination <name>")
      .option("--status <status>", DELIVERY_STATUSES.join(", "))
      .option("--reason <reason>", `why it is parked: ${PARK_REASONS.join(", ")}`)
      .option("--cause <cause>", `what came of the last attempt: ${ATTEMPT_CAUSES.join(", ")}`)
      .option("--type <type>", "only of events of this type")
      .option("--source <source>", "only of events of this source"),
  );
}

export const deliveriesCommand = listing(DELIVERIES, (command) =>
  withFilters(command)
    .option("--undelivered", "only those that are pending, held or parked")
    .option("--acknowledged", "only parked ones that were acknowledged"),
);

const GROUPS = DELIVERY_GROUPS.join(",");

export const undeliveredCommand: SetUpCommand = (command, terminal, done) => {
  withListOptions(withFilters(command))
    .option("--group <parts>", `count them by some of ${GROUPS}, instead of listing them`)
    .action(async ({ config, limit, json, group, order, ...filter }) => {
      const client = await connect(config, terminal);
      if (!client) return done(1);
      const query = { ...filter, order, undelivered: true };
      if (group === undefined) await printList(client, DELIVERIES, { query, limit, json }, terminal);
      else await printGroups(client, { ...filter, group }, json === true, terminal);
      done(0);
    });
};

const Group = z.looseObject({ count: z.number(), oldest: z.number(), newest: z.number() });
type Group = z.infer<typeof Group>;

/** Prints the sums over all pages, the largest group first. */
async function printGroups(
  client: AdminClient,
  query: QueryParameters & { group: string },
  json: boolean,
  { stdout, stderr, signal }: Terminal,
): Promise<void> {
  const parts = query.group.split(",");
  const sums = new Map<string, Group>();
  const { next, looked } = await walk(client, "api/v1/deliveries/groups", Group, {
    query: () => query,
    take: (groups) => addCounts(sums, groups, (one) => JSON.stringify(parts.map((part) => one[part]))),
    isEnough: () => signal.aborted,
  });
  const groups = largestFirst(sums);
  if (json) for (const group of groups) stdout.write(`${JSON.stringify(group)}\n`);
  else if (groups.length > 0)
    stdout.write(
      table(
        [...parts, "count", "oldest", "newest"],
        groups.map((group) => rowOf(group, parts)),
      ),
    );
  else stdout.write("no delivery\n");
  if (next !== null)
    (json ? stderr : stdout).write(`${lookedAt(looked, "deliveries")}: --cursor ${next} goes on\n`);
}

function rowOf({ count, oldest, newest, ...key }: Group, parts: readonly string[]): string[] {
  const named = parts.map((part) => String(key[part] ?? "–"));
  return [...named, String(count), moment(oldest), moment(newest)];
}
