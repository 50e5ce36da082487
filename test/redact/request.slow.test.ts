import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { preview, toGolden } from "../../src/inbound/preview.ts";
import { redactRequest } from "../../src/redact/request.ts";
import { channelOf, shipped } from "../inbound/posts.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";

const ROOT = fileURLToPath(new URL("../fixtures/", import.meta.url));
const foldersIn = (path: string) =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** All files of a redacted capture, as one text. */
function written(redacted: ReturnType<typeof redactRequest>, golden = ""): string {
  const { body, query, headers } = redacted;
  return [body.toString("latin1"), body.toString("utf8"), query, JSON.stringify(headers), golden].join("\n");
}

describe("a redacted capture of each fixture", () => {
  for (const provider of foldersIn(ROOT)) {
    for (const name of foldersIn(`${ROOT}${provider}`)) {
      it(`${provider}/${name} makes the same events, and holds no real address`, async () => {
        const folder = `${ROOT}${provider}/${name}/`;
        const request = JSON.parse(readFileSync(`${folder}request.json`, "utf8"));
        const [file = ""] = readdirSync(folder).filter((one) => one.startsWith("body"));
        const body = readFileSync(folder + file);
        const { mapping, rules } = await shipped(provider, request.channel);
        const redacted = redactRequest({ mapping, rules, body, ...request });
        expect(redacted.isSame).to.equal(true);
        const typesOf = (given: { body: Uint8Array; query: string; headers: Record<string, string> }) =>
          preview({ mapping, rules, ...given }).items.map(({ events }) => events.map(({ type }) => type));
        expect(typesOf(redacted)).to.deep.equal(typesOf({ body, ...request }));
        const addresses = written(redacted).match(/[\w.+-]+@[\w-]+\.[a-z]{2,}/g) ?? [];
        expect(addresses.filter((one) => !/^person\d+@example\.com$/.test(one))).to.deep.equal([]);
      });
    }
  }
});

const ACME = `
provider: acme
title: Acme
channels: { main: { title: Webhook } }
verify: [{ hmac: { hash: sha256, signature: "header:x-acme-signature" } }]
event:
  word: { from: what, table: words }
  document: { id: doc.id, title: doc.name }
  signer: { id: who.id, name: who.name, email: who.email }
tables: { words: { finished: document.completed, signed: signer.signed } }
`;
const { mapping, rules } = channelOf(ACME);
const EVENT = { what: "finished", doc: { id: "d-1", name: "Garden lease" } };
const JSON_TYPE = { "content-type": "application/json" };

function redactJson(value: unknown, given: { headers?: Record<string, string>; query?: string } = {}) {
  return redactRequest({
    ...{ mapping, rules, body: Buffer.from(JSON.stringify(value)), query: "", headers: JSON_TYPE },
    ...given,
  });
}

const PDF = Buffer.from("%PDF-1.7\nthe document");

