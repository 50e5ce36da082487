import { expect } from "chai";
import { maskAddress, maskAddresses } from "../../src/domain/mask.ts";

describe("a masked address", () => {
  it("shows the first letter and the domain", () => {
    expect(maskAddress("ada@example.com")).to.equal("a•••@example.com");
    expect(maskAddress("ada.lovelace+lease@example.com")).to.equal("a•••@example.com");
    expect(maskAddress("łukasz@example.com")).to.equal("ł•••@example.com");
    expect(maskAddress("𝒶da@example.com")).to.equal("𝒶•••@example.com");
  });

  it("shows no letter where there is only one", () => {
    expect(maskAddress("a@example.com")).to.equal("•••@example.com");
    expect(maskAddress("@example.com")).to.equal("•••@example.com");
    expect(maskAddress("𝒶@example.com")).to.equal("•••@example.com");
  });

  it("shows no more than the first letter before the last @, or of a text without one", () => {
    expect(maskAddress('"ada @ home"@example.com')).to.equal('"•••@example.com');
    expect(maskAddress("ada lovelace")).to.equal("a•••");
    expect(maskAddress("")).to.equal("•••");
  });
});

describe("a text with addresses", () => {
  it("has each of them masked, at any place", () => {
    expect(maskAddresses("ada@example.com and <bob@example.org>")).to.equal(
      "a•••@example.com and <b•••@example.org>",
    );
    expect(maskAddresses('{"email":"ada@example.com","cc":["bob@example.org"]}')).to.equal(
      '{"email":"a•••@example.com","cc":["b•••@example.org"]}',
    );
    expect(maskAddresses("mailto:ada@example.com?cc=bob@example.org")).to.equal(
      "mailto:a•••@example.com?cc=b•••@example.org",
    );
    expect(maskAddresses('an "ada lovelace"@example.com')).to.equal('an "•••@example.com');
  });

  it("is unchanged where no address is in it", () => {
    for (const text of ["", "no address", "@", "at @ noon", "@ada", '"@']) {
      expect(maskAddresses(text)).to.equal(text);
    }
  });

  it("is masked in time that is not quadratic in its length", () => {
    const MILLION = 1_000_000;
    for (const unit of ["a", "a@", '"']) {
      const timeFor = (length: number) => {
        const text = unit.repeat(length / unit.length);
        const times = [1, 2, 3].map(() => {
          const began = performance.now();
          maskAddresses(text);
          return performance.now() - began;
        });
        return Math.min(...times);
      };
      timeFor(MILLION / 8);
      // Eight times as long: 64 times as slow if it were quadratic. A millisecond is for the clock.
      expect(timeFor(2 * MILLION), unit).to.be.below(32 * (timeFor(MILLION / 4) + 1));
    }
  });
});
