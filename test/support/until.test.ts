import { expect } from "chai";
import { until } from "./until.ts";

const errorOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.fail("it was expected to reject"),
    (reason) => reason,
  );

describe("waiting until a condition holds", () => {
  it("resolves with the condition's value, once it holds", async () => {
    let looks = 0;
    expect(await until(() => (++looks === 100 ? "enough" : null), "it was asked a hundred times")).to.equal(
      "enough",
    );
    expect(looks).to.equal(100);
  });

  it("asks a server again only when it has answered", async () => {
    let [asked, answered] = [0, 0];
    const ask = async () => {
      asked += 1;
      expect(asked).to.equal(answered + 1);
      await new Promise((resolve) => setImmediate(resolve));
      return ++answered === 3;
    };
    await until(ask, "three answers came");
    expect(asked).to.equal(3);
  });

  it("looks at least once, however short the limit is", async () => {
    expect(await until(() => true, "it holds", 0)).to.equal(true);
  });

  it("rejects after its limit with the expectation and the last value", async () => {
    const error = await errorOf(until(() => ({ nodes: 2 }).nodes === 3, "every node knows 3 nodes", 20));
    expect(error.message).to.equal("not within 20 ms: every node knows 3 nodes (the last value was false)");
    const nothing = await errorOf(until(async () => undefined, "there is a state", 0));
    expect(nothing.message).to.match(/there is a state \(the last value was undefined\)$/);
  });

  it("rejects at once with the condition's error", async () => {
    const fault = new Error("the server is gone");
    const began = performance.now();
    const error = await errorOf(
      until(() => {
        throw fault;
      }, "the server is there"),
    );
    expect(error).to.equal(fault);
    expect(performance.now() - began).to.be.lessThan(5_000);
  });

  it("lets other work go on meanwhile", async () => {
    let others = 0;
    const work = setInterval(() => {
      others += 1;
    }, 1);
    await until(() => others >= 5, "other work was done");
    clearInterval(work);
    expect(others).to.be.at.least(5);
  });
});
