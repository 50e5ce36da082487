import http from "node:http";
import https from "node:https";
import got, { type Got } from "got";

/** How much of an answer is read: enough for a person to see what went wrong. Bytes. */
const ANSWER_LIMIT = 2_048;

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
  /** The beginning of the body, at most 2 KiB; null when it is empty. */
  text: string | null;
}

/** Posts once: no redirects, no retries, no cookies. Rejects with got's error when no whole answer came. */
export type Post = (outgoing: Outgoing) => Promise<Answer>;

/** Posts to one address over its own kept connections, at most `connections` of them. */
export function createPost(to: { url: string; connections: number; userAgent: string }): Post {
  const url = new URL(to.url);
  const kept = { keepAlive: true, maxSockets: to.connections, maxFreeSockets: to.connections };
  const client = got.extend({
    method: "POST",
    agent: { http: new http.Agent(kept), https: new https.Agent(kept) },
    headers: { "user-agent": to.userAgent },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    retry: { limit: 0 },
  });
  return (outgoing) => send(client, url, outgoing);
}

/** By got's stream: cheaper than its promise, and the only way to stop reading an answer that does not end. */
function send(client: Got, url: URL, { headers, body, signal, fresh }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = client.stream(url, { headers, body, signal, ...(fresh && ONE_CONNECTION) });
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => resolve(answerOf(request.response, Buffer.concat(chunks)));
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < ANSWER_LIMIT) return;
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

const ONE_CONNECTION = { agent: { http: false, https: false } } as const;

function answerOf(response: http.IncomingMessage | undefined, body: Buffer): Answer {
  return {
    status: response?.statusCode ?? 0,
    retryAfter: response?.headers["retry-after"],
    text: textOf(body.subarray(0, ANSWER_LIMIT)),
  };
}

/** Bytes for people: what is not UTF-8 is replaced, a character cut by the limit is left out, and so is NUL, which no text column keeps. */
function textOf(bytes: Buffer): string | null {
  const text = new TextDecoder().decode(bytes, { stream: true }).replaceAll("\0", "\uFFFD");
  return text === "" ? null : text;
}
