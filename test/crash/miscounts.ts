import type { Stored } from "./oracle.ts";

/**
 * Tallies that differ from the rows of a bridge of which nothing was pruned or replayed, in a sentence each.
 */
export function miscounts({ receipts, deliveries, tallies }: Stored): string[] {
  const genuine = tallies.requests.filter(({ outcome }) => outcome !== "refused");
  const isDelivered = ({ status }: { status: string }) => status === "delivered";
  const delivered = tallies.deliveries.filter(({ outcome }) => outcome === "delivered");
  return [
    ...differences(
      "receipts of",
      sums(receipts, channelOf, () => 1),
      sums(genuine, channelOf, ({ count }) => count),
    ),
    ...differences(
      "attempts at",
      sums(deliveries, destinationOf, ({ attempts }) => attempts),
      sums(tallies.deliveries, destinationOf, ({ latency }) => latency.reduce((a, b) => a + b, 0)),
    ),
    ...differences(
      "deliveries to",
      sums(deliveries.filter(isDelivered), destinationOf, () => 1),
      sums(delivered, destinationOf, ({ count }) => count),
    ),
  ];
}

const channelOf = ({ source, channel }: { source: string; channel: string }) => `${source}/${channel}`;
const destinationOf = ({ destination }: { destination: string }) => destination;

function sums<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  countOf: (one: T) => number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + countOf(one));
  return counts;
}

function differences(
  what: string,
  listed: ReadonlyMap<string, number>,
  tallied: ReadonlyMap<string, number>,
): string[] {
  return [...new Set([...listed.keys(), ...tallied.keys()])].flatMap((name) => {
    const [rows, counted] = [listed.get(name) ?? 0, tallied.get(name) ?? 0];
    return rows === counted ? [] : [`${counted} ${what} ${name} are tallied, and ${rows} are listed`];
  });
}
