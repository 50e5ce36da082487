import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { requestsOf } from "../documents.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";
import { type Load, loadsOf, type Stock } from "../stock.ts";

/** Fills stores through their port. Requests that are in flight together share a commit. */
const IN_FLIGHT = 1_000;

const calls = {
  /** Records documents with open deliveries only. Returns the number of open deliveries afterwards. */
  async fill({ settings, documents }: { settings: Settings; documents: number }): Promise<number> {
    const { destinations, store: choice } = await configure(settings);
    const store = await openStore(choice, () => {});
    const requests = requestsOf(documents, destinations);
    for (let first = 0; first < requests.length; first += IN_FLIGHT) {
      const some = requests.slice(first, first + IN_FLIGHT);
      await Promise.all(some.map((request) => store.record(request())));
    }
    const backlog = await store.backlog();
    await store.close();
    return backlog.reduce((sum, { open }) => sum + open, 0);
  },

  /** Restores the stock into each of the empty stores. Returns the number of rows added to each. */
  async restock({ settings, stock }: { settings: readonly Settings[]; stock: Stock }): Promise<number> {
    const [first] = settings;
    if (!first) throw new Error("no store");
    const { channels, destinations: subscribers } = await configure(first);
    const [channel] = channels;
    if (!channel) throw new Error("no channel");
    const stores = await Promise.all(
      settings.map(async (one) => openStore((await configure(one)).store, () => {})),
    );
    let added = 0;
    for (const load of loadsOf(stock, Date.now(), { channel, subscribers }))
      for (const rows of await Promise.all(stores.map((store) => restore(store, load)))) added += rows;
    await Promise.all(stores.map((store) => store.close()));
    return added / stores.length;
  },
};
export type FillerCalls = typeof calls;
answer(calls);

/** A restored load is one commit where the store supports it. */
async function restore(store: Store, load: Load): Promise<number> {
  const { receipts, documents, events, deliveries } = load;
  const added = await Promise.all([
    store.restore("receipts", receipts),
    store.restore("documents", documents),
    store.restore("events", events),
    store.restore("deliveries", deliveries),
  ]);
  return added.reduce((sum, rows) => sum + rows, 0);
}
