import { expect } from "chai";
import type { Rejection } from "../../src/domain/receipt.ts";
import { createRejections } from "../../src/inbound/rejections.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, settled } from "../support/clock.ts";
import { nth } from "../support/only.ts";

const KEEP = 10;
const MANY = 3_000;

function aRejection(n: number, bytes = 10): Rejection {
  return {
    id: `rej_${n}`,
    source: "lumin",
    channel: "account",
    receivedAt: NEW_YEAR,
    query: "",
    headers: {},
    body: Buffer.alloc(bytes),
    reason: "the signature does not match",
    shown: { token: null, authorization: null },
  };
}

/** A store whose writes a test ends by hand, with the counts of dropped rejections. */
function createSetup() {
  const clock = createManualClock(NEW_YEAR);
  const given: { rejection: Rejection; resolve(): void; reject(error: Error): void }[] = [];
  const dropped = { queue_full: 0, store_failed: 0 };
  const rejections = createRejections({
    clock,
    store: {
      reject: (rejection) =>
        new Promise<void>((resolve, reject) => void given.push({ rejection, resolve, reject })),
    },
    observe: {
      dropped(reason, count) {
        dropped[reason] += count;
      },
    },
  });
  return { clock, given, dropped, rejections };
}

describe("refused requests on their way to the store", () => {
  it("make no sender wait, whether the store answers or not", async () => {
    const { rejections, given } = createSetup();
    await Promise.all(Array.from({ length: MANY }, (_, n) => rejections.add(aRejection(n), KEEP)));
    expect(given).not.to.have.length(0);
  });

  it("are stored a batch at a time, and dropped and counted over the limit", async () => {
    const { rejections, given, dropped } = createSetup();
    for (let n = 0; n < MANY; n += 1) await rejections.add(aRejection(n), KEEP);
    let stored = 0;
    for (let batch = given.splice(0); batch.length > 0; batch = given.splice(0)) {
      expect(batch.length).to.be.at.most(50);
      stored += batch.length;
      for (const { resolve } of batch) resolve();
      await settled();
    }
    expect(stored).to.be.greaterThan(400);
    expect(dropped).to.deep.equal({ queue_full: MANY - stored, store_failed: 0 });
  });

  it("hold at most the allowed bytes while they wait", async () => {
    const { rejections, given, dropped } = createSetup();
    const long = 4 * 1_024 ** 2;
    for (let n = 0; n < 20; n += 1) await rejections.add(aRejection(n, long), KEEP);
    expect(given).to.have.length(1);
    expect(dropped.queue_full).to.equal(16);
  });

  it("are stored in the order in which they came", async () => {
    const { rejections, given } = createSetup();
    for (let n = 0; n < 120; n += 1) await rejections.add(aRejection(n), KEEP);
    const ids: string[] = [];
    for (let batch = given.splice(0); batch.length > 0; batch = given.splice(0)) {
      ids.push(...batch.map(({ rejection }) => rejection.id));
      for (const { resolve } of batch) resolve();
      await settled();
    }
    expect(ids).to.deep.equal(Array.from({ length: 120 }, (_, n) => `rej_${n}`));
  });

  it("are counted when the store fails, and those behind them go on", async () => {
    const { rejections, given, dropped } = createSetup();
    await rejections.add(aRejection(1), KEEP);
    await rejections.add(aRejection(2), KEEP);
    nth(given, 0).reject(new Error("the database is away"));
    await settled();
    nth(given, 1).resolve();
    await rejections.written();
    expect(dropped).to.deep.equal({ queue_full: 0, store_failed: 1 });
  });

  it("are written when the bridge stops", async () => {
    const { rejections, given, dropped } = createSetup();
    await rejections.add(aRejection(1), KEEP);
    await rejections.add(aRejection(2), KEEP);
    const drained = rejections.drain(1_000);
    nth(given, 0).resolve();
    await settled();
    nth(given, 1).resolve();
    await drained;
    expect(dropped).to.deep.equal({ queue_full: 0, store_failed: 0 });
  });

  it("do not hold up a stop for longer than it is given", async () => {
    const { clock, rejections, dropped } = createSetup();
    for (let n = 0; n < 10; n += 1) await rejections.add(aRejection(n), KEEP);
    const drained = rejections.drain(1_000);
    await clock.advance(1_000);
    await drained;
    expect(dropped.queue_full).to.equal(9);
  });
});
