import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import type { SecureContext } from "node:tls";
import got, { type Got } from "got";
import { withLocation } from "../domain/redirect.ts";
import { guardedLookup, type Network, refusalOfLiteral } from "./guard.ts";
import { type Agents, tunnelAgents } from "./tunnel.ts";

/** How much of an answer is read: enough for a person to see what went wrong. Bytes. */
const MAX_ANSWER_BYTES = 2_048;

export interface Outgoing {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Ends the request at once, wherever it stands. */
  signal: AbortSignal;
  /** Not over a connection kept from before. */
  fresh: boolean;
}

export interface Answer {
  status: number;
  retryAfter: string | undefined;
  /** The beginning of the body, at most 2 KiB, and of a redirect before that where it points; null when it is empty. */
  text: string | null;
}

/** Posts once: no redirects, no retries, no cookies. Rejects with got's error when no whole answer came. */
export type Post = (outgoing: Outgoing) => Promise<Answer>;

/** Where a post goes, and how. */
export interface Route {
  url: string;
  /** Sent with every post. */
  headers: Readonly<Record<string, string>>;
  /** How many connections are kept, and how many there are at most at a time. */
  connections: number;
  tls: SecureContext | null;
  network: Network;
  lookup: LookupFunction;
  /** The proxy that every connection is made through; null: none. Nothing is taken from the environment. */
  proxy: string | null;
  /** How long the proxy may be silent, in milliseconds. */
  timeout: number;
}

/** Posts to one address over its own kept connections. Every connection is made to an address that the network rule allows. */
export function createPost({ url: text, headers, connections, tls, network, ...route }: Route): Post {
  const url = new URL(text);
  const proxy = route.proxy === null ? null : new URL(route.proxy);
  const refusal = refusalOfLiteral(url, network) ?? (proxy && refusalOfLiteral(proxy, "any"));
  if (refusal) return () => Promise.reject(refusal);

  const { lookup, timeout } = route;
  const agentsWith = (options: https.AgentOptions): Agents =>
    proxy
      ? tunnelAgents({ proxy, network, lookup, timeout }, options)
      : { http: new http.Agent(options), https: new https.Agent(options) };
  const connecting = { lookup: guardedLookup(network, lookup), ...(tls && { secureContext: tls }) };
  const kept = { ...connecting, keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const single = agentsWith(connecting);
  const client = got.extend({
    method: "POST",
    agent: agentsWith(kept),
    headers,
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
  });
  return ({ fresh, ...outgoing }) => send(client, url, { ...outgoing, ...(fresh && { agent: single }) });
}

type Sending = Omit<Outgoing, "fresh"> & { agent?: Agents };

/**
 * By got's stream: cheaper than its promise, and the only way to stop reading an answer that does not end. The body is written
 * here: given as an option, got destroys the connection when the answer is there before it has noticed that all was sent.
 */
function send(client: Got, url: URL, { body, headers, ...options }: Sending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(body.length) };
    const request = client.stream(url, { ...options, headers: { ...headers, ...length } });
    request.end(body);
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => resolve(answerOf(request.response, Buffer.concat(chunks), url));
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < MAX_ANSWER_BYTES) return;
      finish();
      request.destroy();
    });
    request.once("end", finish);
    request.on("error", reject);
    // Nobody asked for another protocol: left alone, such a connection would be nobody's and never end.
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      request.destroy(new Error("the server switched to another protocol"));
    });
  });
}

function answerOf(response: http.IncomingMessage | undefined, body: Buffer, url: URL): Answer {
  const { statusCode: status = 0, headers } = response ?? {};
  const text = textOf(body.subarray(0, MAX_ANSWER_BYTES));
  return {
    status,
    retryAfter: headers?.["retry-after"],
    text: withLocation({ status, text }, headers?.location, url),
  };
}

/** Bytes for people: what is not UTF-8 is replaced, a character cut by the limit is left out, and so is NUL, which no text column keeps. */
function textOf(bytes: Buffer): string | null {
  const text = new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "\uFFFD");
  return text === "" ? null : text;
}
