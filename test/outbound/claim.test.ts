import { expect } from "chai";
import { claimRequest, createStoreCalls, maxWaitMs } from "../../src/outbound/claim.ts";
import type { Lease, Queue } from "../../src/store/port/queue.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { aDestination, aLease } from "./fixtures.ts";

const DESTINATION = aDestination({ timeout: 20_000, concurrency: 3 });

/** The calls over a store of which each method answers as given, and all requests. */
function callsOver(given: Partial<Queue>, withoutRenewed = (leases: readonly Lease[]) => leases) {
  const requests: unknown[] = [];
  const counts: number[] = [];
  const note =
    <T>(answer: T) =>
    async (request: unknown) => {
      requests.push(request);
      return answer;
    };
  const store = { bringForward: note(0), claim: note([]), nextDueAt: note(null), ...given };
  const ask = createStoreCalls(DESTINATION, {
    store,
    observe: { broughtForward: ({ count }) => counts.push(count) },
    finishing: () => [aLease("9")],
    withoutRenewed,
  });
  return { ask, requests, counts };
}

describe("a claim", () => {
  it("leases for half a minute longer than an attempt takes, and settles in half of that", () => {
    const request = claimRequest(DESTINATION, { now: NEW_YEAR, limit: 2, probe: true }, []);
    expect(request).to.deep.equal({
      destination: "crm",
      limit: 2,
      now: NEW_YEAR,
      until: NEW_YEAR + 50_000,
      probe: true,
      capacity: { limit: 3, settleMargin: 15_000, finished: [] },
    });
  });

  it("says which leases only wait to be settled", async () => {
    const { ask, requests } = callsOver({});
    await ask({ ask: "claim", now: NEW_YEAR, limit: 2, probe: false });
    expect(requests).to.have.nested.property("[0].capacity.finished[0].token", "9");
  });

  it("counts all leases, and passes on those that renew none in flight", async () => {
    const leases = [aLease("1"), aLease("2")];
    const { ask } = callsOver({ claim: async () => leases }, (all) => all.slice(1));
    expect(await ask({ ask: "claim", now: NEW_YEAR, limit: 5, probe: false })).to.deep.equal({
      type: "claimed",
      limit: 5,
      probe: false,
      leased: 2,
      fresh: leases.slice(1),
    });
  });
});

describe("the other calls of a poll", () => {
  it("report due times that were corrected, and none when there were none", async () => {
    for (const [count, reported] of [
      [3, [3]],
      [0, []],
    ] as const) {
      const { ask, counts } = callsOver({ bringForward: async () => count });
      const event = await ask({ ask: "bringForward", now: NEW_YEAR, seen: true });
      expect(event).to.deep.equal({ type: "broughtForward" });
      expect(counts).to.deep.equal(reported);
    }
  });

  it("limit lease ends and probe times to the longest possible", async () => {
    const { ask, requests } = callsOver({});
    await ask({ ask: "bringForward", now: NEW_YEAR, seen: false });
    const lease = DESTINATION.breaker.longest;
    expect(requests).to.deep.equal([{ destination: "crm", now: NEW_YEAR, lease, seen: false }]);
    const breaker = { ...DESTINATION.breaker, longest: 1_000 };
    expect(maxWaitMs({ ...DESTINATION, breaker })).to.equal(50_000);
  });

  it("hand on the next due time with the earliest time of the next poll", async () => {
    const { ask } = callsOver({ nextDueAt: async () => NEW_YEAR + 7 });
    expect(await ask({ ask: "nextDueAt", earliest: NEW_YEAR })).to.deep.equal({
      type: "nextDueKnown",
      dueAt: NEW_YEAR + 7,
      earliest: NEW_YEAR,
    });
  });
});
