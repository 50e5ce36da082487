import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "./pool.ts";
import { createSession, type Session } from "./session.ts";

/** A LISTEN connection that reconnects. */
export interface ListenConnection {
  /**
   * Runs work over the connection, one after the other. Dropped while the connection is down: `onConnected`
   * runs again afterwards. Work that fails, or takes too long, closes the connection.
   */
  use(work: (session: Session) => Promise<void>): void;
  end(): Promise<void>;
}

interface ListenConnectionOptions {
  url: string;
  channel: string;
  /** The connection is up, for the first time or again. */
  onConnected(session: Session): Promise<void>;
  /** The connection is down, or could not be made. */
  onClosed(): void;
  onNotification(payload: string): void;
  /** Runs twice a second, which also shows whether the connection is still alive. */
  check(session: Session): Promise<void>;
  /** The connection is about to be closed by `end`. */
  onEnding(session: Session): Promise<void>;
}

/** The pauses before each attempt to connect again; the last one repeats. */
const RECONNECT_PAUSES_MS = [100, 500, 1_000, 2_000, 5_000];
const CHECK_INTERVAL_MS = 500;
/** How long work over the connection may take, and that of `onEnding`. */
const WORK_TIMEOUT_MS = 10_000;
const ENDING_TIMEOUT_MS = 1_000;

export function createListenConnection(options: ListenConnectionOptions): ListenConnection {
  const ended = new AbortController();
  const { signal } = ended;
  let use: ListenConnection["use"] = () => {};
  const setUse = (now: ListenConnection["use"]) => {
    use = now;
  };

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const wasConnected = await connectOnce(options, signal, setUse);
      setUse(() => {});
      options.onClosed();
      failures = wasConnected ? 0 : failures + 1;
      const pause = RECONNECT_PAUSES_MS[Math.min(failures, RECONNECT_PAUSES_MS.length - 1)];
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    use: (work) => use(work),
    async end() {
      ended.abort();
      await running;
    },
  };
}

/** One connection, until it closes. False: it was never up. */
async function connectOnce(
  { url, channel, onConnected, onNotification, check, onEnding }: ListenConnectionOptions,
  signal: AbortSignal,
  setUse: (use: ListenConnection["use"]) => void,
): Promise<boolean> {
  const client = createClient(url);
  const session = createSession(client);
  const closed = new Promise<void>((resolve) => client.once("end", resolve));
  const close = () => void client.end().catch(() => {});
  let last: Promise<void>;
  const use: ListenConnection["use"] = (work) => {
    last = last.then(() => within(WORK_TIMEOUT_MS, work(session))).catch(close);
  };
  const endGracefully = () => {
    within(
      ENDING_TIMEOUT_MS,
      last.then(() => onEnding(session)),
    ).then(close, close);
  };
  client.on("notification", ({ payload = "" }) => onNotification(payload));
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
    last = within(WORK_TIMEOUT_MS, onConnected(session));
    setUse(use);
    await last;
  } catch {
    close();
    return false;
  }
  let isChecking = false;
  const checking = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    use(async () => {
      await check(session);
      isChecking = false;
    });
  }, CHECK_INTERVAL_MS);
  signal.addEventListener("abort", endGracefully, { once: true });
  if (signal.aborted) endGracefully();
  await closed;
  signal.removeEventListener("abort", endGracefully);
  clearInterval(checking);
  return true;
}

/** Rejects when the work takes longer. A connection that died without a word would be silent for ever. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error("no answer");
  });
  try {
    await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
