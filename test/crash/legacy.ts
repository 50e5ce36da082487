import { hash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Event } from "../../src/domain/event.ts";
import { LEGALESIGN_CODES } from "../../src/domain/legalesign-codes.ts";
import { answer, type ReceiverOptions, read } from "./receivers.ts";

/** A receiver of Legalesign's six-minute batches (here of a few seconds), and what must be true of these. */

/** One batch, over all its arrivals. */
export interface Batch {
  id: string;
  digest: string;
  /** Each as address, value and time. */
  items: readonly string[];
  /** One of its arrivals was answered with 200. */
  accepted: boolean;
}

export interface LegacyReceiver {
  name: string;
  url: string;
  /** In the order of first arrival. */
  batches(): readonly Batch[];
  /** Faults of arrivals, in a sentence each. */
  complaints: readonly string[];
  close(): void;
}

export async function startLegacyReceiver(options: ReceiverOptions): Promise<LegacyReceiver> {
  const { name, treat } = options;
  const webhook = new Webhook(options.secret);
  const batches = new Map<string, Batch>();
  const complaints: string[] = [];
  let times = 0;

  const server = createServer(async (request, response) => {
    const body = await read(request);
    if (body === null) return;
    times += 1;
    const id = String(request.headers["webhook-id"]);
    const digest = hash("sha256", body);
    const batch = batches.get(id) ?? { id, digest, items: itemsIn(body), accepted: false };
    batches.set(id, batch);
    if (batch.digest !== digest) complaints.push(`the batch ${id} came again with another body`);
    if (!isSigned(request, body, webhook)) complaints.push(`the batch ${id} came with a wrong signature`);
    const treatment = treat(times);
    if (treatment === "accept" || treatment === "delay") batch.accepted = true;
    answer(response, treatment, options.delay);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${port}/legacy`,
    batches: () => [...batches.values()],
    complaints,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function itemsIn(body: Buffer): string[] {
  const data: Record<string, string>[] = JSON.parse(new URLSearchParams(body.toString()).get("data") ?? "[]");
  return data.map(({ resource_uri, value, timestamp }) => `${resource_uri} ${value} ${timestamp}`);
}

function isSigned({ headers }: IncomingMessage, body: Buffer, webhook: Webhook): boolean {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
  return webhook.sign(String(headers["webhook-id"]), at, body.toString()) === headers["webhook-signature"];
}

/**
 * Every event with a code must be in exactly one batch, which was accepted, and the events of each document
 * in order. Signers' events of unknown documents have no order.
 */
export function complaintsAbout(batches: readonly Batch[], events: readonly Event[]): string[] {
  const expected = Map.groupBy(events.filter(hasItem), itemOf);
  const found = new Map<string, number>();
  const wrong: string[] = [];
  const last = new Map<string, number>();
  for (const { id, items, accepted } of batches) {
    if (!accepted) wrong.push(`the batch ${id} was never accepted`);
    for (const item of items) {
      const nth = found.get(item) ?? 0;
      found.set(item, nth + 1);
      const event = expected.get(item)?.toSorted((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0))[nth];
      if (!event) wrong.push(`${item} is in the batch ${id}, and in another or of no event`);
      else if (event.document && event.sequence !== null) {
        const document = `${event.source} ${event.document.id}`;
        const before = last.get(document) ?? 0;
        if (event.sequence < before)
          wrong.push(`${item} of ${document} is number ${event.sequence}, and came after ${before}`);
        last.set(document, Math.max(before, event.sequence));
      }
    }
  }
  for (const [item, all] of expected)
    if ((found.get(item) ?? 0) < all.length) wrong.push(`${item} is in no batch`);
  return wrong;
}

function hasItem({ type, signer }: Event): boolean {
  return type in LEGALESIGN_CODES && (type.startsWith("document.") || signer !== null);
}

function itemOf({ type, document, signer, time }: Event): string {
  const [object, id] = type.startsWith("document.") ? ["document", document?.id] : ["signer", signer?.id];
  const code = LEGALESIGN_CODES[type as keyof typeof LEGALESIGN_CODES];
  return `/api/v1/${object}/${encodeURIComponent(id ?? "")}/ ${code} ${time.slice(0, 19)}+00:00`;
}