describe("redacting a request", () => {
  it("takes tokens, links, addresses and documents out of JSON members", () => {
    const redacted = redactJson({
      ...EVENT,
      meta: {
        timestamp: 1_772_442_840,
        access_token: "3f9d0c",
        callback_url: "https://bridge.example/in/a/b",
      },
      content: {
        token: "aZ91",
        signing_url: "https://sign.example/s/aZ91",
        ip: "203.0.113.9",
        PDFBytes: "JVBERi0x",
        pin: 4711,
        homeAddress: { line1: "1 Garden Road", city: "Upminster" },
        phone: "+44 20 7946 0000",
      },
    });
    for (const secret of ["3f9d0c", "aZ91", "203.0.113.9", "JVBERi", "4711", "Garden", "Upminster", "7946"])
      expect(written(redacted), secret).not.to.include(secret);
    expect(redacted.isSame).to.equal(true);
    expect(JSON.parse(redacted.body.toString()).meta.timestamp).to.equal(1_772_442_840);
  });

  it("replaces an id equally everywhere, letters by letters and digits by digits", () => {
    const id = "fa5c8a0b0f492d768749333ad6fcc214c111e967";
    const redacted = redactJson({
      ...{ what: "signed", doc: { id, name: "Lease" }, who: { id: "s-1", email: "ada@lovelace.org" } },
      links: { self: `https://api.acme.example/v1/documents/${id}?token=abc` },
      note: `see ${id}`,
      copy: JSON.stringify({ document: id, mail: "ADA@lovelace.org" }),
    });
    const body = JSON.parse(redacted.body.toString());
    expect(body.doc.id)
      .to.match(/^[0-9a-f]{40}$/)
      .and.not.equal(id);
    expect(body.links.self).to.match(new RegExp(`/documents/${body.doc.id}`));
    expect(JSON.parse(body.copy)).to.deep.equal({ document: body.doc.id, mail: body.who.email });
    expect(written(redacted)).not.to.include(id).and.not.include("abc");
  });

  it("leaves words of the mapping, times, statuses and UUIDs", () => {
    const value = {
      ...{ what: "finished", at: "2026-03-02T10:15:00.0000000Z", status: "completed", count: 3, ok: true },
      ...{ doc: { id: "6619179c-95da-4d5c-b7be-7bac0bac4088", name: "" }, none: null, type: "WORKFLOW_DONE" },
      ...{ id: "1f0a7c3e-0f1e-4a44-9f2e-b0f9f5f0c1d2", api: "https://api.acme.example/v2/documents" },
    };
    expect(JSON.parse(redactJson(value).body.toString())).to.deep.equal(value);
  });

  for (const [coding, compress] of Object.entries({
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  })) {
    it(`reads a body that came with ${coding}, and writes it without`, () => {
      const body = compress(Buffer.from(JSON.stringify({ ...EVENT, secret: "planted" })));
      const headers = { ...JSON_TYPE, "content-encoding": coding };
      const redacted = redactRequest({ mapping, rules, body, query: "", headers });
      expect(redacted.headers).to.deep.equal(JSON_TYPE);
      expect(JSON.parse(redacted.body.toString())).to.deep.include({
        what: "finished",
        secret: "redacted-1",
      });
    });
  }

  it("omits a body that it cannot unpack", () => {
    const headers = { ...JSON_TYPE, "content-encoding": "zstd" };
    const body = Buffer.from("planted");
    expect(written(redactRequest({ mapping, rules, body, query: "", headers }))).not.to.include("planted");
  });

  it("looks into fields of forms, also those that are files", () => {
    const form = [
      ...["--b", 'Content-Disposition: form-data; name="json"', "", JSON.stringify({ key: "planted-1" })],
      ...["--b", 'Content-Disposition: form-data; name="file"; filename="planted.pdf"', "", PDF.toString()],
      ...["--b", 'Content-Disposition: form-data; name="api_key"', "", "planted-2", "--b--", ""],
    ].join("\r\n");
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const redacted = redactRequest({ mapping, rules, body: Buffer.from(form), query: "", headers });
    for (const secret of ["planted", "the document"]) expect(written(redacted)).not.to.include(secret);
    const body = "what=finished&session_token=planted&data=%7B%22password%22%3A%22planted%22%7D";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const urlencoded = redactRequest({ mapping, rules, body: Buffer.from(body), query: "", headers: type });
    expect(urlencoded.body.toString()).to.include("what=finished").and.not.include("planted");
  });

  it("looks into XML and into JSON that breaks off", () => {
    for (const text of [
      "<Envelope><UserName>Ada Byron</UserName><Email>ada@x.org</Email>" +
        '<v:PDFBytes>JVBERi0x</v:PDFBytes><a token="Ada B"/></Envelope>',
      '{"what":"finished","userName":"Ada Byron","access_token":"ada@x.org","PDFBytes":"JVBERi0x","a":"Ada B',
    ]) {
      const redacted = redactRequest({ mapping, rules, body: Buffer.from(text), query: "", headers: {} });
      for (const secret of ["Byron", "ada@", "JVBER"]) expect(written(redacted)).not.to.include(secret);
    }
  });

  it("leaves only headers that say how to read, and no secret of the query", () => {
    const headers = {
      ...JSON_TYPE,
      "user-agent": "Acme/1.0 (ada@lovelace.org)",
      "x-acme-signature": "5f2b",
      "x-forwarded-for": "203.0.113.9",
    };
    const redacted = redactJson(EVENT, {
      headers,
      query: "trigger=signed&key=planted&mail=ada%40lovelace.org",
    });
    expect(redacted.headers).to.deep.equal({ ...JSON_TYPE, "user-agent": "Acme/1.0 (person1@example.com)" });
    expect(redacted.query).to.match(/^trigger=signed&key=redacted-1&mail=person1%40example.com$/);
  });

  for (const piece of ["a", "a/", "1.", ":", "a@", "=", "<a ", '"', "%41", " +1"])
    it(`takes time in proportion to a text of many ${JSON.stringify(piece)}`, () => {
      const redactLong = (count: number) => redactJson({ ...EVENT, text: piece.repeat(count) });
      expect(growthOf(redactLong, piece === "1." ? 10_000 : 50_000)).to.be.below(MAX_LINEAR_GROWTH);
    });
});

