import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import type { SecureContext } from "node:tls";
import got, { type Got } from "got";
import { withLocation } from "../domain/redirect.ts";
import { guardedLookup, type Network, refusalOfLiteral } from "./guard.ts";
import { type Agents, tunnelAgents } from "./tunnel.ts";

/** An answer is read up to this size: enough for a person to see the error. */
const MAX_ANSWER_BYTES = 2_048;

export interface Outgoing {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Aborted: the request ends at once, in any phase. */
  signal: AbortSignal;
  /** Over a new connection instead of a keep-alive one. */
  fresh: boolean;
}

export interface Answer {
  status: number;
  retryAfter: string | undefined;
  /** The beginning of the body, at most 2 KiB, after the location of a redirect; null when empty. */
  text: string | null;
}

/** Posts once: no redirects, retries or cookies. Rejects with got's error when there was no whole answer. */
export type Post = (outgoing: Outgoing) => Promise<Answer>;

/** The address of posts, and how to connect to it. */
export interface Endpoint {
  url: string;
  /** Sent with every post. */
  headers: Readonly<Record<string, string>>;
  /** Keep-alive connections, at most; also the limit on connections at a time. */
  connections: number;
  tls: SecureContext | null;
  network: Network;
  lookup: LookupFunction;
  /** URL of the proxy for all connections; null: none. The environment is not consulted. */
  proxy: string | null;
  /** How long the proxy may be silent, in milliseconds. */
  timeout: number;
}

/** Posts to one endpoint over its own keep-alive connections, and only to addresses that `network` allows. */
export function createPost({ url: text, headers, connections, tls, network, ...endpoint }: Endpoint): Post {
  const url = new URL(text);
  const proxy = endpoint.proxy === null ? null : new URL(endpoint.proxy);
  const refusal = refusalOfLiteral(url, network) ?? (proxy && refusalOfLiteral(proxy, "any"));
  if (refusal) return () => Promise.reject(refusal);

  const { lookup, timeout } = endpoint;
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
 * Uses got's stream: it is cheaper than the promise, and the only way to stop reading an endless answer. The
 * body is written here, not given as an option: got would destroy the connection if the answer came before
 * got had noticed that the whole body was sent.
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
    // Without this handler the connection of an unrequested protocol switch would stay open.
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

/**
 * Text for people: invalid UTF-8 is replaced, and so is NUL, which text columns do not store; a character
 * that the limit cut is left out.
 */
function textOf(bytes: Buffer): string | null {
  const text = new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "\uFFFD");
  return text === "" ? null : text;
}
