import { type Clock, pause } from "../domain/clock.ts";
import { CountersignError } from "../domain/errors.ts";
import { type Channel, channelAt } from "./channel.ts";
import { type ReprocessParts, reprocessReceipt } from "./reprocess.ts";

/**
 * Processes the requests of channels that are no longer in shadow. The receipt of each says that it is in
 * shadow until all of it is recorded, so that a crash, a reload or a store that is away leaves nothing out.
 * What was recorded meanwhile over another channel is a duplicate, so that nothing is sent twice.
 */
export interface Release {
  /** The configuration may have taken a channel out of shadow, or such a receipt may have been left over. */
  wake(): void;
  /** Begins nothing more. Resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** For the log. Must not throw. */
export interface ReleaseObserver {
  /** Receipts of a channel were released, and made new events. */
  released(info: { source: string; channel: string; receipts: number; events: number }): void;
  /** A receipt could not be processed. It stays in shadow until the next reload or start. */
  unreleased(info: { receipt: string; error: unknown }): void;
  /** The store is away. The rest is processed in `retryIn` milliseconds. */
  releaseDelayed(info: { error: unknown; retryIn: number }): void;
}

interface ReleaseParts extends Omit<ReprocessParts, "newReceiptId"> {
  clock: Clock;
  observe: ReleaseObserver;
}

const PAGE = 100;
const RETRY_MS = 10_000;

export function createRelease({ clock, observe, ...parts }: ReleaseParts): Release {
  const stopping = new AbortController();
  const { signal } = stopping;
  let wanted = false;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (wanted && !signal.aborted) {
      wanted = false;
      const counts = createCounts(observe);
      try {
        await round(counts.add);
      } catch (error) {
        wanted = true;
        observe.releaseDelayed({ error, retryIn: RETRY_MS });
      }
      counts.report();
      if (wanted) await pause(clock, RETRY_MS, signal);
    }
    running = null;
  }

  /** In the order recorded, over all channels. Rejects as the store does when it is away. */
  async function round(add: (channel: Channel, events: number) => void): Promise<void> {
    let cursor: string | null | undefined;
    while (cursor !== null && !signal.aborted) {
      const page = await parts.store.findReceipts({ shadow: true }, { cursor, limit: PAGE });
      for (const { id, source, channel: name } of page.items) {
        const channel = channelAt(parts.channels(), { source, channel: name });
        if (!channel || channel.shadow || signal.aborted) continue;
        const events = await releaseOne(id);
        if (events !== null) add(channel, events);
      }
      cursor = page.next;
    }
  }

  /** Null: it cannot be processed now. */
  async function releaseOne(id: string): Promise<number | null> {
    try {
      return (await reprocessReceipt(id, { dryRun: false }, parts))?.events ?? null;
    } catch (error) {
      if (error instanceof CountersignError && error.code === "store_unavailable") throw error;
      observe.unreleased({ receipt: id, error });
      return null;
    }
  }

  return {
    wake() {
      wanted = true;
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Sums up what a round released, by channel. */
function createCounts(observe: Pick<ReleaseObserver, "released">) {
  const counts = new Map<string, Parameters<ReleaseObserver["released"]>[0]>();
  return {
    add({ source, name: channel }: Channel, events: number): void {
      const key = `${source}/${channel}`;
      const { receipts, events: before } = counts.get(key) ?? { receipts: 0, events: 0 };
      counts.set(key, { source, channel, receipts: receipts + 1, events: before + events });
    },
    report(): void {
      for (const count of counts.values()) observe.released(count);
    },
  };
}
