import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "./monotonic.ts";

/**
 * A client too cheap to limit what is measured: requests are bytes made beforehand, and of an answer only
 * status and length are read.
 */

export interface Connection {
  /** Sends the bytes of a request and resolves with the status of the answer. One at a time. */
  post(request: Buffer): Promise<number>;
  close(): void;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: (\d+)/i;

export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = await dial(hostname, Number(port));
  let received = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<number> | null = null;

  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const status = statusOfWhole(received);
    if (status === null) return;
    received = received.subarray(received.length);
    waiting?.resolve(status);
  });
  const fail = (error?: Error) => waiting?.reject(error ?? new Error("the server closed a connection"));
  socket.on("error", fail);
  socket.on("close", () => fail());

  return {
    post(request) {
      waiting = Promise.withResolvers<number>();
      socket.write(request);
      return waiting.promise;
    },
    close() {
      waiting = null;
      socket.destroy();
    },
  };
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** The status of an answer that has arrived completely. Null: it has not. */
function statusOfWhole(bytes: Buffer): number | null {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return null;
  const head = bytes.toString("latin1", 0, end);
  const length = Number(LENGTH.exec(head)?.[1] ?? 0);
  return bytes.length < end + END_OF_HEAD.length + length ? null : Number(head.slice(9, 12));
}

export interface Flood {
  /** The number of answers, all of them 200. */
  answered: number;
  seconds: number;
  /** Milliseconds from the request to its answer. */
  latencies: number[];
}

/**
 * Sends every request; each connection sends its next one as soon as it has an answer. Several servers share
 * the connections. Rejects at the first answer that is not 200.
 */
export async function flood(
  url: string | readonly string[],
  connections: number,
  requests: readonly Buffer[],
): Promise<Flood> {
  const urls = [url].flat();
  const opened = await Promise.all(
    Array.from({ length: connections }, (_, index) => openConnection(urls[index % urls.length] as string)),
  );
  const latencies: number[] = [];
  let next = 0;
  const work = async ({ post }: Connection) => {
    for (let request = requests[next++]; request; request = requests[next++]) {
      const sentAt = monotonic();
      expect200(await post(request));
      latencies.push(monotonic() - sentAt);
    }
  };
  const startedAt = monotonic();
  await Promise.all(opened.map(work));
  const seconds = (monotonic() - startedAt) / 1_000;
  for (const { close } of opened) close();
  return { answered: latencies.length, seconds, latencies };
}

export interface Drip {
  /** The time of each 200, as `monotonic`. */
  answeredAt: readonly number[];
  /** Milliseconds from each request to its 200. */
  latencies: readonly number[];
}

/** Sends `perSecond` requests a second, however slow the server is. */
export async function drip(url: string, perSecond: number, requests: readonly Buffer[]): Promise<Drip> {
  const idle: Connection[] = [];
  const opened: Connection[] = [];
  const send = async (request: Buffer) => {
    const connection = idle.shift() ?? (await openConnection(url));
    if (!opened.includes(connection)) opened.push(connection);
    const sentAt = monotonic();
    expect200(await connection.post(request));
    const answeredAt = monotonic();
    idle.push(connection);
    return { answeredAt, latency: answeredAt - sentAt };
  };
  const startedAt = monotonic();
  const answers: ReturnType<typeof send>[] = [];
  for (const [index, request] of requests.entries()) {
    const early = startedAt + (index * 1_000) / perSecond - monotonic();
    if (early > 0) await sleep(early);
    answers.push(send(request));
  }
  const all = await Promise.all(answers);
  for (const { close } of opened) close();
  return {
    answeredAt: all.map(({ answeredAt }) => answeredAt),
    latencies: all.map(({ latency }) => latency),
  };
}

function expect200(status: number): void {
  if (status !== 200) throw new Error(`answered ${status} instead of 200`);
}
