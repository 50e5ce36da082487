import http from "node:http";
import https from "node:https";
import { urlToHttpOptions } from "node:url";
import { withLocation } from "../domain/redirect.ts";
import { createConnector, type Route } from "./connect.ts";
import { PostError } from "./failure.ts";

/** An answer is read up to this size: enough for a person to see the error. */
const MAX_ANSWER_BYTES = 2_048;

export interface Outgoing {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Aborted: the request ends at once, in any phase. */
  signal: AbortSignal;
  /** Over a new connection instead of a keep-alive one. */
  fresh: boolean;
  /** Absent: nobody looks. */
  witness?: HeaderWitness | undefined;
}

/** Is told headers as they go out and come in. */
export interface HeaderWitness {
  sent(headers: http.OutgoingHttpHeaders): void;
  /** Also of an answer that does not come to its end. */
  answered(headers: http.IncomingHttpHeaders): void;
}

export interface Answer {
  status: number;
  retryAfter: string | undefined;
  /** The beginning of the body, at most 2 KiB, after the location of a redirect; null when empty. */
  text: string | null;
}

/** Posts once: no redirects, retries or cookies. @throws PostError: there was no whole answer. */
export type Post = (outgoing: Outgoing) => Promise<Answer>;

/** The address of posts, and how to connect to it. */
export interface Endpoint extends Route {
  url: string;
  /** Sent with every post. */
  headers: Readonly<Record<string, string>>;
  /** Keep-alive connections, at most; also the limit on connections at a time. */
  connections: number;
}

/** Posts to one endpoint over its own keep-alive connections, and only to addresses that `network` allows. */
export function createPost({ url: text, headers, connections, ...route }: Endpoint): Post {
  const url = new URL(text);
  const connector = createConnector(url, route);
  if (connector instanceof Error) return () => Promise.reject(connector);

  const { scheme } = connector;
  const common = {
    ...urlToHttpOptions(url),
    method: "POST",
    agent: connector.agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections }),
  };
  const single = connector.agent();
  const { request } = { http, https }[scheme];
  const always = withLowerCaseNames(headers);
  return async ({ fresh, body, signal, witness, ...outgoing }) => {
    const length = String(body.length);
    const options = {
      ...common,
      ...(fresh && { agent: single }),
      headers: { ...always, ...outgoing.headers, "content-length": length },
    };
    return send(request(options), { body, signal, url, witness });
  };
}

/** So that the headers of a post replace those of every post, however both are spelled. */
function withLowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * Sends the body, and reads the answer to its end or to its limit. An endless answer is cut with its
 * connection.
 */
function send(
  request: http.ClientRequest,
  { body, signal, url, witness }: Pick<Outgoing, "body" | "signal" | "witness"> & { url: URL },
): Promise<Answer> {
  witness?.sent(request.getHeaders());
  return new Promise((resolve, reject) => {
    let response: http.IncomingMessage | null = null;
    const fail = (cause: Error) => {
      signal.removeEventListener("abort", abort);
      const stale = response === null && request.reusedSocket;
      reject(new PostError(cause, { status: response?.statusCode ?? null, stale }));
    };
    const abort = () => {
      const error = new Error("aborted");
      // The request itself reports its end only when it has a connection, and a proxy may never open one.
      fail(error);
      request.destroy(error);
    };
    request.on("error", fail);
    // Without this handler the connection of an unrequested protocol switch would stay open.
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      fail(new Error("the server switched to another protocol"));
    });
    request.once("response", (message) => {
      response = message;
      witness?.answered(message.headers);
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        signal.removeEventListener("abort", abort);
        resolve(answerOf(message, chunks, url));
      };
      message.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < MAX_ANSWER_BYTES) return;
        finish();
        request.destroy();
      });
      message.once("end", finish);
      message.on("error", fail);
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
    request.end(body);
  });
}

function answerOf(
  { statusCode: status = 0, headers }: http.IncomingMessage,
  chunks: Buffer[],
  url: URL,
): Answer {
  const text = chunks.length === 0 ? null : textOf(Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES));
  return {
    status,
    retryAfter: headers["retry-after"],
    text: withLocation({ status, text }, headers.location, url),
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
