import { expect } from "chai";
import type { Attempt } from "../../src/domain/delivery.ts";
import { createLiveState } from "../../src/outbound/destination-state.ts";
import { createExecutor, type ExecutorParts } from "../../src/outbound/executor.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import type { Settlement } from "../../src/store/port/queue.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { recordingObserver } from "./dispatcher-harness.ts";
import { aDestination, aLease } from "./fixtures.ts";

const anAttempt = (given: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  startedAt: NEW_YEAR,
  duration: 0,
  cause: "answered",
  status: 200,
  answer: null,
  retryAfter: null,
  ...given,
});

/** One execution of a delivery that is answered by `attempt`, and all that it did, in order. */
async function execute(
  attempt: Attempt,
  {
    settle = [true],
    ...given
  }: Partial<Pick<ExecutorParts, "destination">> & { settle?: (boolean | Error)[] } = {},
) {
  const clock = createManualClock(NEW_YEAR);
  const done: string[] = [];
  const settlements: Settlement[] = [];
  const saved: string[] = [];
  const observe = recordingObserver(done as (keyof Observer)[]);
  const { destination = aDestination() } = given;
  const store = {
    async saveDestination() {
      saved.push(destination.name);
    },
    async settle(settlement: Settlement) {
      done.push("settle");
      settlements.push(settlement);
      const answer = settle.shift() ?? true;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const nothing = { paused: null, breaker: null };
  const run = createExecutor({
    destination,
    store,
    clock,
    observe,
    random: () => 0,
    signal: new AbortController().signal,
    liveState: createLiveState(destination, nothing, { store, clock, observe, onChange() {} }),
    deliver: async () => attempt,
    onUnsettled: () => done.push("onUnsettled"),
  });
  const executed = run({ lease: aLease("1"), probe: false, onAttemptOver: () => done.push("onAttemptOver") });
  await clock.advance(10_000);
  return { executed: await executed, done, settlements, saved };
}

describe("an execution", () => {
  it("posts, decides and settles; its attempt is over before the result is stored", async () => {
    const { executed, done, settlements } = await execute(anAttempt());
    expect(executed).to.equal(true);
    expect(done).to.deep.equal(["onAttemptOver", "settle", "attempted"]);
    expect(settlements[0]).to.deep.include({ token: "1", outcome: { status: "delivered" } });
  });

  it("stores the due time of the next attempt after a failure", async () => {
    const { settlements } = await execute(anAttempt({ status: 503 }));
    expect(settlements[0]?.outcome).to.deep.equal({ status: "pending", dueAt: NEW_YEAR + 5_000 });
  });

  it("settles nothing when a stop interrupts it", async () => {
    const { executed, done } = await execute(anAttempt({ cause: "interrupted", status: null }));
    expect(executed).to.equal(false);
    expect(done).to.deep.equal(["onAttemptOver"]);
  });

  it("parks what the format does not support without counting an attempt", async () => {
    const { done, settlements } = await execute(anAttempt(), {
      destination: aDestination({ supports: () => false }),
    });
    expect(done).to.deep.equal(["onAttemptOver", "settle", "unsupported"]);
    expect(settlements[0]).to.deep.include({
      attempt: null,
      outcome: { status: "parked", reason: "unsupported_by_format" },
    });
  });

  it("reports an unsupported event that was parked by another node not at all", async () => {
    const { done } = await execute(anAttempt({ cause: "unencodable", status: null }), { settle: [false] });
    expect(done).to.deep.equal(["onAttemptOver", "settle"]);
  });

  it("announces every settlement that the store refuses, and goes on", async () => {
    const { done } = await execute(anAttempt(), { settle: [new Error("away"), new Error("away"), true] });
    const refused = ["settle", "onUnsettled", "settleFailed"];
    expect(done).to.deep.equal(["onAttemptOver", ...refused, ...refused, "settle", "attempted"]);
  });

  it("reports a lease that was lost after the attempt", async () => {
    const { done } = await execute(anAttempt(), { settle: [false] });
    expect(done).to.deep.equal(["onAttemptOver", "settle", "attempted", "leaseLost"]);
  });

  it("saves a pause after a 410 once the delivery is settled", async () => {
    const { done, saved } = await execute(anAttempt({ status: 410 }));
    expect(done).to.deep.equal(["paused", "onAttemptOver", "settle", "attempted"]);
    expect(saved).to.deep.equal(["crm"]);
  });
});
