import { createSecretKey } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DEFAULT_BREAKER } from "../../src/domain/breaker.ts";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import { deliveryId, eventId } from "../../src/domain/identity.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import { NEW_YEAR } from "../support/builders.ts";

/** An event as the store leases it out. */
export function anEvent(given: Partial<Event> = {}): Event {
  return {
    id: eventId({
      source: "legalesign",
      object: "signer",
      objectId: "sig-1",
      type: "signer.signed",
      distinct: "",
    }),
    source: "legalesign",
    type: "signer.signed",
    time: "2022-07-11T07:29:06.000Z",
    recordedAt: new Date(NEW_YEAR).toISOString(),
    provider: "legalesign",
    channel: "batch",
    sequence: 6,
    late: false,
    document: {
      id: "6619179c-1",
      title: "Überlassungsvertrag ✍",
      status: "in_progress",
      downloadable: false,
      tags: [],
      references: {},
      test: null,
      expiresAt: null,
    },
    signer: { id: "656926a1-2", name: null, email: null, role: null, status: "signed" },
    signers: [{ id: "656926a1-2", name: null, email: null, role: null, status: "signed" }],
    reason: null,
    code: { object: "signer", value: "40", name: "status", meaning: "Completed" },
    provenance: { receipt: "rcp_1", mapping: "legalesign@sha256:000000000000", verified: "token" },
    ...given,
  };
}

/** A lease with this token, of a delivery to `crm`. */
export function aLease(token: string, given: Partial<Delivery> = {}): Lease {
  const event = anEvent();
  const delivery: Delivery = {
    id: deliveryId(`${event.id}${token}`, "crm"),
    event: event.id,
    destination: "crm",
    lane: null,
    status: "pending",
    reason: null,
    attempts: 0,
    dueAt: NEW_YEAR,
    replayedAfter: null,
    ...given,
  };
  return { token, event, delivery };
}

/** 32 bytes, in the form that verifiers take. */
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export function aDestination(given: Partial<Destination> = {}): Destination {
  return {
    name: "crm",
    events: ["*"],
    ordering: "document",
    url: "http://127.0.0.1:9/hooks",
    headers: {},
    tls: null,
    network: "any",
    proxy: null,
    oauth2: null,
    format: "cloudevents",
    contentType: null,
    secrets: [createSecretKey(Buffer.alloc(32, 7))],
    alsoSign: null,
    schedule: [5_000, 300_000],
    parkOn: [],
    timeout: 15_000,
    concurrency: 16,
    rate: null,
    breaker: DEFAULT_BREAKER,
    paused: false,
    typePrefix: "esign.",
    ...given,
  };
}

/** A request as it came, byte for byte. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Receiver {
  url: string;
  received: readonly Received[];
  /** The number of all connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A real server on a free port that stores its requests and answers as the test says; by default 200. */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received, request: IncomingMessage) => void = (response) =>
    response.end("ok"),
): Promise<Receiver> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks) };
      received.push(one);
      answer(response, one, request);
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
