import { expect } from "chai";
import type { Disk } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { createDiskWatch, type DiskUse } from "../../src/status/disk.ts";
import { createSecretWatch } from "../../src/status/secret-watch.ts";
import { createUptime } from "../../src/status/uptime.ts";
import type { Store } from "../../src/store/store.ts";
import { inStore, KINDS, needPostgres, STORES } from "../cli/stores.ts";
import { tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";

/** What the bridge notes of itself, on each store. */
for (const kind of KINDS)
  describe(`what the bridge notes of itself (${kind})`, () => {
    if (kind === "postgres") before(needPostgres);
    afterEach(tidy);
    const withStore = async (work: (store: Store) => Promise<void>) => inStore(await STORES[kind](), work);

    it("is the time in which it did not run, known to a beat after it was killed", () =>
      withStore(async (store) => {
        const clock = createManualClock(NEW_YEAR);
        const first = createUptime(store, clock, "first");
        await first.beat();
        expect(await first.lastStop()).to.equal(null);
        await clock.advance(HOUR_MS);
        await first.beat();
        await clock.advance(20 * MINUTE_MS);
        const second = createUptime(store, clock, "second");
        await second.beat();
        const stop = { from: NEW_YEAR + HOUR_MS, until: NEW_YEAR + HOUR_MS + 20 * MINUTE_MS };
        expect(await second.lastStop()).to.deep.equal(stop);
        await clock.advance(HOUR_MS);
        await second.beat();
        expect(await second.lastStop()).to.deep.equal(stop);
      }));

    it("is no stop where it was only started again, or another node ran meanwhile", () =>
      withStore(async (store) => {
        const clock = createManualClock(NEW_YEAR);
        const [first, other] = [createUptime(store, clock, "first"), createUptime(store, clock, "other")];
        await first.beat();
        await other.beat();
        await clock.advance(MINUTE_MS);
        await first.beat();
        await clock.advance(HOUR_MS);
        await other.beat();
        await clock.advance(MINUTE_MS);
        const again = createUptime(store, clock, "again");
        await again.beat();
        expect(await again.lastStop()).to.equal(null);
      }));

    it("stays a few notes, however often it is started", () =>
      withStore(async (store) => {
        const clock = createManualClock(NEW_YEAR);
        for (let n = 0; n < 30; n += 1) {
          const run = createUptime(store, clock, `run ${n}`);
          await run.beat();
          await clock.advance(n === 15 ? HOUR_MS : 20_000);
          await run.beat();
          await clock.advance(10_000);
        }
        await clock.advance(5_000);
        const last = createUptime(store, clock, "last");
        await last.beat();
        expect((await store.notes("run")).length).to.be.lessThan(7);
        expect(await last.lastStop()).to.equal(null);
      }));

    it("is how far the clock jumped, forward and back, and not that time passed", () =>
      withStore(async (store) => {
        const clock = createManualClock(NEW_YEAR);
        const uptime = createUptime(store, clock, "first");
        await clock.advance(DAY_MS);
        await uptime.beat();
        expect(await uptime.clockJumps()).to.deep.equal([]);
        clock.set(clock.now() + HOUR_MS);
        await uptime.beat();
        clock.set(clock.now() - 20_000);
        await uptime.beat();
        clock.set(clock.now() + 5_000);
        await uptime.beat();
        const at = NEW_YEAR + DAY_MS + HOUR_MS;
        expect(await uptime.clockJumps()).to.deep.equal([
          { at, by: HOUR_MS },
          { at: at - 20_000, by: -20_000 },
        ]);
      }));

    it("is how fast the store grows, measured over days, also over restarts", () =>
      withStore(async (store) => {
        let now = NEW_YEAR;
        let use: DiskUse | null = { freeBytes: 5_000, storeBytes: 1_000 };
        const watch = () =>
          createDiskWatch(
            store,
            async () => use,
            () => now,
          )();
        const growth = (disk: Disk | null) => disk?.bytesPerDay;
        expect(await watch()).to.deep.equal({ at: NEW_YEAR, freeBytes: 5_000, bytesPerDay: 0 });
        now += DAY_MS / 2;
        use = { freeBytes: 4_000, storeBytes: 2_000 };
        expect(growth(await watch())).to.equal(2_000);
        now += DAY_MS / 2;
        expect(growth(await watch())).to.equal(1_000);
        now += 30 * DAY_MS;
        expect(growth(await watch())).to.equal(0);
        use = null;
        expect(await watch()).to.equal(null);
      }));

    it("is since when only the older secret of a channel matches, until the newer one does", () =>
      withStore(async (store) => {
        let now = NEW_YEAR;
        const channel = { source: "lumin", name: "account" };
        const secrets = createSecretWatch(store, () => now);
        secrets.matched(channel, true);
        now += DAY_MS;
        secrets.matched(channel, true);
        const older = { since: NEW_YEAR, newest: NEW_YEAR + DAY_MS };
        expect([...(await secrets.olderSecrets())]).to.deep.equal([["lumin/account", older]]);
        const restarted = createSecretWatch(store, () => now);
        now += DAY_MS;
        restarted.matched(channel, true);
        expect((await restarted.olderSecrets()).get("lumin/account")).to.deep.equal({
          ...older,
          newest: now,
        });
        restarted.matched(channel, false);
        expect((await restarted.olderSecrets()).size).to.equal(0);
        restarted.matched(channel, true);
        await restarted.olderSecrets();
        restarted.forget();
        expect((await restarted.olderSecrets()).size).to.equal(0);
      }));
  });
