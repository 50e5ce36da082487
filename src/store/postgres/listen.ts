import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { createClient } from "./pool.ts";
import type { Session } from "./session.ts";

/** Tells the other nodes, once the transaction is committed, that these destinations have got something. */
export type Announce = (session: Session, destinations: ReadonlySet<string>) => Promise<void>;

export interface ListenOptions {
  url: string;
  channel: string;
  /** This node's name: it does not listen to itself. */
  self: string;
  /** Without names: the line was down, so anything may have come. */
  heard(destinations?: readonly string[]): void;
}

/** How long the line is let lie after it broke, and how often it is tried whether it still holds; milliseconds. */
const PAUSES = [100, 500, 1_000, 2_000, 5_000];
const CHECK_EVERY = 30_000;

export function createAnnounce(channel: string, self: string): Announce {
  return async (session, destinations) => {
    if (destinations.size === 0) return;
    await session.run("select pg_notify($1, $2 || ':' || name) from unnest($3::text[]) name", [
      channel,
      self,
      [...destinations],
    ]);
  };
}

/** Listens until it is ended, over as many connections as it takes. */
export function listen(options: ListenOptions): { end(): Promise<void> } {
  const over = new AbortController();
  const { signal } = over;

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const held = await hold(options, signal);
      failures = held ? 0 : failures + 1;
      const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    async end() {
      over.abort();
      await running;
    },
  };
}

/** One connection, until it breaks. False: it was not even made. */
async function hold({ url, channel, self, heard }: ListenOptions, signal: AbortSignal): Promise<boolean> {
  const client = createClient(url);
  const broken = new Promise<void>((resolve) => client.once("end", resolve));
  const end = () => void client.end().catch(() => {});
  client.on("notification", ({ payload = "" }) => {
    const [sender, ...name] = payload.split(":");
    if (sender !== self) heard([name.join(":")]);
  });
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
  } catch {
    end();
    return false;
  }
  heard();
  const check = setInterval(() => void stillThere(client), CHECK_EVERY);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  await broken;
  signal.removeEventListener("abort", end);
  clearInterval(check);
  return true;
}

/** A line that is dead without having been told so would keep silent for ever. */
async function stillThere(client: Client): Promise<void> {
  const tooLong = setTimeout(() => client.end().catch(() => {}), CHECK_EVERY / 3);
  await client.query("select 1").catch(() => {});
  clearTimeout(tooLong);
}
