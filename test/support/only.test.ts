import { expect } from "chai";
import { only } from "./only.ts";

describe("the only element", () => {
  it("is given, also where it is undefined", () => {
    expect(only(["one"])).to.equal("one");
    expect(only([undefined])).to.equal(undefined);
  });

  it("is missed with a sentence where there is none", () => {
    expect(() => only([])).to.throw("expected one element, found 0: []");
  });

  it("is missed with a sentence and the list where there are several", () => {
    expect(() => only(["one", "two"])).to.throw("expected one element, found 2: [ 'one', 'two' ]");
  });
});
