import { z } from "zod";
import type { Config } from "../../config.ts";
import { CountersignError } from "../../domain/errors.ts";
import { EVENT_TYPES } from "../../domain/event.ts";
import type { ParityException } from "../../domain/parity.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { Requests } from "../../parity/gather.ts";
import type { Store } from "../../store/store.ts";
import { type AdminClient, createAdminClient, listOf } from "../admin-client.ts";
import { withStore } from "../store-option.ts";
import type { Terminal } from "../terminal.ts";

/** What a comparison reads. */
export interface Source extends Requests {
  exceptions(): Promise<readonly ParityException[]>;
}

export const Exception: z.ZodType<ParityException> = z.object({
  id: z.string(),
  at: z.number(),
  by: z.string(),
  reason: z.string(),
  source: z.string(),
  finding: z.string().nullable(),
  type: z.enum(EVENT_TYPES).nullable(),
  missing: z.enum(["old", "new"]).nullable(),
});

/**
 * Reads the store beside the bridge, in this process: reading a million requests again takes a minute of a
 * processor, and the bridge has only one for its requests and deliveries. A lowdb file belongs to the bridge
 * alone while one runs, so then the bridge is asked; such a store is small.
 */
export async function withRequests<T>(
  config: Config,
  terminal: Terminal,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const client = createAdminClient(config);
  if (config.store.kind === "lowdb" && (await isRunning(client))) return work(fromBridge(client));
  return withStore(config.store, terminal, { mayBeMade: false }, (store) => work(fromStore(store)));
}

/** Whether a bridge answers. */
export async function isRunning(client: AdminClient): Promise<boolean> {
  try {
    await client.get("api/v1/parity/exceptions", listOf(Exception));
    return true;
  } catch (error) {
    if (error instanceof CountersignError && error.code === "not_found") return false;
    throw error;
  }
}

/** How often a page is asked for again when the database does not answer, and the pause before. */
const RETRIES = 5;
const RETRY_PAUSE_MS = 1_000;

function fromStore(store: Store): Source {
  return {
    read: (range, page) => patiently(() => store.readReceipts(range, page)),
    find: (id) => patiently(() => store.findReceipt(id)),
    exceptions: () => store.parityExceptions(),
  };
}

/** A connection that is lost does not end the work: it goes on with the page that failed. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = RETRIES; ; left--) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof CountersignError && error.code === "store_unavailable";
      if (!isAway || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }
}

const ListedReceipt = z.object({ id: z.string(), source: z.string(), channel: z.string() });
const WholeReceipt = z.object({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  verified: z.string(),
  mapping: z.string(),
  body: z.base64(),
});

function fromBridge(client: AdminClient): Source {
  async function find(id: string): Promise<Receipt | null> {
    const { body, ...receipt } = await client.get(`api/v1/receipts/${id}`, WholeReceipt);
    return { ...receipt, body: Buffer.from(body, "base64"), problems: [] };
  }
  return {
    async read({ channels, from, until }, { cursor, limit }) {
      const query = { order: "oldest", from, until, limit, ...(cursor === undefined ? {} : { cursor }) };
      const { items, next } = await client.get("api/v1/receipts", listOf(ListedReceipt), query);
      const asked = items.filter((one) =>
        channels.some(({ source, name }) => source === one.source && name === one.channel),
      );
      const found: Receipt[] = [];
      for (const { id } of asked) {
        const receipt = await find(id);
        if (receipt) found.push(receipt);
      }
      return { items: found, next };
    },
    find,
    exceptions: async () => (await client.get("api/v1/parity/exceptions", listOf(Exception))).items,
  };
}
