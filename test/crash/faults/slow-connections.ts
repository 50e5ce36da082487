import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { ALWAYS, createWitness, type Fault } from "./fault.ts";
import { inWorld, moreTaken } from "./inside.ts";

/** A thousand senders begin a post and never finish it. */

const CONNECTIONS = 1_000;
/** Each sends a byte so often, as long as it is let, milliseconds. */
const DRIP = 5_000;
/** More than any of them will ever have sent. */
const PROMISED = 1_000_000;
/**
 * Until the last of them is ended, milliseconds: a request may take 30 s, and that is looked at every 30 s.
 */
const PATIENCE = 75_000;
/** The bridge's memory at most, in MiB. */
const MEMORY = 400;
const SOME = 100;

export const SLOW_CONNECTIONS: Fault = {
  name: "1,000 slow connections",
  promise:
    "takes other posts as before while a thousand never end, within bounds of memory, and ends those with 408",
  impossible: ALWAYS,
  run: (seed, { brief }) =>
    inWorld({ seed: `slow ${seed}`, store: "sqlite:./countersign.db", connections: 8 }, async (world) => {
      const { sees, add } = createWitness();
      const [node] = world.nodes;
      const { port } = new URL(node?.url ?? "");
      world.load.allow(100_000);
      const senders = Array.from({ length: CONNECTIONS }, () => startSlowly(Number(port)));
      try {
        await sees(() => senders.every(({ isOpen }) => isOpen()), "a thousand connections");
        await sees(moreTaken(world, SOME), "other posts taken meanwhile");
        const stop = world.load.stop(new AbortController().signal);
        if (!brief) await sees(() => senders.every(({ told }) => told() === "408"), "408 for each", PATIENCE);
        await sees(() => memoryOf(node?.running?.pid) < MEMORY, `less than ${MEMORY} MiB of memory`, 0);
        await stop;
      } finally {
        for (const { close } of senders) close();
      }
      return add(await world.finish());
    }),
};

interface Sender {
  isOpen(): boolean;
  /** The status it was answered with; null: none so far. */
  told(): string | null;
  close(): void;
}

function startSlowly(port: number): Sender {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  let status: string | null = null;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    status ??= String(chunk).slice("HTTP/1.1 ".length, "HTTP/1.1 408".length);
  });
  socket.write(`POST /in/lumin/account HTTP/1.1\r\nhost: bridge\r\ncontent-length: ${PROMISED}\r\n\r\n{`);
  const drip = setInterval(() => socket.writable && socket.write(" "), DRIP);
  socket.once("close", () => clearInterval(drip));
  return { isOpen: () => socket.readyState === "open", told: () => status, close: () => socket.destroy() };
}

/** In MiB, as Linux tells it; 0 where it does not. */
function memoryOf(pid: number | undefined): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes) / 1_024;
  } catch {
    return 0;
  }
}
