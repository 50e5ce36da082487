/**
 * IPv4 addresses that are embedded in an IPv6 address: through a translator or tunnel, a connection ends
 * there. Other prefixes of a network's translator (RFC 6052) cannot be told from ordinary addresses.
 */

/** Where an IPv4 address is within the 128 bits, by their prefix. Each place is four octets. */
interface Form {
  prefix: readonly number[];
  places: readonly (readonly [number, number, number, number])[];
  /** The place of an address whose octets are inverted. */
  inverted?: readonly [number, number, number, number];
}

const LAST = [12, 13, 14, 15] as const;

const FORMS: readonly Form[] = [
  // IPv4-compatible, RFC 4291 2.5.5.1.
  { prefix: octets("0 0 0 0 0 0"), places: [LAST] },
  // IPv4-mapped, RFC 4291 2.5.5.2.
  { prefix: octets("0 0 0 0 0 ffff"), places: [LAST] },
  // IPv4-translated, RFC 2765 2.1.
  { prefix: octets("0 0 0 0 ffff 0"), places: [LAST] },
  // The well-known prefix of NAT64, RFC 6052 2.1.
  { prefix: octets("64 ff9b 0 0 0 0"), places: [LAST] },
  // Local-use NAT64, RFC 8215: prefixes of any length that fits, RFC 6052 2.2; octet 8 is left out.
  {
    prefix: octets("64 ff9b 1"),
    places: [LAST, [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]],
  },
  // 6to4, RFC 3056.
  { prefix: octets("2002"), places: [[2, 3, 4, 5]] },
  // Teredo, RFC 4380 4: its server, and its client inverted.
  { prefix: octets("2001 0"), places: [[4, 5, 6, 7]], inverted: LAST },
];

/** ISATAP, RFC 5214 6.1: below any prefix. */
const ISATAP = ["0000:5efe", "0200:5efe"].map((text) => Buffer.from(text.replace(":", ""), "hex"));

/** The embedded IPv4 addresses in dotted form. `address` is an IPv6 address without a zone. */
export function embeddedIn(address: string): readonly string[] {
  const bytes = bytesOf(address);
  const found = FORMS.flatMap(({ prefix, places, inverted }) => {
    if (!prefix.every((octet, i) => bytes[i] === octet)) return [];
    const plain = places.map((place) => dotted(bytes, place));
    return inverted ? [...plain, dotted(bytes, inverted, 0xff)] : plain;
  });
  return ISATAP.some((mark) => bytes.subarray(8, 12).equals(mark)) ? [...found, dotted(bytes, LAST)] : found;
}

function dotted(bytes: Buffer, place: readonly number[], mask = 0): string {
  return place.map((i) => (bytes[i] ?? 0) ^ mask).join(".");
}

/** The octets of groups in hexadecimal. */
function octets(groups: string): number[] {
  return groups.split(" ").flatMap((group) => {
    const number = Number.parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
}

/** The 16 octets of an address. A URL normalizes every spelling, without dotted parts. */
function bytesOf(address: string): Buffer {
  const [before = "", after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [head, tail] = [before, after ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const filled = [
    ...(head ?? []),
    ...Array(8 - (head?.length ?? 0) - (tail?.length ?? 0)).fill("0"),
    ...(tail ?? []),
  ];
  return Buffer.from(octets(filled.join(" ")));
}
