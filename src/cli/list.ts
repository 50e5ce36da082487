import type { Command } from "commander";
import { z } from "zod";
import { PARK_REASONS } from "../domain/delivery.ts";
import { plural } from "../domain/quantity.ts";
import { type AdminClient, connect, listOf, type QueryParameters } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { moment, table } from "./table.ts";
import { CONFIG_OPTION, type Terminal } from "./terminal.ts";

/**
 * The commands that list events, receipts, documents, deliveries, destinations and operators' changes of a
 * running bridge.
 */

const EventItem = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  document: z.object({ id: z.string() }).nullable(),
  signer: z.object({ id: z.string() }).nullable(),
});
const ReceiptItem = z.object({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
  events: z.array(z.string()),
  duplicates: z.array(z.string()),
  problems: z.array(z.object({ message: z.string() })),
});
const DocumentItem = z.object({
  id: z.string(),
  source: z.string(),
  title: z.string().nullable(),
  status: z.string().nullable(),
  downloadable: z.boolean(),
  signers: z.array(z.object({ status: z.string().nullable() })),
  sequence: z.number(),
});
const DeliveryItem = z.object({
  id: z.string(),
  event: z.string(),
  destination: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  attempts: z.number(),
  dueAt: z.number().nullable(),
});
const DestinationItem = z.object({
  name: z.string(),
  configured: z.boolean(),
  paused: z.object({ at: z.number(), reason: z.string() }).nullable(),
  breaker: z.object({ failures: z.number(), probeAt: z.number().nullable() }).nullable(),
  open: z.number(),
  oldest: z.number().nullable(),
});
const ChangeItem = z.object({
  at: z.number(),
  action: z.string(),
  caller: z.string(),
  reason: z.string(),
  details: z.record(z.string(), z.unknown()),
});

interface ListCommand<T> {
  path: string;
  item: z.ZodType<T>;
  noun: string;
  heading: readonly string[];
  row(item: T): readonly string[];
}

const EVENTS: ListCommand<z.infer<typeof EventItem>> = {
  path: "api/v1/events",
  item: EventItem,
  noun: "event",
  heading: ["event", "source", "type", "time", "about"],
  row: ({ id, source, type, time, document, signer }) => [
    id,
    source,
    type,
    time,
    [document && `document ${document.id}`, signer && `signer ${signer.id}`].filter(Boolean).join(", "),
  ],
};
const RECEIPTS: ListCommand<z.infer<typeof ReceiptItem>> = {
  path: "api/v1/receipts",
  item: ReceiptItem,
  noun: "receipt",
  heading: ["receipt", "source", "channel", "received", "new", "duplicates", "problem"],
  row: ({ id, source, channel, receivedAt, events, duplicates, problems }) => [
    id,
    source,
    channel,
    moment(receivedAt),
    String(events.length),
    String(duplicates.length),
    problems.map(({ message }) => message).join("; "),
  ],
};
const DOCUMENTS: ListCommand<z.infer<typeof DocumentItem>> = {
  path: "api/v1/documents",
  item: DocumentItem,
  noun: "document",
  heading: ["document", "source", "status", "PDF", "signed", "events", "title"],
  row: ({ id, source, title, status, downloadable, signers, sequence }) => [
    id,
    source,
    status ?? "–",
    downloadable ? "ready" : "–",
    `${signers.filter((signer) => signer.status === "signed").length} of ${signers.length}`,
    String(sequence),
    title ?? "",
  ],
};
const DELIVERIES: ListCommand<z.infer<typeof DeliveryItem>> = {
  path: "api/v1/deliveries",
  item: DeliveryItem,
  noun: "delivery",
  heading: ["delivery", "event", "destination", "status", "attempts", "due"],
  row: ({ id, event, destination, status, reason, attempts, dueAt }) => [
    id,
    event,
    destination,
    reason === null ? status : `${status} (${reason})`,
    String(attempts),
    moment(dueAt),
  ],
};
const DESTINATIONS: ListCommand<z.infer<typeof DestinationItem>> = {
  path: "api/v1/destinations",
  item: DestinationItem,
  noun: "destination",
  heading: ["destination", "open", "oldest", "state"],
  row: (destination) => [
    destination.name,
    String(destination.open),
    moment(destination.oldest),
    stateOf(destination),
  ],
};
const CHANGES: ListCommand<z.infer<typeof ChangeItem>> = {
  path: "api/v1/audit",
  item: ChangeItem,
  noun: "change",
  heading: ["time", "action", "caller", "reason", "details"],
  row: ({ at, action, caller, reason, details }) => [
    moment(at),
    action,
    caller,
    reason,
    JSON.stringify(details),
  ],
};

function stateOf({ configured, paused, breaker }: z.infer<typeof DestinationItem>): string {
  if (!configured) return "not configured: nothing is sent; `countersign reload` parks its deliveries";
  if (paused) return `paused since ${moment(paused.at)}: ${paused.reason}`;
  if (breaker?.probeAt != null)
    return `failing: ${breaker.failures} in a row, next probe ${moment(breaker.probeAt)}`;
  return "sending";
}

export const eventsCommand = listing(EVENTS, (command) =>
  command.option("--type <type>").option("--source <source>").option("--document <id>"),
);
export const receiptsCommand = listing(RECEIPTS, (command) =>
  command
    .option("--source <source>")
    .option("--channel <channel>")
    .option("--problems", "only those with a problem"),
);
export const documentsCommand = listing(DOCUMENTS, (command) =>
  command.option("--source <source>").option("--status <status>").option("--id <id>"),
);
export const deliveriesCommand = listing(DELIVERIES, (command) =>
  command
    .option("--destination <name>")
    .option("--status <status>", "pending, held, delivered or parked")
    .option("--reason <reason>", `why it is parked: ${PARK_REASONS.join(", ")}`),
);
export const destinationsCommand = listing(DESTINATIONS);
export const auditCommand = listing(CHANGES);

function listing<T>(
  what: ListCommand<T>,
  withFilters: (command: Command) => Command = (command) => command,
): SetUpCommand {
  return (command, terminal, done) => {
    withFilters(command)
      .option("--limit <n>", "the maximum number of rows", "100")
      .option("--json", "print one JSON object per line")
      .option(...CONFIG_OPTION)
      .action(async ({ config, limit, json, ...filter }) => {
        const client = await connect(config, terminal);
        if (client) await list(client, what, { filter, limit: Number(limit), json }, terminal);
        done(client ? 0 : 1);
      });
  };
}

interface ListOptions {
  filter: QueryParameters;
  limit: number;
  json?: boolean;
}

/** Prints page after page, up to the limit. */
async function list<T>(
  client: AdminClient,
  listing: ListCommand<T>,
  { filter, limit, json }: ListOptions,
  { stdout }: Terminal,
): Promise<void> {
  const items: T[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && items.length < limit) {
    const size = Math.min(limit - items.length, 1_000);
    const paged = { ...filter, limit: size, ...(cursor ? { cursor } : {}) };
    const page = await client.get(listing.path, listOf(listing.item), paged);
    items.push(...page.items);
    cursor = page.next;
  }
  if (json) for (const item of items) stdout.write(`${JSON.stringify(item)}\n`);
  else
    stdout.write(
      items.length === 0 ? `no ${listing.noun}\n` : table(listing.heading, items.map(listing.row)),
    );
  if (!json && cursor) stdout.write(`… and more: --limit shows more than ${plural(limit, "row")}\n`);
}
