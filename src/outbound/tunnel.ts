import http from "node:http";
import https from "node:https";
import { isIP, isIPv6, type LookupFunction, type Socket } from "node:net";
import tls from "node:tls";
import { BLOCKED, guardedLookup, type Network } from "./guard.ts";

/**
 * Connections through an HTTP proxy by CONNECT (RFC 9110, 9.3.6): the proxy sees neither headers nor body of
 * a post over TLS.
 */

export interface Tunnel {
  /** http or https; a user and password in it are sent to the proxy. */
  proxy: URL;
  /** Addresses that the destination's name may resolve to, if it resolves on this machine. */
  network: Network;
  lookup: LookupFunction;
  /** How long the proxy may be silent, in milliseconds. */
  timeout: number;
}

/** The `code` of an error that the proxy caused. */
export const PROXY_FAILED = "ERR_PROXY";

/** After this time without an answer of the local resolver, the proxy alone judges the name. */
const LOOKUP_TIMEOUT_MS = 2_000;

interface Target {
  host?: string | null | undefined;
  port?: string | number | null | undefined;
}

type Opened = (error: Error | null, socket?: Socket) => void;

/** The agent for posts of this scheme that makes every connection through the tunnel. */
export function tunnelAgent(
  tunnel: Tunnel,
  scheme: "http" | "https",
  options: https.AgentOptions,
): http.Agent {
  const agent = new { http, https }[scheme].Agent(options);
  agent.createConnection = opener(tunnel, (socket, target) =>
    scheme === "https" ? tls.connect({ ...target, socket }) : socket,
  );
  return agent;
}

/** An agent's function for new connections; `wrap` makes one of the tunnel's socket. */
function opener(
  tunnel: Tunnel,
  wrap: (socket: Socket, target: object) => Socket,
): http.Agent["createConnection"] {
  return (target, callback) => {
    const opened = callback as Opened;
    open(tunnel, target).then(
      (socket) => opened(null, wrap(socket, target)),
      (error) => opened(error),
    );
    return undefined;
  };
}

async function open(tunnel: Tunnel, { host, port }: Target): Promise<Socket> {
  const name = host ?? "";
  // `refusalOfLiteral` has judged literal addresses before.
  if (isIP(name) === 0) await refuseBlocked(name, tunnel);
  return connect(isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`, tunnel);
}

/**
 * The proxy resolves the name, and its answer is not visible here. So this machine looks the name up as well,
 * and rejects if an address is refused. A name that only the proxy can resolve is left to the proxy's own
 * rules.
 */
function refuseBlocked(name: string, { network, lookup }: Tunnel): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(resolve, LOOKUP_TIMEOUT_MS);
    guardedLookup(network, lookup)(name, { all: true }, (error) => {
      clearTimeout(late);
      if (error?.code === BLOCKED) reject(error);
      else resolve();
    });
  });
}

function connect(authority: string, { proxy, lookup, timeout }: Tunnel): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === "https:" ? https : http).request({
      ...{ host: proxy.hostname.replace(/^\[(.*)\]$/, "$1"), port: proxy.port },
      ...{ method: "CONNECT", path: authority, headers: { host: authority, ...credentialsOf(proxy) } },
      ...{ agent: false, lookup: guardedLookup("any", lookup), timeout },
    });
    const fail = (why: string) => reject(failure(proxy, why));
    request.once("connect", ({ statusCode = 0 }, socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(`answered CONNECT with ${statusCode}`);
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once("timeout", () => request.destroy(new Error("it does not answer")));
    request.once("error", (error) => fail(`cannot be used: ${error.message}`));
    request.end();
  });
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = [username, password].map(decodeURIComponent).join(":");
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** An error that shows neither the proxy's user nor its password. */
function failure({ protocol, host }: URL, why: string): Error {
  return Object.assign(new Error(`the proxy ${protocol}//${host} ${why}`), { code: PROXY_FAILED });
}
