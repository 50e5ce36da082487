import { expect } from "chai";
import { createReadiness, type ReadinessParts } from "../../src/web/health.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";

const IDLE = { destination: "crm", alive: true, claiming: false, lastTickAt: NEW_YEAR };

describe("readiness", () => {
  let clock: ManualClock;
  let unavailable: unknown[];
  beforeEach(() => {
    clock = createManualClock(NEW_YEAR);
    unavailable = [];
  });

  const readiness = (given: Partial<ReadinessParts> = {}) =>
    createReadiness({
      store: { probe: async () => {} },
      clock,
      isStopping: () => false,
      workers: () => [IDLE],
      isPrunerAlive: () => true,
      storeUnavailable: (error) => void unavailable.push(error),
      ...given,
    });

  it("lists every check by name, and is ok when all pass", async () => {
    expect(await readiness()()).to.deep.equal({
      status: "ok",
      checks: { running: "ok", store: "ok", dispatcher: "ok", retention: "ok" },
    });
  });

  it("names every fault at once", async () => {
    const health = await readiness({
      isStopping: () => true,
      workers: () => [
        { ...IDLE, alive: false },
        { ...IDLE, destination: "erp", claiming: true, lastTickAt: NEW_YEAR - 30_001 },
      ],
      isPrunerAlive: () => false,
    })();
    expect(health).to.deep.equal({
      status: "unavailable",
      checks: {
        running: "stopping",
        store: "ok",
        dispatcher: "crm died, erp waits for the store",
        retention: "pruning died",
      },
    });
  });

  it("reports a worker as stuck only after thirty seconds, and an idle one never", async () => {
    const waiting = { ...IDLE, claiming: true, lastTickAt: NEW_YEAR - 30_000 };
    const idle = { ...IDLE, lastTickAt: 0 };
    expect(await readiness({ workers: () => [waiting, idle] })()).to.include({ status: "ok" });
  });

  it("reports an unavailable store once until it recovers, and hides its error", async () => {
    let fault: Error | null = new Error("no route to 10.0.0.7");
    const check = readiness({
      store: {
        probe: async () => {
          if (fault) throw fault;
        },
      },
    });
    for (const _ of [1, 2]) expect((await check()).checks.store).to.equal("unavailable");
    expect(unavailable).to.deep.equal([fault]);
    fault = null;
    expect((await check()).checks.store).to.equal("ok");
    fault = new Error("away again");
    await check();
    expect(unavailable).to.have.length(2);
  });

  it("fails a check that does not answer in five seconds", async () => {
    const health = readiness({ store: { probe: () => new Promise(() => {}) } })();
    await clock.advance(5_000);
    expect((await health).checks.store).to.equal("does not answer");
  });
});
