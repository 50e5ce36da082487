import { z } from "zod";
import { DOCUMENT_STATUSES } from "../domain/event.ts";
import { GAPS } from "../domain/gaps.ts";
import { DOCUMENT_SORTS, UNDELIVERED } from "../store/port/reads.ts";
import { type Listing, listing, withOrder } from "./listing.ts";
import { moment } from "./table.ts";

/**
 * The commands that list events, receipts, documents, destinations and operators' changes of a running
 * bridge.
 */

const EventItem = z.looseObject({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  document: z.looseObject({ id: z.string() }).nullable(),
  signer: z.looseObject({ id: z.string() }).nullable(),
});
const ReceiptItem = z.looseObject({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
  events: z.array(z.string()),
  duplicates: z.array(z.string()),
  problems: z.array(z.looseObject({ message: z.string() })),
});
const DocumentItem = z.looseObject({
  id: z.string(),
  source: z.string(),
  title: z.string().nullable(),
  status: z.string().nullable(),
  downloadable: z.boolean(),
  signers: z.array(z.looseObject({ status: z.string().nullable() })),
  sequence: z.number(),
  changedAt: z.number(),
});
const DestinationItem = z.looseObject({
  name: z.string(),
  configured: z.boolean(),
  paused: z.looseObject({ at: z.number(), reason: z.string() }).nullable(),
  breaker: z
    .looseObject({ failures: z.number(), probeAt: z.number().nullable(), failing: z.string().optional() })
    .nullable(),
  open: z.number(),
  oldest: z.number().nullable(),
});
const ChangeItem = z.looseObject({
  at: z.number(),
  action: z.string(),
  caller: z.string(),
  reason: z.string(),
  details: z.record(z.string(), z.unknown()),
});

const EVENTS: Listing<z.infer<typeof EventItem>> = {
  path: "api/v1/events",
  item: EventItem,
  nouns: ["event", "events"],
  heading: ["event", "source", "type", "time", "about"],
  row: ({ id, source, type, time, document, signer }) => [
    id,
    source,
    type,
    time,
    [document && `document ${document.id}`, signer && `signer ${signer.id}`].filter(Boolean).join(", "),
  ],
};
const RECEIPTS: Listing<z.infer<typeof ReceiptItem>> = {
  path: "api/v1/receipts",
  item: ReceiptItem,
  nouns: ["receipt", "receipts"],
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
const DOCUMENTS: Listing<z.infer<typeof DocumentItem>> = {
  path: "api/v1/documents",
  item: DocumentItem,
  nouns: ["document", "documents"],
  heading: ["document", "source", "status", "PDF", "signed", "events", "changed", "title"],
  row: ({ id, source, title, status, downloadable, signers, sequence, changedAt }) => [
    id,
    source,
    status ?? "–",
    downloadable ? "ready" : "–",
    `${signers.filter((signer) => signer.status === "signed").length} of ${signers.length}`,
    String(sequence),
    moment(changedAt),
    title ?? "",
  ],
};
const DESTINATIONS: Listing<z.infer<typeof DestinationItem>> = {
  path: "api/v1/destinations",
  item: DestinationItem,
  nouns: ["destination", "destinations"],
  heading: ["destination", "open", "oldest", "state"],
  row: (destination) => [
    destination.name,
    String(destination.open),
    moment(destination.oldest),
    stateOf(destination),
  ],
};
const CHANGES: Listing<z.infer<typeof ChangeItem>> = {
  path: "api/v1/audit",
  item: ChangeItem,
  nouns: ["change", "changes"],
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
  if (breaker?.probeAt != null) {
    const what = breaker.failing === "token_endpoint" ? "no access token" : "failing";
    return `${what}: ${breaker.failures} in a row, next probe ${moment(breaker.probeAt)}`;
  }
  return "sending";
}

export const eventsCommand = listing(EVENTS, (command) =>
  withOrder(command)
    .option("--type <type>")
    .option("--source <source>")
    .option("--channel <channel>", "the one that reported it first")
    .option("--document <id>"),
);
export const receiptsCommand = listing(RECEIPTS, (command) =>
  withOrder(command)
    .option("--source <source>")
    .option("--channel <channel>")
    .option("--problems", "only those with a problem")
    .option("--shadow", "only those of channels in shadow"),
);
export const documentsCommand = listing(DOCUMENTS, (command) =>
  withOrder(command)
    .option("--source <source>")
    .option("--status <status>", DOCUMENT_STATUSES.join(", "))
    .option("--id <id>")
    .option("--search <text>", "in id, title, tags, references, and names and addresses of signers")
    .option("--stuck <duration>", "only those sent longer ago than that, such as 14d, and not ended")
    .option("--missing <what>", `only completed ones of which this was not told: ${GAPS.join(", ")}`)
    .option("--undelivered <what>", `only those with such events: ${UNDELIVERED.join(", ")}`)
    .option("--sort <sort>", `by which report: ${DOCUMENT_SORTS.join(", ")}`),
);
export const destinationsCommand = listing(DESTINATIONS);
export const auditCommand = listing(CHANGES, withOrder);
