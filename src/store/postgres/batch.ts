import { isRefusal } from "./errors.ts";

export type Answer<T> = PromiseSettledResult<T>;

export interface BatchOptions<Item, T> {
  /**
   * Carries out the items in one transaction: an answer for each, in order. When it rejects, all items do.
   */
  execute(items: readonly Item[]): Promise<readonly Answer<T>[]>;
  /** The most transactions under way at a time. */
  concurrency: number;
  /** The most items in one transaction. */
  maxItems: number;
  /** The weight of an item; a transaction takes at most `maxWeight`, but at least one item. */
  weigh(item: Item): number;
  maxWeight: number;
}

export interface Batch<Item, T> {
  add(item: Item): Promise<T>;
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>;
}

interface Job<Item, T> {
  item: Item;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * Items that are added in one turn of the event loop share a transaction, and so one flush to disk and a
 * handful of round trips. While `concurrency` transactions are under way, items gather for the next one.
 */
export function createBatch<Item, T>(options: BatchOptions<Item, T>): Batch<Item, T> {
  const waiting: Job<Item, T>[] = [];
  const underWay = new Set<Promise<void>>();
  let called = false;

  function call(): void {
    if (called || waiting.length === 0) return;
    called = true;
    setImmediate(() => {
      called = false;
      while (waiting.length > 0 && underWay.size < options.concurrency) start(take(waiting, options));
    });
  }

  function start(jobs: readonly Job<Item, T>[]): void {
    const work = carryOut(jobs, options).finally(() => {
      underWay.delete(work);
      call();
    });
    underWay.add(work);
  }

  return {
    add: (item) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        call();
      }),
    async idle() {
      while (waiting.length + underWay.size > 0) {
        await Promise.all(underWay);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

function take<Item, T>(waiting: Job<Item, T>[], options: BatchOptions<Item, T>): Job<Item, T>[] {
  let weight = 0;
  const fits = waiting.slice(0, options.maxItems).findIndex(({ item }, i) => {
    weight += options.weigh(item);
    return i > 0 && weight > options.maxWeight;
  });
  return waiting.splice(0, fits === -1 ? options.maxItems : fits);
}

/**
 * When the database refuses one of several, each is carried out alone, so that only the one at fault fails.
 */
async function carryOut<Item, T>(
  jobs: readonly Job<Item, T>[],
  options: BatchOptions<Item, T>,
): Promise<void> {
  try {
    const answers = await options.execute(jobs.map(({ item }) => item));
    for (const [i, answer] of answers.entries()) {
      if (answer.status === "fulfilled") jobs[i]?.resolve(answer.value);
      else jobs[i]?.reject(answer.reason);
    }
  } catch (error) {
    if (jobs.length > 1 && isRefusal(error)) for (const job of jobs) await carryOut([job], options);
    else for (const job of jobs) job.reject(error);
  }
}
