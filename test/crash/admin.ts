import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import type { ReceiptSummary } from "../../src/store/port/reads.ts";
import type { Stored } from "./oracle.ts";

/** The state of a bridge as its admin API shows it. */

/** All rows that are compared, once no delivery is open. */
export async function listEverything(adminUrl: string): Promise<Stored> {
  const [events, deliveries, receipts] = await Promise.all([
    listAll<Event>(adminUrl, "events"),
    listAll<Delivery>(adminUrl, "deliveries"),
    listAll<ReceiptSummary>(adminUrl, "receipts"),
  ]);
  return { events, deliveries, receipts };
}

async function listAll<T>(adminUrl: string, kind: keyof Stored): Promise<T[]> {
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
  const { items }: { items: { open: number }[] } = await ask(`${adminUrl}/api/v1/destinations`);
  return items.reduce((sum, { open }) => sum + open, 0);
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

/** Polls the condition. False: it did not hold within `limit` milliseconds. */
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
