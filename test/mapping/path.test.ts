import { expect } from "chai";
import {
  elementsAt,
  formatPath,
  MAX_FIELD_ELEMENTS,
  PathText,
  parsePath,
  type Standpoint,
  valueAt,
  valuesAt,
} from "../../src/mapping/path.ts";

const at = (item: unknown, path: string) => valuesAt({ item }, parsePath(path));
const elements = (item: unknown, path: string, single = false) =>
  elementsAt({ item }, { each: parsePath(path), single });
const items = (found: readonly Standpoint[] | null) => found?.map(({ item }) => item) ?? null;

describe("a path into lists", () => {
  const payload = {
    wanted: { id: 2 },
    fields: [
      { name: "order", value: "4711" },
      { name: "a.b", value: "x" },
      { name: "order", value: "4712" },
    ],
    sets: [
      { role: "SIGNER", people: [{ id: 1 }, { id: 2 }] },
      { role: "APPROVER", people: [{ id: 3 }] },
      { role: "NOBODY" },
    ],
    tags: ["a", "b"],
  };

  it("leads to all elements, and to all of lists in lists", () => {
    expect(at(payload, "fields[].value")).to.deep.equal(["4711", "x", "4712"]);
    expect(at(payload, "sets[].people[].id")).to.deep.equal([1, 2, 3]);
    expect(at(payload, "tags[]")).to.deep.equal(["a", "b"]);
    expect(at(payload.fields, "[].name")).to.deep.equal(["order", "a.b", "order"]);
    expect(valueAt(payload, parsePath("sets[].people[].id"))).to.equal(1);
  });

  it("leads to elements with a member that equals a text or another value of the payload", () => {
    expect(at(payload, "fields[name=order].value")).to.deep.equal(["4711", "4712"]);
    expect(at(payload, "fields[name=a.b].value")).to.deep.equal(["x"]);
    expect(at(payload, "fields[name=other].value")).to.deep.equal([]);
    expect(at(payload, "sets[].people[id={wanted.id}].id")).to.deep.equal([2]);
    expect(at(payload, "sets[].people[id={wanted.none}].id")).to.deep.equal([]);
    expect(at({ a: [{ b: { c: true } }], t: "true" }, "a[b.c={t}].b.c")).to.deep.equal([true]);
  });

  it("leads nowhere without a list, and never to inherited properties", () => {
    for (const path of [
      "wanted[].id",
      "none[].a",
      "tags[].length",
      "fields[constructor=x]",
      "sets[__proto__.a={wanted.id}]",
    ]) {
      expect(at(payload, path), path).to.deep.equal([]);
    }
    expect(at({ a: [{}], n: null }, "a[toString={n}]")).to.deep.equal([]);
  });

  it("leads out of a list again, to the element around", () => {
    const found = elements(payload, "sets[].people") ?? [];
    expect(items(found)).to.deep.equal([{ id: 1 }, { id: 2 }, { id: 3 }]);
    const read = (path: string) => found.map((from) => valuesAt(from, parsePath(path))[0]);
    expect(read("^.role")).to.deep.equal(["SIGNER", "SIGNER", "APPROVER"]);
    expect(read("^.^.wanted.id")).to.deep.equal([2, 2, 2]);
    expect(read("^.^.^.wanted")).to.deep.equal([undefined, undefined, undefined]);
    expect(read("^.people[id={wanted.id}].id")).to.deep.equal([2, 2, undefined]);
  });

  it("prefers a member whose name is the written step, since forms have such names", () => {
    expect(at({ "tags[]": "x", tags: ["a"] }, "tags[]")).to.deep.equal(["x"]);
    expect(at({ "a[b=c]": "x" }, "a[b=c]")).to.deep.equal(["x"]);
    expect(at({ "user[name]": "x" }, "user[name]")).to.deep.equal(["x"]);
    expect(at({ "^": { a: "x" } }, "\\^.a")).to.deep.equal(["x"]);
    expect(items(elements({ "tags[]": ["x", "y"] }, "tags[]"))).to.deep.equal(["x", "y"]);
  });

  it("is formatted as it was parsed", () => {
    for (const text of ["a[].b", "[]", "a[b=c.d].e", "a[b.c={d.e}]", "^.^.a", "x\\.y[].z", "user[name]"]) {
      expect(PathText.safeParse(text).success, text).to.equal(true);
      expect(formatPath(parsePath(text))).to.equal(text);
    }
    for (const text of [
      "",
      "a..b",
      "a[].",
      ".a",
      "a[b={c..d}]",
      "a[b={}]",
      "a[b={c.d]",
      "a[b={c}",
      "a[=x]",
    ]) {
      expect(PathText.safeParse(text).success, text).to.equal(false);
    }
  });
});

describe("the elements of a list", () => {
  it("are those of a list alone, or of an object where one may stand for it", () => {
    expect(items(elements([1, 2], "."))).to.deep.equal([1, 2]);
    expect(items(elements({ a: [] }, "a"))).to.deep.equal([]);
    for (const none of [{}, null, "x", 7, { a: "x" }]) expect(elements(none, "a")).to.equal(null);
    expect(elements({ a: { b: 1 } }, "a")).to.equal(null);
    expect(items(elements({ a: { b: 1 } }, "a", true))).to.deep.equal([{ b: 1 }]);
    expect(items(elements({ b: 1 }, ".", true))).to.deep.equal([{ b: 1 }]);
    expect(elements("x", ".", true)).to.equal(null);
    expect(items(elements({ a: [] }, "a[].b"))).to.equal(null);
    expect(items(elements({ a: [{ b: [1] }, {}, { b: [2] }] }, "a[].b"))).to.deep.equal([1, 2]);
  });
});

describe("look-ups in long lists", () => {
  it("look at a bounded number of elements, for a field and for all fields of an item", () => {
    const list = Array.from({ length: 50_000 }, (_, id) => ({ id }));
    const find = (id: number) => at({ list, id }, "list[id={id}].id");
    expect(find(MAX_FIELD_ELEMENTS - 1)).to.deep.equal([MAX_FIELD_ELEMENTS - 1]);
    expect(find(MAX_FIELD_ELEMENTS)).to.deep.equal([]);

    const budget = { left: 2_500 };
    const path = parsePath("list[id=0].id");
    const counts = [1, 2, 3, 4].map(() => valuesAt({ item: { list }, budget }, path).length);
    expect([counts, budget.left]).to.deep.equal([[1, 1, 1, 0], 0]);
  });

  it("leave out no element of a list that is iterated", () => {
    const list = Array.from({ length: 20_000 }, () => ({ inner: [{}, {}] }));
    expect(elements({ list }, "list[].inner")).to.have.length(40_000);
  });
});
