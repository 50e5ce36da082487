import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Chance } from "../../src/simulate/chance.ts";

/** An event as it came to a receiver, over all the times that it came. */
export interface Arrival {
  id: string;
  /** Source and id of its document; null where the event names none. */
  document: string | null;
  sequence: number | null;
  /** Of the body's bytes. */
  digest: string;
  times: number;
  /** One of the times it was answered with 200. */
  accepted: boolean;
}

/** What a receiver does with what comes. */
export type Treatment = "accept" | "refuse" | "dawdle" | "ignore" | "reset";

/** An internal system, with an account of everything that came to it. */
export interface Receiver {
  name: string;
  url: string;
  /** In the order in which they came first. */
  arrivals: ReadonlyMap<string, Arrival>;
  /** What no event should be like, in a sentence each. */
  complaints: readonly string[];
  /** How often anything came. */
  readonly times: number;
  close(): void;
}

export interface ReceiverOptions {
  name: string;
  secret: string;
  /** How the nth to come is treated, from 1. */
  treat(nth: number): Treatment;
  /** Milliseconds that `dawdle` takes. */
  dawdle(): number;
  /** Called when an event is there, before it is answered. */
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
    const arrival = note(arrivals, request, body);
    complaints.push(...complaintsAbout(arrival, request, body, webhook));
    const treatment = treat(times);
    if (treatment === "accept" || treatment === "dawdle") arrival.accepted = true;
    answer(response, treatment, options.dawdle);
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
 * Mostly well; now and then it refuses, dawdles, hangs or breaks off, and once in a while it is out of order
 * for a moment.
 */
export function moody(chance: Chance): ReceiverOptions["treat"] {
  return (nth) => {
    if (nth % 400 > 386) return "refuse";
    if (chance.happens(0.94)) return "accept";
    return chance.pick<Treatment>(["refuse", "refuse", "dawdle", "dawdle", "dawdle", "ignore", "reset"]);
  };
}

/** Null: its sender was killed before it was all there. */
async function read(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}

function note(arrivals: Map<string, Arrival>, request: IncomingMessage, body: Buffer): Arrival {
  const id = String(request.headers["webhook-id"]);
  const { source, data } = JSON.parse(body.toString());
  const arrival = arrivals.get(id) ?? {
    id,
    document: data.document && `${source} ${data.document.id}`,
    sequence: data.sequence,
    digest: hash("sha256", body),
    times: 0,
    accepted: false,
  };
  arrival.times += 1;
  arrivals.set(id, arrival);
  return arrival;
}

/** The signature is compared and the clock is not: that of the bridge may be another. */
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

function answer(response: ServerResponse, treatment: Treatment, dawdle: () => number): void {
  switch (treatment) {
    case "accept":
      response.end();
      break;
    case "refuse":
      response.writeHead(503).end();
      break;
    case "dawdle":
      setTimeout(() => response.end(), dawdle());
      break;
    case "reset":
      response.socket?.resetAndDestroy();
      break;
    case "ignore":
      break;
  }
}
