import { expect } from "chai";
import fc from "fast-check";
import { decodingForm, firstValue, MAX_FIELDS, toPayload } from "../../src/inbound/form.ts";
import { boundaryOf, decodeMultipart } from "../../src/inbound/multipart.ts";
import { atOnce } from "../../src/inbound/steps.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";

const decodeForm = (body: Uint8Array) => atOnce(decodingForm(body));
const fieldsOf = (body: string | Uint8Array) =>
  decodeForm(Buffer.from(body)).fields.map(({ name, value }) => [name, Buffer.from(value).toString("utf8")]);

describe("a form", () => {
  it("reads a plus as a space, and an escaped plus as a plus", () => {
    expect(fieldsOf("a=1+2%2B3%20+%26%3D")).to.deep.equal([["a", "1 2+3  &="]]);
    expect(fieldsOf("a+b%2B=c")).to.deep.equal([["a b+", "c"]]);
  });

  it("keeps repeated names, in the order sent", () => {
    const form = decodeForm(Buffer.from("a=1&b=2&a=3"));
    expect(form.fields.map(({ name, value }) => name + value)).to.deep.equal(["a1", "b2", "a3"]);
    expect(String(firstValue(form, "a"))).to.equal("1");
    expect(firstValue(form, "c")).to.equal(null);
    expect(toPayload(form)).to.deep.equal({ a: ["1", "3"], b: "2" });
  });

  it("has no byte order mark in its first name, and keeps one anywhere else", () => {
    expect(fieldsOf("\ufeffa=1&b=\ufeff2")).to.deep.equal([
      ["a", "1"],
      ["b", "\ufeff2"],
    ]);
    expect(fieldsOf("\ufeff")).to.deep.equal([]);
  });

  it("leaves text that looks like a number unchanged", () => {
    expect(toPayload(decodeForm(Buffer.from("a=10.50&b=007&c=1e3&d=")))).to.deep.equal({
      a: "10.50",
      b: "007",
      c: "1e3",
      d: "",
    });
  });

  it("keeps bytes that are not UTF-8", () => {
    const form = decodeForm(Buffer.from("a=caf%E9&b=caf\xe9", "latin1"));
    expect(firstValue(form, "a")).to.deep.equal(Buffer.from("caf\xe9", "latin1"));
    expect(firstValue(form, "b")).to.deep.equal(Buffer.from("caf\xe9", "latin1"));
    expect(toPayload(form)).to.deep.equal({ a: "caf\ufffd", b: "caf\ufffd" });
  });

  it("leaves a percent sign without an escape unchanged", () => {
    expect(fieldsOf("a=100%&b=%zz&c=%4&d=%%41&e=%4g")).to.deep.equal([
      ["a", "100%"],
      ["b", "%zz"],
      ["c", "%4"],
      ["d", "%A"],
      ["e", "%4g"],
    ]);
  });

  it("accepts fields without a value or a name, and skips empty ones", () => {
    expect(fieldsOf("&a&&=x&b=1=2&")).to.deep.equal([
      ["a", ""],
      ["", "x"],
      ["b", "1=2"],
    ]);
    expect(fieldsOf("")).to.deep.equal([]);
  });

  it("treats names of inherited properties like any other", () => {
    const payload = toPayload(decodeForm(Buffer.from("__proto__=x&constructor=y&toString=z")));
    expect(Object.keys(payload)).to.deep.equal(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(payload)).to.equal(Object.prototype);
  });

  it("reads back the output of URLSearchParams", () => {
    const pairs = fc.array(
      fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" })),
    );
    fc.assert(
      fc.property(pairs, (written) => {
        expect(fieldsOf(new URLSearchParams(written).toString())).to.deep.equal(written);
      }),
    );
  });

  it("is read in time in proportion to its length", () => {
    for (const [before, piece] of [
      ["data=", "%5B+x"],
      ["", "a&"],
      ["a=", "%"],
    ] as const) {
      const bodies = (length: number) => Buffer.from(before + piece.repeat(length / piece.length));
      expect(
        growthOf((length) => decodeForm(bodies(length)), 1_250_000),
        piece,
      ).to.be.below(MAX_LINEAR_GROWTH);
    }
  });

  it("decodes a long value in steps, whatever falls on the border between two", () => {
    const steps = decodingForm(Buffer.from(`data=${"%41+".repeat(1_000_000)}&b=%42`));
    let turns = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) turns += 1;
    expect(turns).to.be.within(3, 8);
    expect(step.value.fields.map(({ value }) => Buffer.from(value).toString())).to.deep.equal([
      "A ".repeat(1_000_000),
      "B",
    ]);
  });

  it("stops at too many fields, and says so", () => {
    expect(decodeForm(Buffer.from("a&".repeat(MAX_FIELDS)))).to.include({ cut: false });
    const form = decodeForm(Buffer.from("a&".repeat(MAX_FIELDS + 1)));
    expect(form.cut).to.equal(true);
    expect(form.fields).to.have.length(MAX_FIELDS);
  });
});

