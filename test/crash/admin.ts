import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import type { ReceiptSummary } from "../../src/store/port/reads.ts";
import type { Kept } from "./oracle.ts";

/** What a bridge says of itself through its admin API, as an operator sees it. */

/** All that is compared, once nothing moves any more. */
export async function listEverything(adminUrl: string): Promise<Kept> {
  const [events, deliveries, receipts] = await Promise.all([
    listAll<Event>(adminUrl, "events"),
    listAll<Delivery>(adminUrl, "deliveries"),
    listAll<ReceiptSummary>(adminUrl, "receipts"),
  ]);
  return { events, deliveries, receipts };
}

async function listAll<T>(adminUrl: string, kind: keyof Kept): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: { items: T[]; next: string | null } = await ask(
      `${adminUrl}/api/v1/${kind}?limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

/**
 * Waits until every delivery is delivered or parked, as long as there are fewer within `limit` milliseconds.
 */
export async function settlesDown(adminUrl: string, limit: number): Promise<void> {
  let fewest = await countOpen(adminUrl);
  const falls = async () => {
    const before = fewest;
    fewest = Math.min(fewest, await countOpen(adminUrl));
    return fewest < before;
  };
  while (fewest > 0 && (await comesTrue(falls, limit)));
}

/** How many deliveries are neither delivered nor parked. */
export async function countOpen(adminUrl: string): Promise<number> {
  const { items }: { items: { open: number }[] } = await ask(`${adminUrl}/api/v1/destinations`);
  return items.reduce((sum, { open }) => sum + open, 0);
}

/** False also where nobody answers. */
export async function isReady(adminUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${adminUrl}/readyz`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Asks again and again, until it holds. False: it does not hold after `limit` milliseconds. */
export async function comesTrue(
  condition: () => Promise<boolean> | boolean,
  limit: number,
): Promise<boolean> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
