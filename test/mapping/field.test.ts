import { expect } from "chai";
import { compileStatus, compileText, compileTime, type Scope } from "../../src/mapping/field.ts";
import type { TextField, TimeField } from "../../src/mapping/field-schema.ts";
import { parsePath, valueAt } from "../../src/mapping/path.ts";
import { compilePattern, MAX_TEXT_LENGTH, PatternText } from "../../src/mapping/pattern.ts";
import { formatPlace } from "../../src/mapping/request-place.ts";

const scope = (item: unknown, places: Record<string, string> = {}): Scope => ({
  item,
  textAt: (place) => places[formatPlace(place)] ?? null,
});
const text = (file: TextField, item: unknown, places = {}) => compileText(file).read(scope(item, places));
const time = (file: TimeField, item: unknown) => compileTime(file).read(scope(item));

describe("a path", () => {
  const payload = { a: { b: [{ c: 1 }, { c: 2 }] }, "x.y": 3, "": 4 };

  it("leads through maps and lists", () => {
    expect(valueAt(payload, parsePath("a.b.1.c"))).to.equal(2);
    expect(valueAt(payload, parsePath("x\\.y"))).to.equal(3);
    expect(valueAt(payload, parsePath("."))).to.equal(payload);
  });

  it("leads nowhere where no value is", () => {
    for (const path of ["a.x", "a.b.2", "a.b.-1", "a.b.0.c.d", "x.y"])
      expect(valueAt(payload, parsePath(path))).to.equal(undefined);
    expect(valueAt(null, ["a"])).to.equal(undefined);
  });

  it("never leads to inherited or built-in properties of objects, lists and texts", () => {
    for (const path of [
      "__proto__",
      "constructor",
      "constructor.name",
      "a.toString",
      "a.b.length",
      "a.b.map",
    ]) {
      expect(valueAt(payload, parsePath(path))).to.equal(undefined);
    }
    expect(valueAt("text", ["length"])).to.equal(undefined);
    expect(valueAt(JSON.parse('{"__proto__":{"a":1}}'), ["a"])).to.equal(undefined);
  });
});

describe("a text field", () => {
  it("is the text, number or truth value at its path, and nothing else", () => {
    expect(text("a", { a: "x" })).to.equal("x");
    expect(text("a", { a: 40 })).to.equal("40");
    expect(text("a", { a: false })).to.equal("false");
    for (const a of ["", null, undefined, {}, [], [{}]]) expect(text("a", { a })).to.equal(null);
  });

  it("is the first of a list, and can be all of it", () => {
    expect(text("a", { a: [null, "x", "y"] })).to.equal("x");
    expect(compileText("a").readAll(scope({ a: ["x", "", 7] }))).to.deep.equal(["x", "7"]);
  });

  it("is the first alternative that has a value", () => {
    const field: TextField = ["a", { path: "b", pattern: "^#(.+)" }, { place: "query:c" }, { value: "none" }];
    expect(text(field, { a: "", b: "#2" })).to.equal("2");
    expect(text(field, { b: "2" }, { "query:c": "3" })).to.equal("3");
    expect(text(field, {})).to.equal("none");
    expect(compileText(field).label).to.equal("a | b | query:c | a constant");
  });

  it("joins the parts that have a value", () => {
    const field: TextField = { join: ["first", { path: "last", as: "lowercase" }], with: " " };
    expect(text(field, { first: "Ada", last: "LOVELACE" })).to.equal("Ada lovelace");
    expect(text(field, { last: "LOVELACE" })).to.equal("lovelace");
    expect(text(field, {})).to.equal(null);
  });

  it("applies the pattern, then the transform, then the table of values", () => {
    expect(
      text({ path: "a", pattern: "(?:x|y)=(\\w+)", as: "lowercase", values: { on: "1" } }, { a: "y=ON" }),
    ).to.equal("1");
    expect(text({ path: "a", pattern: "\\d+" }, { a: "no. 12" })).to.equal("12");
    expect(text({ path: "a", values: { on: "1" } }, { a: "off" })).to.equal(null);
    expect(text({ path: "a", values: { on: "1" } }, { a: "constructor" })).to.equal(null);
  });

  it("reads truth values in several spellings", () => {
    const read = (a: unknown) => text({ path: "a", as: "boolean" }, { a });
    for (const yes of [true, "true", "True", 1, "1", "yes"]) expect(read(yes)).to.equal("true");
    for (const no of [false, "FALSE", 0, "0", "no"]) expect(read(no)).to.equal("false");
    expect(read("maybe")).to.equal(null);
  });

  it("can be a signer's status", () => {
    const status = compileStatus([
      { path: "ok", as: "boolean", values: { true: "signed" } },
      { path: "s", values: { NO: "declined" } },
    ]);
    expect(status.read(scope({ ok: true, s: "NO" }))).to.equal("signed");
    expect(status.read(scope({ ok: false, s: "NO" }))).to.equal("declined");
    expect(status.read(scope({ ok: false, s: "?" }))).to.equal(null);
  });
});

