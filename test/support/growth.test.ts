import { expect } from "chai";
import { growthOf, MAX_LINEAR_GROWTH } from "./growth.ts";

describe("the growth of a work's time", () => {
  const spin = (turns: number) => {
    let sum = 0;
    for (let turn = 0; turn < turns; turn += 1) sum = (sum + turn) % 1_000_003;
    return sum;
  };

  it("is below the limit where the time is in proportion to the size", () => {
    expect(growthOf((size) => spin(size), 2_000_000)).to.be.below(MAX_LINEAR_GROWTH);
  });

  it("is above the limit where the time grows with the square of the size", () => {
    expect(growthOf((size) => spin(size * size), 1_500)).to.be.above(MAX_LINEAR_GROWTH);
  });
});
