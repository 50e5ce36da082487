import { openSqliteStore } from "../../src/store/sqlite.ts";
import { recordersOf } from "../documents.ts";
import { answer } from "../processes.ts";
import { configure, fileOf, type Settings } from "../settings.ts";

/** Fills a store through its port, as fast as it takes it: what is in flight together shares a commit. */
const IN_FLIGHT = 1_000;

const calls = {
  /** Returns how many deliveries are open afterwards. */
  async fill({ settings, documents }: { settings: Settings; documents: number }): Promise<number> {
    const { destinations } = await configure(settings);
    const store = openSqliteStore({ file: fileOf(settings), token: () => "" });
    const recorders = recordersOf(documents, destinations);
    for (let first = 0; first < recorders.length; first += IN_FLIGHT) {
      const some = recorders.slice(first, first + IN_FLIGHT);
      await Promise.all(some.map((recorder) => store.record(recorder())));
    }
    const backlog = await store.backlog();
    await store.close();
    return backlog.reduce((sum, { open }) => sum + open, 0);
  },
};
export type FillerCalls = typeof calls;
answer(calls);
