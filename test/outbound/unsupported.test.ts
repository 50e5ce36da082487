import { expect } from "chai";
import type { Deliver } from "../../src/outbound/deliver.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { settled } from "../support/clock.ts";
import { aDestination } from "./fixtures.ts";
import { createStage, type Stage } from "./stage.ts";

const BREAKER = { failures: 2, pause: 10_000, longest: 60_000 };

/** The format has words for events of an even number only. */
const choosy = (given: Parameters<typeof aDestination>[0] = {}) =>
  aDestination({ breaker: BREAKER, supports: ({ id }) => Number(id.slice(4)) % 2 === 0, ...given });

describe("an event that the destination's format cannot say", () => {
  let stage: Stage;
  const add = async (from: number, to: number, lane: string | null = null) => {
    for (let name = from; name <= to; name++) await stage.store.add(String(name), NEW_YEAR, { lane });
  };
  const reasons = async () => (await stage.store.deliveries()).map(({ status, reason }) => reason ?? status);
  const PARKED = "unsupported_by_format";

  beforeEach(() => {
    stage = createStage();
  });
  afterEach(() => stage.clear());

  it("is parked at once without a try, and the breaker hears nothing of it", async () => {
    await add(1, 9);
    await stage.start([choosy()]);
    expect(stage.begun()).to.deep.equal([2, 4, 6, 8]);
    await stage.endAll(200);
    expect((await reasons()).filter((reason) => reason === PARKED)).to.have.length(5);
    expect((await stage.store.deliveries()).filter(({ attempts }) => attempts > 0)).to.have.length(4);
    expect(stage.told.filter((what) => what === "unsupported")).to.have.length(5);
    expect(stage.told).not.to.include("breakerOpened");
    expect(stage.dispatcher.states()[0]?.breaker).to.equal(null);
  });

  it("does not hold up the later ones of its document", async () => {
    await add(1, 4, "a");
    await stage.start([choosy()]);
    for (let round = 0; round < 2; round++) {
      await settled();
      await stage.endAll(200);
    }
    expect(await reasons()).to.deep.equal([PARKED, "delivered", PARKED, "delivered"]);
  });

  it("is parked as well when a person has it sent again", async () => {
    await stage.store.add("1", NEW_YEAR, { replayedAfter: 3 });
    await stage.start([choosy()]);
    expect((await stage.store.deliveries())[0]).to.include({ reason: PARKED, attempts: 3 });
  });

  it("is no probe: the next one that can be said is", async () => {
    const breaker = { failures: 2, probeAt: NEW_YEAR, probes: 0 };
    await stage.store.saveDestination("crm", { breaker });
    await add(1, 4);
    await stage.start([choosy()]);
    expect(stage.begun()).to.deep.equal([2]);
    await stage.endAll(200);
    expect(stage.begun()).to.deep.equal([2, 4]);
  });

  it("is parked in the same way when encoding throws what nobody foresaw", async () => {
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
    await stage.start([aDestination({ breaker: BREAKER })], { deliver });
    await settled();
    expect(new Set(await reasons())).to.deep.equal(new Set([PARKED]));
    expect(stage.told).not.to.include("breakerOpened");
  });
});