describe("decodeMultipart", () => {
  const part = (name: string, value: string) =>
    `--B\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: text/plain\r\n\r\n${value}\r\n`;
  const fieldsOf = (body: string) =>
    decodeMultipart(Buffer.from(body, "latin1"), "B").fields.map(({ name, value }) => [
      name,
      Buffer.from(value).toString("latin1"),
    ]);

  it("reads each value byte for byte, line ends included", () => {
    expect(
      fieldsOf(`preamble\r\n${part("a", "x\r\n--\r\n+%2B\xe9")}${part("a", "")}--B--\r\n`),
    ).to.deep.equal([
      ["a", "x\r\n--\r\n+%2B\xe9"],
      ["a", ""],
    ]);
  });

  it("reads the complete parts of a truncated body, and none of another type", () => {
    expect(fieldsOf(`${part("a", "1")}${part("b", "2")}`)).to.deep.equal([["a", "1"]]);
    expect(fieldsOf("a=1&b=2")).to.deep.equal([]);
    expect(fieldsOf("--B\r\nno name\r\n\r\nx\r\n--B--")).to.deep.equal([]);
  });

  it("accepts headers in any order and case, folded, with unquoted and extended names", () => {
    const value = (head: string, body = "x") => fieldsOf(`--B\r\n${head}\r\n\r\n${body}\r\n--B--`)[0];
    for (const head of [
      "Content-Disposition: form-data; name=json",
      "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=json",
      "CONTENT-DISPOSITION:form-data;NAME=json",
      "Content-Disposition: form-data;\r\n\tname=json",
      'Content-Disposition: form-data\r\n ; name\r\n = "json"',
      'Content-Disposition: form-data; filename="a;name=b"; name="json"',
      "Content-Disposition: form-data; name*=utf-8''json",
      "Content-Disposition: form-data; name*=UTF-8'en'js%6Fn; name=other",
      "Content-Disposition: form-data; name*=klingon'en'x; name=json",
      'Content-Disposition: form-data; name="json"; name="other"',
    ]) {
      expect(value(head), head).to.deep.equal(["json", "x"]);
    }
    expect(value('Content-Disposition: form-data; name="a\\"b"')).to.deep.equal(['a"b', "x"]);
    expect(value("Content-Disposition: form-data; filename=name")).to.equal(undefined);
    const encoded = (way: string) =>
      `Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: ${way}`;
    for (const way of ["7bit", "8bit", "binary", "x-other"])
      expect(value(encoded(way), "a=41")).to.deep.equal(["a", "a=41"]);
    expect(value(encoded("BASE64"), "aGVs\r\nbG8=")).to.deep.equal(["a", "hello"]);
    expect(value(encoded("quoted-printable"), "h=65l=\r\nlo=3D")).to.deep.equal(["a", "hello="]);
  });

  it("accepts white space after a delimiter, and skips preamble and epilogue", () => {
    const inner = 'Content-Disposition: form-data; name="a"\r\n\r\n1';
    expect(
      fieldsOf(`a preamble\r\n--Bar\r\n\r\n--B \t\r\n${inner}\r\n--B--  \r\n${part("z", "2")}`),
    ).to.deep.equal([["a", "1"]]);
    expect(fieldsOf(`--B\r\n${inner}\r\n--Bx\r\n--B--`)).to.deep.equal([["a", "1\r\n--Bx"]]);
  });

  it("takes time in proportion to the length of the body", () => {
    const quoted =
      "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
    const bodies: Record<string, (size: number) => string> = {
      delimiters: (size) => "\r\n--B".repeat(size),
      parameters: (size) =>
        `--B\r\nContent-Disposition: form-data; ${"name; ".repeat(size)}\r\n\r\nx\r\n--B--`,
      quoted: (size) => `${quoted}${" ".repeat(2 * size)}${"= ".repeat(size)}\r\n--B--`,
      headers: (size) => `--B\r\n${"a: b\r\n ".repeat(size)}\r\n\r\nx\r\n--B--`,
    };
    for (const [name, body] of Object.entries(bodies))
      expect(
        growthOf((size) => fieldsOf(body(size)), 400_000),
        name,
      ).to.be.below(MAX_LINEAR_GROWTH);
  });

  it("finds the boundary that the content type names", () => {
    expect(boundaryOf("multipart/form-data; boundary=B")).to.equal("B");
    expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).to.equal("a b");
    for (const text of [
      "boundary=B ",
      'boundary="B"',
      'boundary="B "',
      "BOUNDARY = B ; x=y",
      'a="boundary=C"; boundary=B',
    ])
      expect(boundaryOf(`multipart/form-data; ${text}`), text).to.equal("B");
    for (const other of [
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "multipart/mixed; boundary=B",
      "",
    ]) {
      expect(boundaryOf(other)).to.equal(null);
    }
  });
});
