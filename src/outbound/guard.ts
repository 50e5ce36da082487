import type { LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { embeddedIn } from "./embedded-address.ts";

/** `any`: also private addresses, since internal systems have them; `public`: the open internet only. */
export type Network = "any" | "public";

/** The `code` of the error with which a refused address ends an attempt. */
export const BLOCKED = "ERR_ADDRESS_BLOCKED";

/** No destination has such an address, but a machine's own credentials can be read at some. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  "a cloud metadata address": [
    "169.254.169.254/32",
    "169.254.170.2/32",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
  ],
  "a link-local address": ["169.254.0.0/16", "fe80::/10"],
};

/** Addresses outside of the open internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  "a loopback address": ["127.0.0.0/8", "::1/128"],
  "a private address": [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fec0::/10",
    "64:ff9b:1::/48",
  ],
  "an unspecified address": ["0.0.0.0/8", "::/128"],
  "a multicast address": ["224.0.0.0/4", "ff00::/8"],
  "a broadcast address": ["255.255.255.255/32"],
  "a reserved address": ["192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4"],
};

type Rule = readonly [kind: string, list: BlockList];

const RULES: Readonly<Record<Network, readonly Rule[]>> = {
  any: rulesOf(NEVER),
  public: [...rulesOf(NEVER), ...rulesOf(NOT_PUBLIC)],
};

function rulesOf(table: Readonly<Record<string, readonly string[]>>): Rule[] {
  return Object.entries(table).map(([kind, ranges]) => {
    const list = new BlockList();
    for (const range of ranges) addRange(list, range);
    return [kind, list];
  });
}

function addRange(list: BlockList, range: string): void {
  const [address = "", length] = range.split("/");
  list.addSubnet(address, Number(length), isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * Why an IP address may not be connected to, as words that follow "is"; null: it may. Other text than an IP
 * address may not. An IPv6 address is also judged by the IPv4 addresses embedded in it.
 */
export function whyRefused(address: string, network: Network): string | null {
  const [bare = ""] = address.split("%");
  const version = isIP(bare);
  if (version === 0) return "no IP address";
  const all = version === 6 ? [bare, ...embeddedIn(bare)] : [bare];
  return all.map((one) => kindOf(one, network)).find((kind) => kind !== null) ?? null;
}

function kindOf(address: string, network: Network): string | null {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  return RULES[network].find(([, list]) => list.check(address, family))?.[0] ?? null;
}

/**
 * The error for a URL whose host is a refused IP address in any spelling; null: the host is a name or an
 * allowed address. A connection to a literal address does not call `lookup`, so `guardedLookup` does not see
 * it.
 */
export function refusalOfLiteral(url: URL, network: Network): Error | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? null : refusal(host, host, network);
}

/**
 * For a connection's `lookup`: a name is refused if any of its addresses is, since the connection may choose
 * any of them. The error has the code `BLOCKED`.
 */
export function guardedLookup(network: Network, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, "");
      const addresses = asAddresses(found);
      const blocked = addresses
        .map(({ address }) => refusal(hostname, address, network))
        .find((one) => one !== null);
      if (blocked) return callback(blocked, "");
      const [first] = addresses;
      if (options.all || !first) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** A lookup other than the system's may ignore `all`. */
function asAddresses(found: string | LookupAddress[]): LookupAddress[] {
  return typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
}

function refusal(host: string, address: string, network: Network): Error | null {
  const kind = whyRefused(address, network);
  if (kind === null) return null;
  const what =
    host === address ? `${address} is ${kind}` : `${host} resolves to ${address}, which is ${kind}`;
  const rule =
    whyRefused(address, "any") === null
      ? "this destination says `network: public`"
      : "nothing is ever posted there";
  return Object.assign(new Error(`${what}: ${rule}`), { code: BLOCKED });
}