describe("a time field", () => {
  const AT = Date.UTC(2022, 6, 11, 7, 29, 6);

  it("reads milliseconds and seconds, as numbers and as digits", () => {
    expect(time({ path: "a", as: "milliseconds" }, { a: AT })).to.equal(AT);
    expect(time({ path: "a", as: "milliseconds" }, { a: String(AT) })).to.equal(AT);
    expect(time({ path: "a", as: "seconds" }, { a: AT / 1000 })).to.equal(AT);
    expect(time({ path: "a", as: "seconds" }, { a: `${AT / 1000}.25` })).to.equal(AT + 250);
  });

  it("reads ISO 8601, in UTC where there is no offset", () => {
    const read = (a: string) => time({ path: "a", as: "iso" }, { a });
    for (const same of [
      "2022-07-11T07:29:06Z",
      "2022-07-11T07:29:06",
      "2022-07-11 07:29:06",
      "2022-07-11T07:29:06.000+00:00",
      "2022-07-11T09:29:06+02:00",
      "2022-07-11T02:59:06-0430",
      "2022-07-11T09:29:06+02",
      "2022-07-11t07:29:06z",
    ])
      expect(read(same), same).to.equal(AT);
    expect(read("2022-07-11T07:29:06.123456Z")).to.equal(AT + 123);
    expect(read("2022-07-11T07:29Z")).to.equal(AT - 6000);
    expect(read("2022-07-11")).to.equal(Date.UTC(2022, 6, 11));
  });

  it("is NaN for a value that is no such time, and null for none", () => {
    for (const a of [
      "soon",
      "2022-02-30T00:00:00Z",
      "2022-13-01",
      "2022-07-11T25:00:00Z",
      "11/07/2022",
      7,
      true,
    ]) {
      expect(time({ path: "a", as: "iso" }, { a }), String(a)).to.be.NaN;
    }
    for (const a of ["1e3", "+5", "0x10", " 5", -1, 1e17, Number.NaN, "12345678901234567890"]) {
      expect(time({ path: "a", as: "milliseconds" }, { a }), String(a)).to.be.NaN;
    }
    for (const a of [null, "", undefined, {}]) expect(time({ path: "a", as: "iso" }, { a })).to.equal(null);
  });

  it("prefers an alternative that can be read", () => {
    const field: TimeField = [
      { path: "a", as: "milliseconds" },
      { path: "a", as: "iso" },
    ];
    expect(time(field, { a: "2022-07-11T07:29:06Z" })).to.equal(AT);
    expect(time(field, { a: AT })).to.equal(AT);
    expect(time(field, { a: "soon" })).to.be.NaN;
  });
});

describe("a pattern", () => {
  it("is refused when it repeats a group that repeats or chooses", () => {
    for (const bad of ["(a+)+", "(a*)*$", "(?:a|b)*", "((a{1,})x)+", "(a?a?){9}", "(?<n>\\d+)*", "([+]+)+"]) {
      expect(PatternText.safeParse(bad).success, bad).to.equal(false);
    }
    for (const good of [
      "(a+)(b+)",
      "[(+]+",
      "(a|b)?",
      "\\(a+\\)+",
      "/(document|signer)s?/[^ ]*(?: status)?$",
      "(?:ab)+",
    ]) {
      expect(PatternText.safeParse(good).success, good).to.equal(true);
    }
  });

  it("is not applied to texts that are too long", () => {
    const take = compilePattern("(b?)$");
    expect(take(`${"a".repeat(MAX_TEXT_LENGTH - 1)}b`)).to.equal("b");
    expect(take(`${"a".repeat(MAX_TEXT_LENGTH)}b`)).to.equal(null);
  });
});
