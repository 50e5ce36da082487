import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { isIPv6, type Socket } from "node:net";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import { answerEarly } from "../inbound/early-answer.ts";

export interface Listener {
  /** Such as `http://127.0.0.1:8080`, with the actual port. */
  url: string;
  port: number;
  /** From now on each answer ends its connection, so that the next request may go to another bridge. */
  endConnections(): void;
  /** Stops accepting, lets requests in flight finish for up to `grace` milliseconds, then ends them. */
  close(grace: number): Promise<void>;
}

export interface ListenOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** The configuration's key of the address, for messages: `server` or `admin`. */
  key: string;
  /** How long an idle connection is kept, in milliseconds. */
  idleTimeout: number;
  /** How long a whole request may take to arrive, in milliseconds: the limit of a dripping body. */
  requestTimeout?: number;
  /** For a public listener. Applied before the body is sent, where the sender waits for `100 Continue`. */
  door?: Door;
}

export interface Door {
  /** Requests over more connections than this are answered with 503. */
  maxConnections: number;
  /** Called for each of these requests. */
  crowded(): void;
}

/** How long headers may take to arrive. */
const HEADERS_TIMEOUT_MS = 30_000;

/** @throws CountersignError `cannot_start`, in one sentence, when the address cannot be had. */
export async function listen(
  handler: RequestListener,
  { host, port, key, idleTimeout, requestTimeout = HEADERS_TIMEOUT_MS, door }: ListenOptions,
): Promise<Listener> {
  const timeouts = { requestTimeout, headersTimeout: HEADERS_TIMEOUT_MS, keepAliveTimeout: idleTimeout };
  const server = createServer(timeouts);
  const answer = door ? guard(server, handler, door) : handler;
  server.on("request", answer);
  // The handler tells the sender to continue, or answers at once.
  if (door) server.on("checkContinue", answer);
  let [closing, ending] = [false, false];
  for (const event of ["request", "checkContinue"] as const)
    server.prependListener(event, (_request, response) => {
      if (ending) response.setHeader("connection", "close");
    });
  server.on("request", (_request, response) => {
    // A connection that was busy when the stop began would stay open for a next request.
    response.once("finish", () => closing && setImmediate(() => server.closeIdleConnections()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(error, { host, port, key })));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const shown = isIPv6(host) ? `[${host}]` : host;
  return {
    url: `http://${shown}:${bound}`,
    port: bound,
    endConnections() {
      ending = true;
    },
    async close(grace) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearTimeout(late);
    },
  };
}

/** This many connections more are accepted, to be answered with 503. */
const MAX_CROWD = 200;
/** How long such a connection is kept. */
const CROWD_TIMEOUT_MS = 5_000;

/** Answers requests over connections beyond the limit; the handler gets the others. */
function guard(server: Server, handler: RequestListener, { maxConnections, crowded }: Door): RequestListener {
  const crowd = new WeakSet<Socket>();
  let open = 0;
  server.maxConnections = maxConnections + MAX_CROWD;
  server.on("connection", (socket) => {
    open += 1;
    socket.once("close", () => {
      open -= 1;
    });
    if (open <= maxConnections) return;
    crowd.add(socket);
    socket.setTimeout(CROWD_TIMEOUT_MS, () => socket.destroy());
  });
  return (request: IncomingMessage, response) => {
    if (!crowd.has(request.socket)) return handler(request, response);
    crowded();
    const message = "there are too many connections at this moment; please send it again";
    answerEarly(request, response, {
      status: HTTP_STATUS.overloaded,
      headers: { "content-type": "application/json; charset=utf-8", "retry-after": "10" },
      text: JSON.stringify({ error: "overloaded", message }),
    });
  };
}

function cannotListen(
  error: NodeJS.ErrnoException,
  { host, port, key }: Pick<ListenOptions, "host" | "port" | "key">,
): CountersignError {
  const why: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use by another program: stop it, or change \`${key}.port\``,
    EACCES: `this user may not use port ${port}: choose one above 1023 for \`${key}.port\``,
    EADDRNOTAVAIL: `this machine has no address ${host}: change \`${key}.host\``,
  };
  const message = why[error.code ?? ""] ?? `cannot listen on ${host}:${port}: ${error.message}`;
  return new CountersignError("cannot_start", message, { cause: error });
}
