import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { receiptId, rejectionId } from "../src/domain/identity.ts";
import { type Accept, createAccept } from "../src/inbound/accept.ts";
import type { Channel } from "../src/inbound/channel.ts";
import { openRequest } from "../src/inbound/open-request.ts";
import { createReject } from "../src/inbound/reject.ts";
import { createRejections } from "../src/inbound/rejections.ts";
import type { OpenedRequest } from "../src/inbound/request.ts";
import { openPostgresStore } from "../src/store/postgres.ts";
import type { Bench } from "./bench.ts";
import { startDatabase } from "./databases.ts";
import { monotonic } from "./monotonic.ts";
import { CHANNEL, createPost, SOURCE } from "./posts.ts";
import { atMost, type Figure } from "./report.ts";
import { configure } from "./settings.ts";
import { percentile } from "./statistics.ts";

/** The number of senders of forged posts, each of which sends again a second after a refusal. */
const FORGED = [0, 50, 500, 3_000];
const AGAIN_MS = 1_000;
/** The duration of each measurement, and the pause between two genuine posts. */
const ROUND_MS = 5_000;
const PAUSE_MS = 5;
const TARGET_MS = 100;

/**
 * The duration of a genuine post on PostgreSQL, from verification to commit, beside many forged ones. Without
 * HTTP, since reading many requests takes time whatever the store does.
 */
export async function measureForged(bench: Bench): Promise<Figure[]> {
  const { accept, channel } = await openWayIn(bench);
  const figures: Figure[] = [];
  for (const forged of FORGED) {
    const latencies = await latenciesBeside(forged, accept, channel);
    for (const share of [0.5, 0.99])
      figures.push({
        stage: "Forged: a genuine post on PostgreSQL, from verification to commit",
        name: `${forged} forged posts in flight, p${share * 100}`,
        value: percentile(latencies, share),
        unit: "ms",
        target: share === 0.99 ? atMost(TARGET_MS) : null,
      });
  }
  return figures;
}

async function openWayIn(bench: Bench): Promise<{ accept: Accept; channel: Channel }> {
  const database = await startDatabase(bench);
  const token = () => randomBytes(12).toString("hex");
  const store = await openPostgresStore({ url: await database.newSchema(), token });
  const clock = {
    now: Date.now,
    elapsed: () => performance.now(),
    after(ms: number, run: () => void) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
  const rejections = createRejections({ store, clock, observe: { dropped() {} } });
  bench.atEnd(() => rejections.drain(1_000).then(() => store.close()));
  const folder = await bench.newFolder();
  const config = await configure({ folder, destinations: [], ordering: "none", concurrency: 1 });
  const channel = config.channels.find(({ name }) => name === CHANNEL);
  if (!channel) throw new Error(`there is no channel ${CHANNEL}`);
  const reject = createReject({
    store: { reject: rejections.add },
    rejected: config.rejected,
    newRejectionId: (at) => rejectionId(at, randomBytes(10)),
  });
  const newReceiptId = (at: number) => receiptId(at, randomBytes(10));
  const accept = createAccept({
    store,
    reject,
    subscribers: () => [],
    isInShadow: () => false,
    leftInShadow() {},
    newReceiptId,
    recorded() {},
  });
  return { accept, channel };
}

let posts = 0;

async function latenciesBeside(forged: number, accept: Accept, channel: Channel): Promise<number[]> {
  let over = false;
  const forging = Array.from({ length: forged }, async () => {
    for (await sleep(Math.random() * AGAIN_MS); !over; await sleep(AGAIN_MS))
      await accept(toRequest(channel, 0, "00"), channel);
  });
  const latencies: number[] = [];
  for (const startedAt = monotonic(); monotonic() - startedAt < ROUND_MS; await sleep(PAUSE_MS)) {
    const request = toRequest(channel, posts++);
    const sentAt = monotonic();
    const accepted = await accept(request, channel);
    if ("refused" in accepted) throw new Error(`a genuine post was refused: ${accepted.refused}`);
    latencies.push(monotonic() - sentAt);
  }
  over = true;
  await Promise.all(forging);
  return latencies;
}

function toRequest({ rules }: Channel, number: number, forgery?: string): OpenedRequest {
  const { body, signature } = createPost(number);
  const raw = {
    source: SOURCE,
    channel: CHANNEL,
    query: new URLSearchParams(),
    pathToken: null,
    headers: { "content-type": "application/json", "x-signature": forgery ?? signature },
    body,
    receivedAt: Date.now(),
  };
  return openRequest(raw, rules.read);
}
