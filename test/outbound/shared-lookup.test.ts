import type { LookupFunction } from "node:net";
import { expect } from "chai";
import { createDeliver } from "../../src/outbound/deliver.ts";
import { sharedLookup } from "../../src/outbound/shared-lookup.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { aDestination, anEvent, startReceiver } from "./fixtures.ts";

type Callback = Parameters<LookupFunction>[2];

/** A resolver whose answers a test gives by hand. */
function byHand() {
  const asked: { hostname: string; callback: Callback }[] = [];
  const lookup: LookupFunction = (hostname, _options, callback) => void asked.push({ hostname, callback });
  const answer = (hostname: string, address: string) => {
    const index = asked.findIndex((one) => one.hostname === hostname);
    const [one] = asked.splice(index, 1);
    one?.callback(null, [{ address, family: 4 }]);
  };
  return { asked, lookup, answer };
}

describe("looking up names", () => {
  it("asks once for all callers that wait for the same name, and again for a later one", () => {
    const { asked, lookup, answer } = byHand();
    const shared = sharedLookup(lookup);
    const got: unknown[] = [];
    for (let n = 0; n < 3; n++) shared("a.test", { all: true }, (_error, found) => got.push(found));
    shared("b.test", { all: true }, () => {});
    expect(asked.map(({ hostname }) => hostname)).to.deep.equal(["a.test", "b.test"]);
    answer("a.test", "10.0.0.1");
    expect(got).to.have.length(3);
    shared("a.test", { all: true }, () => {});
    expect(asked.map(({ hostname }) => hostname)).to.deep.equal(["b.test", "a.test"]);
  });

  it("does not give callers of one address family the answer of another", () => {
    const { asked, lookup } = byHand();
    const shared = sharedLookup(lookup);
    for (const family of [4, 6]) shared("a.test", { all: true, family }, () => {});
    expect(asked).to.have.length(2);
  });

  it("gives all waiting callers the resolver's error, rejected or thrown", () => {
    const nothing = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    const failing: LookupFunction[] = [
      (_hostname, _options, callback) => callback(nothing, ""),
      () => {
        throw nothing;
      },
    ];
    for (const lookup of failing) {
      const errors: unknown[] = [];
      const shared = sharedLookup(lookup);
      for (let n = 0; n < 2; n++) shared("a.test", {}, (error) => errors.push(error));
      expect(errors).to.deep.equal([nothing, nothing]);
    }
  });

  it("occupies one thread for a name that does not resolve, for any number of attempts", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const { asked, lookup, answer } = byHand();
    const deliver = createDeliver({ clock, version: "0.1.0", lookup });
    const receiver = await startReceiver();
    const { port } = new URL(receiver.url);
    const slow = aDestination({ name: "slow", url: `http://slow.test:${port}/`, concurrency: 16 });
    const also = aDestination({ name: "also", url: `http://slow.test:${port}/also` });
    const fast = aDestination({ name: "fast", url: `http://fast.test:${port}/` });

    const attempts = Array.from({ length: 16 }, () => deliver(slow, anEvent(), 1));
    attempts.push(deliver(also, anEvent(), 1));
    const quick = deliver(fast, anEvent(), 1);
    await until(() => asked.length === 2, "two names were looked up");
    expect(asked.map(({ hostname }) => hostname)).to.have.members(["slow.test", "fast.test"]);
    answer("fast.test", "127.0.0.1");
    expect(await quick).to.include({ cause: "answered", status: 200 });

    await clock.advance(15_000);
    for (const one of await Promise.all(attempts)) expect(one).to.include({ cause: "timeout", status: null });
    const again = deliver(slow, anEvent(), 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.map(({ hostname }) => hostname)).to.deep.equal(["slow.test"]);
    answer("slow.test", "127.0.0.1");
    expect(await again).to.include({ cause: "answered", status: 200 });
    await receiver.close();
  });
});
