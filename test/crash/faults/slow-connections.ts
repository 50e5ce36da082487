import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { World } from "../world.ts";
import { ALWAYS, createWitness, type Fault } from "./fault.ts";
import { inWorld, moreTaken } from "./inside.ts";

/** A thousand senders begin a post and never finish it. */

const CONNECTIONS = 1_000;
/** The pause between two bytes of a sender. */
const BYTE_PAUSE_MS = 5_000;
/** More than any of them sends. */
const CONTENT_LENGTH = 1_000_000;
/** Until the last of them is ended: a request may take 30 s, which is checked every 30 s. */
const END_TIMEOUT_MS = 75_000;
const MAX_MEMORY_MIB = 400;
const SOME = 100;

export const SLOW_CONNECTIONS: Fault = {
  name: "1,000 slow connections",
  promise: "takes other posts while a thousand never end, in bounded memory, and ends those with 408",
  impossible: ALWAYS,
  run: (seed, { brief }) =>
    inWorld({ seed: `slow ${seed}`, store: "sqlite:./countersign.db", connections: 8 }, async (world) => {
      const { sees, add } = createWitness();
      const [node] = world.nodes as [World["nodes"][number]];
      const { port } = new URL(node.url);
      world.load.allow(100_000);
      const senders = Array.from({ length: CONNECTIONS }, () => startSlowly(Number(port)));
      try {
        await sees(() => senders.every(({ isOpen }) => isOpen()), "a thousand connections");
        await sees(moreTaken(world, SOME), "other posts taken meanwhile");
        const stop = world.load.stop(new AbortController().signal);
        if (!brief)
          await sees(() => senders.every(({ status }) => status() === "408"), "408 for each", END_TIMEOUT_MS);
        await sees(
          () => memoryOf(node.running?.pid) < MAX_MEMORY_MIB,
          `less than ${MAX_MEMORY_MIB} MiB of memory`,
          0,
        );
        await stop;
      } finally {
        for (const { close } of senders) close();
      }
      return add(await world.finish());
    }),
};

interface Sender {
  isOpen(): boolean;
  /** The status of the answer. Null: none so far. */
  status(): string | null;
  close(): void;
}

function startSlowly(port: number): Sender {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  let status: string | null = null;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    status ??= String(chunk).slice("HTTP/1.1 ".length, "HTTP/1.1 408".length);
  });
  socket.write(
    `POST /in/lumin/account HTTP/1.1\r\nhost: bridge\r\ncontent-length: ${CONTENT_LENGTH}\r\n\r\n{`,
  );
  const drip = setInterval(() => socket.writable && socket.write(" "), BYTE_PAUSE_MS);
  socket.once("close", () => clearInterval(drip));
  return { isOpen: () => socket.readyState === "open", status: () => status, close: () => socket.destroy() };
}

/** In MiB, on Linux; 0 elsewhere. */
function memoryOf(pid: number | undefined): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes) / 1_024;
  } catch {
    return 0;
  }
}
