import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt, Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import type { EventHistory, ReceiptSummary, Tallies } from "../../src/store/port/reads.ts";
import type { Stored } from "./oracle.ts";

/** The state of a bridge as its admin API shows it. */

/** All rows that are compared, once no delivery is open. */
export async function listEverything(adminUrl: string): Promise<Stored> {
  const [events, deliveries, receipts, tallies] = await Promise.all([
    listAll<Event>(adminUrl, "events"),
    listAll<Delivery>(adminUrl, "deliveries"),
    listAll<ReceiptSummary>(adminUrl, "receipts"),
    ask<Tallies>(`${adminUrl}/api/v1/tallies?since=30d`),
  ]);
  return { events, deliveries, receipts, tallies };
}

/** The deliveries that are pending, those in flight included. */
export function listPending(adminUrl: string): Promise<Delivery[]> {
  return listAll<Delivery>(adminUrl, "deliveries", "status=pending&");
}

/** The number of receipts in shadow, at most 1,000. */
export async function countInShadow(adminUrl: string): Promise<number> {
  const { items }: { items: readonly unknown[] } = await ask(
    `${adminUrl}/api/v1/receipts?shadow=true&limit=1000`,
  );
  return items.length;
}

/** @throws Error: there was no answer, or the configuration was refused. */
export async function reload(adminUrl: string): Promise<void> {
  const answer = await fetch(`${adminUrl}/api/v1/reload`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "a mark has changed" }),
  });
  if (!answer.ok) throw new Error(`the reload was answered with ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

async function listAll<T>(
  adminUrl: string,
  kind: Exclude<keyof Stored, "tallies">,
  filter = "",
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: { items: T[]; next: string | null } = await ask(
      `${adminUrl}/api/v1/${kind}?${filter}order=oldest&limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

/** The recorded attempts of a delivery, in their order. */
export async function findHistory(adminUrl: string, { id, event }: Delivery): Promise<readonly Attempt[]> {
  const { deliveries }: EventHistory = await ask(`${adminUrl}/api/v1/events/${event}`);
  return deliveries.find((one) => one.id === id)?.history ?? [];
}

/** Waits until no delivery is open, as long as their number falls within `limit` milliseconds. */
export async function untilNoneIsOpen(adminUrl: string, limit: number): Promise<void> {
  let fewest = await countOpen(adminUrl);
  const hasFallen = async () => {
    const before = fewest;
    fewest = Math.min(fewest, await countOpen(adminUrl));
    return fewest < before;
  };
  while (fewest > 0 && (await comesTrue(hasFallen, limit)));
}

/** The number of deliveries that are neither delivered nor parked. */
export async function countOpen(adminUrl: string): Promise<number> {
  const destinations = await listDestinations(adminUrl);
  return destinations.reduce((sum, { open }) => sum + open, 0);
}

export async function listDestinations(adminUrl: string): Promise<(DestinationState & { open: number })[]> {
  const { items }: { items: (DestinationState & { open: number })[] } = await ask(
    `${adminUrl}/api/v1/destinations`,
  );
  return items;
}

/** False also without an answer. */
export async function isReady(adminUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${adminUrl}/readyz`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Asks the condition every `pause` milliseconds. False: it did not hold within `limit` milliseconds. */
export async function comesTrue(
  condition: () => Promise<boolean> | boolean,
  limit: number,
  pause = 50,
): Promise<boolean> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(pause);
  }
  return true;
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
