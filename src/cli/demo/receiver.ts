import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { messageOf } from "../../domain/errors.ts";
import { ForwardedEvent } from "../../outbound/encode.ts";

/** A request that the bridge made. */
export interface Forwarded {
  /** The `webhook-id`: the same on every attempt. */
  id: string;
  /** Null when it was not verified. */
  event: ForwardedEvent | null;
  /** Why the official library or the schema of events refused it; null when it was verified. */
  verificationError: string | null;
  /** The status of the receiver's response. */
  status: number;
}

/** An internal system as its owner would write it: it trusts only what the official library has verified. */
export interface Receiver {
  url: string;
  /** All requests so far, oldest first. */
  requests: readonly Forwarded[];
  /** Answers 503 to the next `count` requests. */
  fail(count: number): void;
  /**
   * Resolves once `holds` is true, which it checks after each request. Rejects when `signal` is aborted
   * before.
   */
  until(holds: () => boolean, signal: AbortSignal): Promise<void>;
  /** Calls the listener with each request from now on. */
  watch(listener: (request: Forwarded) => void): void;
  close(): Promise<void>;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const webhook = new Webhook(secret);
  const arrivals = new EventEmitter();
  const requests: Forwarded[] = [];
  let outages = 0;

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verified = verifyRequest(webhook, request, await text(request));
    const down = outages > 0;
    if (down) outages -= 1;
    const status = down ? 503 : verified.verificationError === null ? 200 : 401;
    response.writeHead(status).end();
    const forwarded = { ...verified, status };
    requests.push(forwarded);
    arrivals.emit("request", forwarded);
  }

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => response.destroy(new Error(messageOf(error))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `${urlOf(server.address())}/hooks`,
    requests,
    fail(count) {
      outages = count;
    },
    async until(holds, signal) {
      while (!holds()) await once(arrivals, "request", { signal });
    },
    watch(listener) {
      arrivals.on("request", listener);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All that a receiver has to do: pass the untouched body and the headers to the library. */
function verifyRequest(
  webhook: Webhook,
  { headers }: IncomingMessage,
  body: string,
): Omit<Forwarded, "status"> {
  const id = String(headers["webhook-id"] ?? "");
  try {
    const event = ForwardedEvent.parse(webhook.verify(body, plain(headers)));
    return { id, event, verificationError: event.id === id ? null : `the body is about ${event.id}` };
  } catch (error) {
    return { id, event: null, verificationError: messageOf(error) };
  }
}

function plain(headers: IncomingMessage["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function urlOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): string {
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return `http://${address.address}:${address.port}`;
}
