import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "./pool.ts";
import { createSession, type Session } from "./session.ts";

/** A connection on which a node hears what is called over the channel, and another one whenever it breaks. */
export interface Line {
  /** Does this over the line, in turn, if it holds; otherwise it is left, since `held` begins anew. What fails, or takes too long, breaks it. */
  use(work: (session: Session) => Promise<void>): void;
  end(): Promise<void>;
}

interface LineOptions {
  url: string;
  channel: string;
  /** It holds, and may have been down before. */
  held(session: Session): Promise<void>;
  heard(call: string): void;
  /** Done now and then, also to find out whether it still holds. */
  check(session: Session): Promise<void>;
  /** It is about to be ended. */
  ending(session: Session): Promise<void>;
}

/** How long the line is let lie after it broke, and how often it is tried whether it still holds; milliseconds. */
const PAUSES = [100, 500, 1_000, 2_000, 5_000];
const CHECK_INTERVAL_MS = 30_000;
/** How long what is done over the line may take, and saying good-bye; milliseconds. */
const CHECK_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;

export function createLine(options: LineOptions): Line {
  const over = new AbortController();
  const { signal } = over;
  let use: Line["use"] = () => {};
  const usable = (now: Line["use"]) => {
    use = now;
  };

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const held = await hold(options, signal, usable);
      usable(() => {});
      failures = held ? 0 : failures + 1;
      const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    use: (work) => use(work),
    async end() {
      over.abort();
      await running;
    },
  };
}

/** One connection, until it breaks. False: it was not even made. */
async function hold(
  { url, channel, held, heard, check, ending }: LineOptions,
  signal: AbortSignal,
  usable: (use: Line["use"]) => void,
): Promise<boolean> {
  const client = createClient(url);
  const session = createSession(client);
  const broken = new Promise<void>((resolve) => client.once("end", resolve));
  const end = () => void client.end().catch(() => {});
  let last: Promise<void>;
  const use: Line["use"] = (work) => {
    last = last.then(() => inTime(CHECK_TIMEOUT_MS, work(session))).catch(end);
  };
  const goodBye = () => {
    inTime(
      CLOSE_TIMEOUT_MS,
      last.then(() => ending(session)),
    ).then(end, end);
  };
  client.on("notification", ({ payload = "" }) => heard(payload));
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
    last = inTime(CHECK_TIMEOUT_MS, held(session));
    usable(use);
    await last;
  } catch {
    end();
    return false;
  }
  const checking = setInterval(() => use(check), CHECK_INTERVAL_MS);
  signal.addEventListener("abort", goodBye, { once: true });
  if (signal.aborted) goodBye();
  await broken;
  signal.removeEventListener("abort", goodBye);
  clearInterval(checking);
  return true;
}

/** Rejects when it takes longer. A line that is dead without having been told so would keep silent for ever. */
async function inTime(ms: number, work: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const late = sleep(ms, undefined, { signal: enough.signal, ref: false }).then(() => {
    throw new Error("no answer");
  });
  try {
    await Promise.race([work, late]);
  } finally {
    enough.abort();
  }
}
