import { expect } from "chai";
import { nth, only } from "./only.ts";

describe("the only element", () => {
  it("is given, also where it is undefined", () => {
    expect(only(["one"])).to.equal("one");
    expect(only([undefined])).to.equal(undefined);
  });

  it("is reported missing where there is none", () => {
    expect(() => only([])).to.throw("expected one element, found 0: []");
  });

  it("is reported with the list where there are several", () => {
    expect(() => only(["one", "two"])).to.throw("expected one element, found 2: [ 'one', 'two' ]");
  });
});

describe("the nth element", () => {
  it("is given, also where it is undefined", () => {
    expect(nth(["one", "two"], 1)).to.equal("two");
    expect(nth([undefined], 0)).to.equal(undefined);
  });

  it("is reported missing with the list where that is shorter", () => {
    expect(() => nth(["one"], 1)).to.throw("expected an element 1, found 1: [ 'one' ]");
  });
});
