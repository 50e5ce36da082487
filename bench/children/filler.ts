import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { recordersOf } from "../documents.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";
import { type Load, loadsOf, type Stock } from "../stock.ts";

/** Fills stores through their port, as fast as they take it: what is in flight together shares a commit. */
const IN_FLIGHT = 1_000;

const calls = {
  /** Records documents whose every delivery is open. Returns how many deliveries are open afterwards. */
  async fill({ settings, documents }: { settings: Settings; documents: number }): Promise<number> {
    const { destinations, store: choice } = await configure(settings);
    const store = await openStore(choice, () => {});
    const recorders = recordersOf(documents, destinations);
    for (let first = 0; first < recorders.length; first += IN_FLIGHT) {
      const some = recorders.slice(first, first + IN_FLIGHT);
      await Promise.all(some.map((recorder) => store.record(recorder())));
    }
    const backlog = await store.backlog();
    await store.close();
    return backlog.reduce((sum, { open }) => sum + open, 0);
  },

  /**
   * Restores the same stock into each of the stores, which are empty and used alike. Returns how many rows
   * were added to each.
   */
  async restock({ settings, stock }: { settings: readonly Settings[]; stock: Stock }): Promise<number> {
    const [first] = settings;
    if (!first) return 0;
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

/** A restored load is one commit where the store can do that. */
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
