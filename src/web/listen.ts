import { createServer, type RequestListener } from "node:http";
import { isIPv6 } from "node:net";
import { CountersignError } from "../domain/errors.ts";

export interface Listener {
  /** Such as `http://127.0.0.1:8080`, with the port it really has. */
  url: string;
  port: number;
  /** Accepts nothing more, lets what is in flight finish for up to `grace` milliseconds, then ends it. */
  close(grace: number): Promise<void>;
}

export interface ListenOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Which key of the configuration says where to listen, for messages: `server` or `admin`. */
  key: string;
}

/** How long a whole request may take to come in, in milliseconds: a body that drips holds nothing for longer. */
const REQUEST_TIMEOUT = 30_000;

/** @throws CountersignError `cannot_start`, in one sentence, when the address cannot be had. */
export async function listen(
  handler: RequestListener,
  { host, port, key }: ListenOptions,
): Promise<Listener> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT }, handler);
  let closing = false;
  server.on("request", (_request, response) => {
    // A connection that was busy when the stop began would be kept for the next request that may not come.
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
    async close(grace) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearTimeout(late);
    },
  };
}

function cannotListen(error: NodeJS.ErrnoException, { host, port, key }: ListenOptions): CountersignError {
  const why: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use by another program: stop it, or change \`${key}.port\``,
    EACCES: `this user may not use port ${port}: choose one above 1023 for \`${key}.port\``,
    EADDRNOTAVAIL: `this machine has no address ${host}: change \`${key}.host\``,
  };
  const message = why[error.code ?? ""] ?? `cannot listen on ${host}:${port}: ${error.message}`;
  return new CountersignError("cannot_start", message, { cause: error });
}
