import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Chance } from "../../src/simulate/chance.ts";

/** An event at a receiver, over all its arrivals. */
export interface Arrival {
  id: string;
  /** Source and id of its document. Null: the event names none. */
  document: string | null;
  sequence: number | null;
  /** Of the body's bytes. */
  digest: string;
  /** When each arrival came, in milliseconds of `performance.now()`. */
  moments: number[];
  /** One of its arrivals was answered with 200. */
  accepted: boolean;
}

/** The answer of a receiver to an arrival. */
export type Treatment = "accept" | "refuse" | "delay" | "ignore" | "reset";

/** An internal system that records all arrivals. */
export interface Receiver {
  name: string;
  url: string;
  /** By event id, in the order of first arrival. */
  arrivals: ReadonlyMap<string, Arrival>;
  /** Faults of arrivals, in a sentence each. */
  complaints: readonly string[];
  /** The number of all arrivals. */
  readonly times: number;
  close(): void;
}

export interface ReceiverOptions {
  name: string;
  secret: string;
  /** The treatment of the nth arrival, from 1. */
  treat(nth: number): Treatment;
  /** Milliseconds of a delayed answer. */
  delay(): number;
  /** Called when an event has arrived, before it is answered. */
  onArrival?(): void;
}

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { name, secret, treat, onArrival = () => {} } = options;
  const arrivals = new Map<string, Arrival>();
  const complaints: string[] = [];
  const webhook = new Webhook(secret);
  let times = 0;

  const server = createServer(async (request, response) => {
    const body = await read(request);
    if (body === null) return;
    times += 1;
    onArrival();
    const arrival = record(arrivals, request, body);
    complaints.push(...complaintsAbout(arrival, request, body, webhook));
    const treatment = treat(times);
    if (treatment === "accept" || treatment === "delay") arrival.accepted = true;
    answer(response, treatment, options.delay);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${port}/hook`,
    arrivals,
    complaints,
    get times() {
      return times;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Accepts most; now and then it refuses, delays, hangs or resets, and at times it refuses several in a row.
 */
export function unreliable(chance: Chance): ReceiverOptions["treat"] {
  return (nth) => {
    if (nth % 400 > 386) return "refuse";
    if (chance.happens(0.94)) return "accept";
    return chance.pick<Treatment>(["refuse", "refuse", "delay", "delay", "delay", "ignore", "reset"]);
  };
}

/** Accepts everything at once while the condition holds. */
export function acceptWhile(
  condition: () => boolean,
  treat: ReceiverOptions["treat"],
): ReceiverOptions["treat"] {
  return (nth) => (condition() ? "accept" : treat(nth));
}

/** Null: its sender was killed before its end. */
export async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}

function record(arrivals: Map<string, Arrival>, request: IncomingMessage, body: Buffer): Arrival {
  const id = String(request.headers["webhook-id"]);
  const { source, data } = JSON.parse(body.toString());
  const arrival: Arrival = arrivals.get(id) ?? {
    id,
    document: data.document && `${source} ${data.document.id}`,
    sequence: data.sequence,
    digest: hash("sha256", body),
    moments: [],
    accepted: false,
  };
  arrival.moments.push(performance.now());
  arrivals.set(id, arrival);
  return arrival;
}

/** Compares the signature without the clock: that of the bridge may be set. */
function complaintsAbout(
  { id, digest }: Arrival,
  { headers }: IncomingMessage,
  body: Buffer,
  webhook: Webhook,
): string[] {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
  const isOurs = webhook.sign(id, at, body) === headers["webhook-signature"];
  return [
    ...(isOurs ? [] : [`${id} came with a signature that does not fit`]),
    ...(hash("sha256", body) === digest ? [] : [`${id} came again with another body`]),
  ];
}

export function answer(response: ServerResponse, treatment: Treatment, delay: () => number): void {
  switch (treatment) {
    case "accept":
      response.end();
      break;
    case "refuse":
      response.writeHead(503).end();
      break;
    case "delay":
      setTimeout(() => response.end(), delay());
      break;
    case "reset":
      response.socket?.resetAndDestroy();
      break;
    case "ignore":
      break;
  }
}
