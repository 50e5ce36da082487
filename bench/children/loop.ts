import http from "node:http";
import got from "got";
import type { Event } from "../../src/domain/event.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { encode } from "../../src/outbound/encode.ts";
import { sign } from "../../src/outbound/sign.ts";
import { openStore } from "../../src/store/open.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";

/** The baseline of delivery: a loop of `got.post` over the same bytes, made before the clock starts. */
interface Ready {
  url: string;
  body: Buffer;
  headers: Record<string, string>;
}
let ready: Ready[] = [];

function prepare(event: Event, { url, secrets, typePrefix }: Destination): Ready {
  const { body, contentType } = encode(event, { typePrefix });
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    "content-type": contentType,
    "webhook-id": event.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": sign({ id: event.id, timestamp, body, secrets }),
  };
  return { url, body, headers };
}

const calls = {
  /** Reads the events of the store of these settings. */
  async prepare({ settings, count }: { settings: Settings; count: number }): Promise<void> {
    const { destinations, store: choice } = await configure(settings);
    const [destination] = destinations;
    if (!destination) throw new Error("no destination");
    const store = await openStore(choice, () => {});
    const { items } = await store.findEvents({}, { limit: count });
    ready = items.map((event) => prepare(event, destination));
    await store.close();
  },
  async run({ concurrency }: { concurrency: number }): Promise<void> {
    const agent = { http: new http.Agent({ keepAlive: true, maxSockets: concurrency }) };
    let next = 0;
    const work = async () => {
      for (let one = ready[next++]; one; one = ready[next++]) {
        await got.post(one.url, { body: one.body, headers: one.headers, agent, retry: { limit: 0 } });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  },
};
export type LoopCalls = typeof calls;
answer(calls);
