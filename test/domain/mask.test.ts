import { expect } from "chai";
import { maskAddress, maskAddresses } from "../../src/domain/mask.ts";

describe("a masked address", () => {
  it("keeps the first letter and the domain", () => {
    expect(maskAddress("ada@example.com")).to.equal("a•••@example.com");
    expect(maskAddress("ada.lovelace+lease@example.com")).to.equal("a•••@example.com");
    expect(maskAddress("łukasz@example.com")).to.equal("ł•••@example.com");
    expect(maskAddress("𝒶da@example.com")).to.equal("𝒶•••@example.com");
  });

  it("keeps no letter where there is only one", () => {
    expect(maskAddress("a@example.com")).to.equal("•••@example.com");
    expect(maskAddress("@example.com")).to.equal("•••@example.com");
    expect(maskAddress("𝒶@example.com")).to.equal("•••@example.com");
  });

  it("shows nothing before the last @, and of what is no address its first letter alone", () => {
    expect(maskAddress('"ada @ home"@example.com')).to.equal('"•••@example.com');
    expect(maskAddress("ada lovelace")).to.equal("a•••");
    expect(maskAddress("")).to.equal("•••");
  });
});

describe("a text with addresses", () => {
  it("has each of them masked, wherever it stands", () => {
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

  it("is left alone where nothing stands before an @", () => {
    for (const text of ["", "no address", "@", "at @ noon", "@ada", '"@']) {
      expect(maskAddresses(text)).to.equal(text);
    }
  });

  it("is masked in time that grows with its length alone", () => {
    const began = performance.now();
    for (const text of ["a".repeat(2_000_000), "a@".repeat(1_000_000), '"'.repeat(2_000_000)])
      maskAddresses(text);
    expect(performance.now() - began).to.be.below(5_000);
  });
});
