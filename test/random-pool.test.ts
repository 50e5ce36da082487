import { expect } from "chai";
import { createRandomPool } from "../src/random-pool.ts";

describe("a pool of random bytes", () => {
  it("gives out each byte once, and draws again when too few are left", () => {
    let drawn = 0;
    const next = createRandomPool((length) => {
      drawn += 1;
      return new Uint8Array(length).fill(drawn);
    });
    const pieces = Array.from({ length: 820 }, () => next(10));
    expect(drawn).to.equal(2);
    const offsets = pieces.map(({ buffer, byteOffset }) => `${pieces[0]?.buffer === buffer} ${byteOffset}`);
    expect(new Set(offsets).size).to.equal(820);
    expect(pieces.map((piece) => piece.length)).to.deep.equal(pieces.map(() => 10));
    expect([...new Set(pieces.flatMap((piece) => [...piece]))]).to.deep.equal([1, 2]);
  });
});
