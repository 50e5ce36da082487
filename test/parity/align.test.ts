import { expect } from "chai";
import fc from "fast-check";
import { align } from "../../src/parity/align.ts";

const at = (...times: number[]) => times.map((time) => ({ time }));
const timesOf = (pairs: readonly (readonly [{ time: number }, { time: number }])[]) =>
  pairs.map(([one, other]) => [one.time, other.time]);

describe("pairing two lists by time", () => {
  for (const [what, ones, others, expected] of [
    [
      "pairs each with its own",
      at(0, 100),
      at(2, 103),
      [
        [0, 2],
        [100, 103],
      ],
    ],
    ["leaves what is too far away", at(0, 100), at(2, 200), [[0, 2]]],
    ["takes the nearer of two", at(0, 8), at(9), [[8, 9]]],
    [
      "makes as many pairs as possible, though a nearer one is given up",
      at(0, 8),
      at(9, 17),
      [
        [0, 9],
        [8, 17],
      ],
    ],
    [
      "takes equal times in order",
      at(5, 5),
      at(5, 5),
      [
        [5, 5],
        [5, 5],
      ],
    ],
    ["finds nothing in an empty list", at(), at(1), []],
  ] as const)
    it(what, () => {
      expect(timesOf(align(ones, others, 10))).to.deep.equal(expected);
    });

  it("adds the difference of the clocks", () => {
    expect(timesOf(align(at(1_000), at(0), 10, 995))).to.deep.equal([[1_000, 0]]);
  });

  it("never crosses pairs, exceeds the distance or takes one twice", () => {
    const list = fc.array(fc.nat(200), { maxLength: 12 }).map((times) => at(...times.sort((a, b) => a - b)));
    fc.assert(
      fc.property(list, list, fc.nat(50), (ones, others, within) => {
        const pairs = align(ones, others, within);
        for (const [one, other] of pairs) expect(Math.abs(one.time - other.time)).to.be.at.most(within);
        const places = pairs.map(([one, other]) => [ones.indexOf(one), others.indexOf(other)] as const);
        for (const [index, [i, j]] of places.entries()) {
          const [before, beside] = places[index - 1] ?? [-1, -1];
          expect(i > before && j > beside).to.equal(true);
        }
      }),
    );
  });

  it("pairs two lists that are too long to try every combination", () => {
    const long = Array.from({ length: 1_000 }, (_, index) => ({ time: index * 100 }));
    const shifted = long.map(({ time }) => ({ time: time + 5 }));
    expect(align(long, shifted.toSpliced(500, 1), 10)).to.have.length(999);
  });
});
