import { expect } from "chai";
import { decode } from "../../src/inbound/decode.ts";
import { MAX_FIELDS } from "../../src/inbound/form.ts";
import { DEFAULT_MAX_VALUES, MAX_LEVELS } from "../../src/inbound/json.ts";
import type { RawRequest } from "../../src/inbound/request.ts";
import { withoutChecks } from "../../src/inbound/verify.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";
import { aRequest, channelOf } from "./posts.ts";

const channel = (read: string) =>
  channelOf(`provider: acme
title: Acme
tables: { t: {} }
channels: { main: { title: Main, read: ${read}, event: { word: { from: w, table: t } } } }
`);
const decodeRaw = (raw: RawRequest, read: string) => decode(withoutChecks(raw, channel(read)), channel(read));
const decoded = (read: string, body: string | Uint8Array) => decodeRaw(aRequest({ body }), read);
const itemsOf = (read: string, body: string | Uint8Array) => {
  const { items, problems } = decoded(read, body);
  expect(problems).to.deep.equal([]);
  return items;
};
const problemOf = (read: string, body: string | Uint8Array) => {
  const { items, problems } = decoded(read, body);
  expect(items).to.deep.equal([]);
  expect(problems).to.have.length(1);
  expect(problems[0]).to.include({ kind: "undecodable", item: null });
  return problems[0]?.message;
};

describe("decode", () => {
  it("takes a payload for one item, or finds the list of items in it", () => {
    expect(itemsOf("{}", '{"w":1}')).to.deep.equal([{ w: 1 }]);
    expect(itemsOf("{}", "[1,2]")).to.deep.equal([[1, 2]]);
    expect(itemsOf('{ each: "." }', "[1,2]")).to.deep.equal([1, 2]);
    expect(itemsOf("{ each: a.0.b }", '{"a":[{"b":[1,2]}]}')).to.deep.equal([1, 2]);
  });

  it("reads JSON from any place", () => {
    expect(itemsOf('{ from: "field:data" }', "data=%7B%22w%22%3A+%22a%2Bb%22%7D")).to.deep.equal([
      { w: "a+b" },
    ]);
    const request = aRequest({ headers: { "x-data": '{"w":1}' } });
    expect(decodeRaw(request, '{ from: "header:X-Data" }').items).to.deep.equal([{ w: 1 }]);
  });

  it("reads a form as one item of texts", () => {
    expect(itemsOf("{ as: form }", "a=10.50&b=1&b=2")).to.deep.equal([{ a: "10.50", b: ["1", "2"] }]);
    expect(itemsOf("{ as: form }", "")).to.deep.equal([{}]);
  });

  it("replaces members that are JSON text by its value, and leaves other members alone", () => {
    const read = "{ as: form, parse: [j, k, __proto__] }";
    expect(itemsOf(read, "j=%7B%22a%22%3A1%7D&k=%7B&l=1")).to.deep.equal([{ j: { a: 1 }, k: "{", l: "1" }]);
    const [item] = itemsOf(read, "__proto__=%7B%22a%22%3A1%7D");
    expect(Object.getPrototypeOf(item)).to.equal(Object.prototype);
    expect(itemsOf("{ parse: [events], each: events }", '{"events":"[1,2]"}')).to.deep.equal([1, 2]);
  });

  it("finds neither items nor problems where the list's place is empty", () => {
    expect(itemsOf('{ from: "field:data", each: "." }', "data=")).to.deep.equal([]);
    expect(itemsOf('{ each: "." }', " \n")).to.deep.equal([]);
  });

  it("accepts a byte order mark and bytes that are not UTF-8", () => {
    expect(itemsOf("{}", '\ufeff{"w":1}')).to.deep.equal([{ w: 1 }]);
    expect(itemsOf("{}", Buffer.from('{"w":"caf\xe9"}', "latin1"))).to.deep.equal([{ w: "caf\ufffd" }]);
  });

  it("names the missing part without showing the payload", () => {
    expect(problemOf("{}", "")).to.equal("body is empty");
    expect(problemOf("{}", '{"secret": tru')).to.equal("body is not JSON");
    expect(problemOf('{ from: "field:data" }', "x=1")).to.equal("the request has no field:data");
    expect(problemOf('{ each: "." }', '{"a":1}')).to.equal("the payload is not a list");
    expect(problemOf("{ each: a.b }", '{"a":{"b":"x"}}')).to.equal("the a.b is not a list");
    expect(problemOf("{ each: a.b }", "null")).to.equal("the a.b is not a list");
    expect(problemOf("{ each: constructor }", "{}")).to.equal("the constructor is not a list");
    expect(problemOf("{ as: form }", "a&".repeat(MAX_FIELDS + 1))).to.contain("more than 10000 fields");
  });

  it("reads JSON of up to 125,000 values, and refuses more", () => {
    const list = (values: number) => `[${Array(values).fill("0").join()}]`;
    expect(itemsOf("{}", list(DEFAULT_MAX_VALUES))).to.have.length(1);
    expect(problemOf("{}", list(DEFAULT_MAX_VALUES + 1))).to.equal("body holds more than 125000 values");
    expect(itemsOf("{}", JSON.stringify([",[{".repeat(DEFAULT_MAX_VALUES)]))).to.have.length(1);
  });

  it("reads JSON up to a thousand levels deep, and refuses deeper in time in proportion to it", () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(itemsOf("{}", nested(MAX_LEVELS))).to.have.length(1);
    expect(
      itemsOf("{}", JSON.stringify({ a: "[".repeat(2_000), b: `\\"${"{".repeat(2_000)}` })),
    ).to.have.length(1);
    const refuse = (body: string) =>
      expect(problemOf("{}", body)).to.equal("body is nested more than 1000 deep");
    for (const body of [nested(MAX_LEVELS + 1), `"\\"${"[".repeat(2_000)}`.slice(3)]) refuse(body);
    expect(growthOf((length) => refuse("[".repeat(length)), 1_250_000)).to.be.below(MAX_LINEAR_GROWTH);
  });
});
