import { expect } from "chai";
import { createTell } from "../../src/alert/tell.ts";
import { createWatcher } from "../../src/alert/watcher.ts";
import type { Concern } from "../../src/concern/concern.ts";
import { receiptId } from "../../src/domain/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { inStore, KINDS, needPostgres, STORES } from "../cli/stores.ts";
import { tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";

const MINUTE_MS = 60_000;
const aConcern = (id: string, count = 1): Concern => ({
  ...{ id, kind: "parked", severity: "warning", since: NEW_YEAR, subject: {}, count },
  ...{ sentence: "It is parked.", advice: "Look.", command: null, ends: "a replay" },
});

/** What needs a person at each look, and what is told of it in all. */
const LOOKS = [[aConcern("a")], [aConcern("a", 10), aConcern("b")], [aConcern("b")], []];
const TOLD = ["begun a", "worse a", "begun b", "over a", "over b"];
const RULE = { severity: "notice", isQuiet: () => false, details: false } as const;
const ALERTS = [
  { ...RULE, name: "ops", gathers: false },
  { ...RULE, name: "chat", gathers: true },
];
const WRITES = ["changeNotes", "record"] as const;

/** The store of a process that dies at its nth write, which is done or not. Nothing is done after it. */
function mortal(store: Store, deadAt: number, isDone: boolean): { store: Store; died: Promise<unknown> } {
  let writes = 0;
  const { promise: died, resolve: die } = Promise.withResolvers();
  const mortalStore = { ...store, notes: (kind: string) => store.notes(kind) };
  for (const name of WRITES) {
    const write = store[name].bind(store) as (...given: unknown[]) => Promise<unknown>;
    Object.assign(mortalStore, {
      async [name](...given: unknown[]) {
        writes += 1;
        if (writes > deadAt) return new Promise(() => {});
        if (writes < deadAt) return write(...given);
        if (isDone) await write(...given);
        die(null);
        return new Promise(() => {});
      },
    });
  }
  return { store: mortalStore, died };
}

describe("what is told of concerns", () => {
  afterEach(tidy);

  for (const kind of KINDS)
    for (const isDone of [true, false])
      it(`is told once, whichever write a process dies ${isDone ? "after" : "at"} (${kind})`, async function () {
        if (kind === "postgres") await needPostgres.call(this);
        this.timeout(60_000);
        let deaths = 1;
        for (let deadAt = 1; deaths > 0; deadAt += 1) {
          deaths = 0;
          await inStore(await STORES[kind](), async (whole) => {
            const clock = createManualClock(NEW_YEAR);
            let receipts = 0;
            const process = (store: Store, concerns: readonly Concern[]) =>
              createWatcher({
                ...{ store, clock, node: null, alerts: () => ALERTS, beat: async () => {} },
                concerns: async () => concerns,
                tell: createTell({
                  ...{ store, now: clock.now, version: "0", wake() {} },
                  newReceiptId: (at) => receiptId(at, Buffer.from([...Buffer.alloc(9), ++receipts])),
                }),
                observe: { changed() {}, failed: expect.fail },
              });
            for (const concerns of LOOKS) {
              await clock.advance(MINUTE_MS);
              const { store, died } = mortal(whole, deadAt, isDone);
              const isOver = process(store, concerns)
                .look()
                .then(() => false);
              const isDead = await Promise.race([isOver, died.then(() => true)]);
              if (!isDead) continue;
              deaths += 1;
              await clock.advance(MINUTE_MS);
              await process(whole, concerns).look();
            }
            await clock.advance(MINUTE_MS);
            await process(whole, []).look();
            const { items } = await whole.findEvents({ source: "bridge" }, { limit: 100 });
            const deliveries = (await whole.findDeliveries({}, { limit: 100 })).items;
            const toldTo = (name: string) =>
              items
                .filter(({ id }) => deliveries.some((one) => one.event === id && one.destination === name))
                .flatMap(({ concerns = [] }) => concerns.map(({ change, id }) => `${change} ${id}`));
            for (const { name } of ALERTS) expect(toldTo(name), `death at ${deadAt}`).to.have.members(TOLD);
            expect(await whole.notes("concern")).to.deep.equal([]);
          });
        }
      });
});
