import { expect } from "chai";
import type { Deliver } from "../../src/outbound/deliver.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { createDispatcherHarness, type DispatcherHarness } from "./dispatcher-harness.ts";
import { aDestination } from "./fixtures.ts";

const BREAKER = { failures: 2, pause: 10_000, longest: 60_000 };

/** The format supports only events of an even number. */
const choosy = (given: Parameters<typeof aDestination>[0] = {}) =>
  aDestination({ breaker: BREAKER, supports: ({ id }) => Number(id.slice(4)) % 2 === 0, ...given });

describe("an event that the destination's format does not support", () => {
  let harness: DispatcherHarness;
  const add = async (from: number, to: number, lane: string | null = null) => {
    for (let name = from; name <= to; name++) await harness.store.add(String(name), NEW_YEAR, { lane });
  };
  const reasons = async () =>
    (await harness.store.deliveries()).map(({ status, reason }) => reason ?? status);
  const PARKED = "unsupported_by_format";

  beforeEach(() => {
    harness = createDispatcherHarness();
  });
  afterEach(() => harness.clear());

  it("is parked at once without an attempt, and does not count for the breaker", async () => {
    await add(1, 9);
    await harness.start([choosy()]);
    expect(harness.begun()).to.deep.equal([2, 4, 6, 8]);
    await harness.endAll(200);
    expect((await reasons()).filter((reason) => reason === PARKED)).to.have.length(5);
    expect((await harness.store.deliveries()).filter(({ attempts }) => attempts > 0)).to.have.length(4);
    expect(harness.observed.filter((what) => what === "unsupported")).to.have.length(5);
    expect(harness.observed).not.to.include("breakerOpened");
    expect(harness.dispatcher.states()[0]?.breaker).to.equal(null);
  });

  it("does not hold up the later ones of its document", async () => {
    await add(1, 4, "a");
    await harness.start([choosy()]);
    for (let round = 0; round < 2; round++) {
      await settled();
      await harness.endAll(200);
    }
    expect(await reasons()).to.deep.equal([PARKED, "delivered", PARKED, "delivered"]);
  });

  it("is parked again when it is replayed", async () => {
    await harness.store.add("1", NEW_YEAR, { replayedAfter: 3 });
    await harness.start([choosy()]);
    expect((await harness.store.deliveries())[0]).to.include({ reason: PARKED, attempts: 3 });
  });

  it("is no probe: the next supported one is", async () => {
    const breaker = { failures: 2, probeAt: NEW_YEAR, probes: 0 };
    await harness.store.saveDestination("crm", { breaker });
    await add(1, 4);
    await harness.start([choosy()]);
    expect(harness.begun()).to.deep.equal([2]);
    await harness.endAll(200);
    expect(harness.begun()).to.deep.equal([2, 4]);
  });

  it("is parked in the same way when encoding throws an unforeseen error", async () => {
    const deliver: Deliver = async (_destination, _event, number) => ({
      number,
      startedAt: NEW_YEAR,
      duration: 0,
      cause: "unencodable",
      status: null,
      answer: "a mistake",
      retryAfter: null,
    });
    await add(1, 5);
    await harness.start([aDestination({ breaker: BREAKER })], { deliver });
    await settled();
    expect(new Set(await reasons())).to.deep.equal(new Set([PARKED]));
    expect(harness.observed).not.to.include("breakerOpened");
  });
});
