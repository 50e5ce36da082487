import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Whether a request's Host header (RFC 9110, 7.2) names loopback or one of `names`; the port does not matter.
 * Any other name may be one that a web page had resolved to a loopback address (DNS rebinding), and a browser
 * would let that page read.
 */
export function isOurHost(header: string, names: readonly string[]): boolean {
  // Not from a browser: only HTTP/1.0 has no such header, and Node refuses HTTP/1.1 without it.
  if (header === "") return true;
  const name = nameIn(header);
  if (name === null) return false;
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    isLoopback(name) ||
    names.some((one) => nameIn(one) === name)
  );
}

/** A host as the URL standard writes it; null: not a host. */
function nameIn(header: string): string | null {
  const bare = isIP(header) === 6 ? `[${header}]` : header;
  if (!/^[^/?#@\\]+$/.test(bare) || !URL.canParse(`http://${bare}`)) return null;
  return new URL(`http://${bare}`).hostname.replace(/^\[|\]$|\.$/g, "");
}

function isLoopback(name: string): boolean {
  const version = isIP(name);
  return version !== 0 && LOOPBACK.check(name, version === 6 ? "ipv6" : "ipv4");
}