/** Secrets by their shape: found at any place, under any name. */
const SHAPED = [
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
  "3f9d0c71aa54be2207cc81f6e09b5d1472c3a6f8",
  "q9Zk2LmX7vB4nR8tW1cY6dF3",
  "ada.lovelace@analytical.example.org",
  "203.0.113.77",
  "2001:db8:85a3::8a2e:370:7334",
  "https://sign.example/s/aZ91kQ?t=7Hq2",
  "data:application/pdf;base64,JVBERi0xLjcK",
  PDF.toString("base64"),
  "+44 20 7946 0958",
];
/** Secrets by the name that they stand under. */
const NAMES = [
  ...["access_token", "accessToken", "Access-Token", "ACCESS_TOKEN", "accesstoken", "token", "refreshTokens"],
  ...["secret", "clientSecret", "api_key", "apiKey", "API-KEY", "x_api_key", "privateKey", "key", "password"],
  ...[
    "userPassword",
    "pwd",
    "signing_url",
    "signingUrl",
    "editLink",
    "download-uri",
    "ip",
    "ipAddress",
    "client_ip",
  ],
  ...[
    "PDFBytes",
    "documentBase64",
    "document_base64",
    "firstName",
    "signer_name",
    "title",
    "message",
    "phone",
  ],
  ...[
    "phoneNumber",
    "street",
    "postal_code",
    "homeAddress",
    "declineReason",
    "e-mail",
    "accessCode",
    "authorization",
  ],
];
const PLAIN = ["Zx9!kplanted", "hunter-the-planted-2", "Kröte Planted 7"];
const INNOCENT = ["note_7", "extra", "status", "data", "value", "payload", "object"];

const planted = fc.oneof(
  fc.record({ name: fc.constantFrom(...INNOCENT), secret: fc.constantFrom(...SHAPED) }),
  fc.record({ name: fc.constantFrom(...NAMES), secret: fc.constantFrom(...SHAPED, ...PLAIN) }),
);

type Wrap = (value: unknown) => unknown;
const wrap: fc.Arbitrary<Wrap> = fc.constantFrom<Wrap>(
  (value) => ({ inner: value }),
  (value) => [value, 1, null],
  (value) => ({ data: JSON.stringify(value) }),
  (value) => ({ data: JSON.stringify(JSON.stringify(value)) }),
  (value) => ({ data: Buffer.from(JSON.stringify(value)).toString("base64") }),
  (value) => ({ data: encodeURIComponent(JSON.stringify(value)) }),
);

/** Each way of writing a body, with its headers. */
const writing = fc.constantFrom<(value: object) => { body: Buffer; headers: Record<string, string> }>(
  (value) => ({ body: Buffer.from(JSON.stringify(value)), headers: JSON_TYPE }),
  (value) => ({ body: Buffer.from(JSON.stringify(value, null, 2)), headers: {} }),
  (value) => ({
    body: gzipSync(JSON.stringify(value)),
    headers: { ...JSON_TYPE, "content-encoding": "gzip" },
  }),
  (value) => ({
    body: Buffer.from(`a=1&data=${encodeURIComponent(JSON.stringify(value))}`),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  }),
  (value) => ({
    body: Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n${JSON.stringify(value)}\r\n--b--\r\n`,
    ),
    headers: { "content-type": "multipart/form-data; boundary=b" },
  }),
);

describe("planted secrets", () => {
  it("survive in no file of a redacted capture, at any place and in any encoding", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(planted, fc.array(wrap, { maxLength: 4 })), { minLength: 1, maxLength: 5 }),
        writing,
        fc.constantFrom("", "query", "text"),
        (plants, write, elsewhere) => {
          const members = plants.map(([{ name, secret }, wraps], index) => [
            `at${index}`,
            wraps.reduce<unknown>((value, around) => around(value), { [name]: secret }),
          ]);
          const [{ name, secret }] = plants[0] ?? [{ name: "", secret: "" }];
          const text = elsewhere === "text" ? { info: `it was ${secret} and more` } : {};
          const query = elsewhere === "query" ? new URLSearchParams({ [name]: secret }).toString() : "";
          const { body, headers } = write({ ...EVENT, ...Object.fromEntries(members), ...text });
          const redacted = redactRequest({ mapping, rules, body, query, headers });
          const golden = toGolden(preview({ mapping, rules, ...redacted }));
          for (const { secret: one } of plants.map(([plant]) => plant)) {
            const traces = [
              one,
              encodeURIComponent(one),
              JSON.stringify(one).slice(1, -1),
              Buffer.from(one).toString("base64url").slice(4, -4),
            ];
            const all = written(redacted, golden);
            for (const trace of traces) if (trace.length > 5) expect(all).not.to.include(trace);
          }
          expect(redacted.isSame).to.equal(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
