import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import type { SecureContext } from "node:tls";
import { guardedLookup, type Network, refusalOfLiteral } from "./guard.ts";
import { tunnelAgent } from "./tunnel.ts";

/** How to connect to a URL. */
export interface Route {
  /** Certificate authorities to trust and a client certificate; null: Node's defaults. */
  tls: SecureContext | null;
  /** Which addresses may be connected to. */
  network: Network;
  lookup: LookupFunction;
  /** URL of the proxy for all connections; null: none. The environment is not consulted. */
  proxy: string | null;
  /** How long the proxy may be silent, in milliseconds. */
  timeout: number;
}

/** Makes agents whose connections go to one URL, by one route, and only to addresses that it allows. */
export interface Connector {
  scheme: "http" | "https";
  agent(options?: http.AgentOptions): http.Agent;
}

/** An error instead: the URL or the proxy has a literal address that may not be connected to. */
export function createConnector(
  url: URL,
  { tls, network, lookup, timeout, ...route }: Route,
): Connector | Error {
  const proxy = route.proxy === null ? null : new URL(route.proxy);
  const refusal = refusalOfLiteral(url, network) ?? (proxy && refusalOfLiteral(proxy, "any"));
  if (refusal) return refusal;
  const scheme = url.protocol === "https:" ? "https" : "http";
  const connecting = { lookup: guardedLookup(network, lookup), ...(tls && { secureContext: tls }) };
  return {
    scheme,
    agent(options = {}) {
      const all: https.AgentOptions = { ...connecting, ...options };
      return proxy
        ? tunnelAgent({ proxy, network, lookup, timeout }, scheme, all)
        : new { http, https }[scheme].Agent(all);
    },
  };
}
