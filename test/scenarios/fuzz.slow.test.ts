import { createHmac } from "node:crypto";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { DONE, hmac, startAcme } from "../inbound/acme.ts";
import { aRequest, fixture, read, shipped } from "../inbound/posts.ts";
import {
  type Answer,
  type Bridge,
  configText,
  FORM,
  signedByLumin,
  startBridge,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";
import { nth } from "../support/only.ts";

/**
 * Bad input over the way in as a provider would send it: genuine, and nonsense. Whatever comes, the answer is
 * 200 with a receipt (or 401 where the signature is part of the nonsense), and what was wrong is named.
 */

const SECRET = "a-secret-of-the-provider";
const CHANNELS = `      realtime: { secrets: ["${SECRET}"] }
  dropbox:
    mapping: dropbox-sign
    channels: { account: { secrets: ["${SECRET}"] } }
  docusign:
    mapping: docusign
    channels: { connect: { secrets: ["${SECRET}"] } }
destinations: {}`;

const digestOf = (text: string | Uint8Array, encoding: "hex" | "base64") =>
  createHmac("sha256", SECRET).update(text).digest(encoding);

type Body = string | Uint8Array;

/** How each channel's provider would send a body, with a genuine signature. */
const SENDERS: Readonly<Record<string, (bridge: Bridge, body: Body) => Promise<Answer>>> = {
  lumin: (bridge, body) => bridge.post("/in/lumin/account", body, signedByLumin(body)),
  upon: (bridge, body) => bridge.post(`/in/legalesign/upon?trigger=signed&token=${TOKEN}`, body, FORM),
  batch: (bridge, body) => bridge.post(`/in/legalesign/batch/${TOKEN}`, body, FORM),
  realtime: (bridge, body) =>
    bridge.post("/in/legalesign/realtime", body, { "x-hmac-sha256": digestOf(body, "hex") }),
  docusign: (bridge, body) =>
    bridge.post("/in/docusign/connect", body, { "x-docusign-signature-1": digestOf(body, "base64") }),
};

const SEED = 20_261_121;

/**
 * Unusual JSON: great numbers, halves of surrogate pairs, names of inherited properties.
 */
const anyKey = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "length", "", "event", "data"),
  fc.string({ unit: "binary" }),
);
const anyNumber = fc.constantFrom(
  "1e400",
  "-1e400",
  "12345678901234567890",
  "1e-400",
  "-0",
  "9007199254740993",
);
const anyScalar = fc.oneof(
  fc.jsonValue({ maxDepth: 0 }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"a\\u0000b"'),
  anyNumber,
);
const { anyJson } = fc.letrec<{ anyJson: string }>((tie) => ({
  anyJson: fc.oneof(
    { maxDepth: 4, depthIdentifier: "json" },
    anyScalar,
    fc.array(tie("anyJson"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(anyKey, tie("anyJson")), { maxLength: 4 })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`),
  ),
}));

const anyForm = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom("data", "signed", "json_signed", "uuid", "event", "tag", "__proto__"), anyKey),
      fc.oneof(anyJson, fc.string({ unit: "binary" })),
    ),
    { maxLength: 6 },
  )
  .map((fields) =>
    fields.map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join("=")).join("&"),
  );

const anyBody: fc.Arbitrary<Body> = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  anyJson,
  anyForm,
  anyJson.map((json) => `data=${encodeURIComponent(json.toWellFormed())}`),
);

/** A good post, and the fields that an event needs of it, as a problem names them. */
const NEEDED: readonly { sender: string; body: () => string; fields: Readonly<Record<string, string>> }[] = [
  {
    sender: "lumin",
    body: () => String(fixture("lumin/signed/body.json")),
    fields: {
      "event.event_type": "event.event_type",
      "event.event_time": "event.event_time",
      "signature_request.signature_request_id": "signature_request.signature_request_id",
    },
  },
  {
    sender: "realtime",
    body: () => String(fixture("legalesign/realtime-document-created/body.json")),
    fields: { event: "object + event", created: "created" },
  },
  {
    sender: "docusign",
    body: () => String(fixture("docusign/envelope-sent/body.json")),
    fields: { event: "event" },
  },
];

describe("the way in, whatever comes", function () {
  this.timeout(60_000);
  let bridge: Bridge;
  before(async () => {
    bridge = await startBridge(configText(CHANNELS));
  });
  after(tidy);

  const expectReceipt = ({ status, body }: Answer) => {
    expect([status, typeof body === "object" && body.error]).to.deep.equal([200, undefined]);
    expect(body.receipt).to.match(/^rcp_/);
  };

  for (const [name, send] of Object.entries(SENDERS)) {
    it(`stores a receipt of any genuine post: ${name}`, async () => {
      const property = fc.asyncProperty(anyBody, async (body) => expectReceipt(await send(bridge, body)));
      await fc.assert(property, { seed: SEED, numRuns: 60 });
    });
  }

  it("answers 200 or 401 where the signature is part of the payload: dropbox", async () => {
    const property = fc.asyncProperty(anyJson, fc.boolean(), async (json, genuine) => {
      const event = `{"event_time":"1","event_type":"x","event_hash":"${digestOf("1x", "hex")}"}`;
      const signed = `{"event":${event},"signature_request":${json}}`;
      const text = encodeURIComponent((genuine ? signed : json).toWellFormed());
      const { status, body } = await bridge.post("/in/dropbox/account", `json=${text}`, FORM);
      if (genuine) expect([status, body]).to.deep.equal([200, "Hello API Event Received"]);
      else expect([200, 401]).to.include(status);
    });
    await fc.assert(property, { seed: SEED, numRuns: 60 });
  });

  const wrong = fc.constantFrom<unknown>(null, {}, [], "", [[]], { a: 1 });
  for (const { sender, body, fields } of NEEDED) {
    for (const [path, label] of Object.entries(fields)) {
      it(`names the field where ${sender}'s ${path} is invalid`, async () => {
        const property = fc.asyncProperty(wrong, async (value) => {
          const answer = await SENDERS[sender]?.(
            bridge,
            JSON.stringify(withAt(JSON.parse(body()), path, value)),
          );
          if (!answer) throw new Error("nothing was sent");
          expectReceipt(answer);
          expect(answer.body.problem).to.include(label);
        });
        await fc.assert(property, { seed: SEED, numRuns: 8 });
      });
    }
  }

  it("distinguishes documents whose ids are numbers too great for a double", async () => {
    const post = (id: string) => {
      const event = `{"event_type":"signature_request_created","event_time":1694664207595}`;
      const body = `{"event":${event},"signature_request":{"signature_request_id":${id}}}`;
      return bridge.post("/in/lumin/account", body, signedByLumin(body));
    };
    for (const id of ["12345678901234567890", "12345678901234567891"]) {
      expect((await post(id)).body).to.include({ events: 1, duplicates: 0 });
      expect((await bridge.admin(`/api/v1/documents/${id}`)).status).to.equal(200);
    }
  });

  it("lists receipts that could not be read, with problems and bytes", async () => {
    const own = await startBridge(configText(CHANNELS));
    const sent = ["", "{", "[1", '"x', "nul"];
    for (const body of sent) await own.post("/in/lumin/account", body, signedByLumin(body));
    const { items } = (await own.admin("/api/v1/receipts?order=oldest&problems=true")).body;
    expect(items).to.have.length(sent.length);
    const bodies: string[] = [];
    for (const { id, problems } of items) {
      expect(problems[0].message).to.be.a("string");
      bodies.push(String(Buffer.from((await own.admin(`/api/v1/receipts/${id}`)).body.body, "base64")));
    }
    expect(bodies).to.have.members(sent);
  });

  it("records ten thousand items of one batch, names the first bad one and counts the rest", async () => {
    const items = Array.from({ length: 10_000 }, (_, index) => ({
      value: "40",
      timestamp: index % 1_000 === 0 ? "soon" : "2022-07-11T07:29:06",
      resource_uri: `/api/v1/signer/s-${index}/`,
    }));
    const body = new URLSearchParams({ data: JSON.stringify(items) }).toString();
    const answer = await SENDERS.batch?.(bridge, body);
    expect(answer?.body).to.include({
      events: 9_990,
      problem: "item 0: timestamp is not a time (and 9 more)",
    });
  });

  it("refuses lists as deep as a body is long", async () => {
    for (const body of ["[".repeat(4_000_000), `${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`]) {
      const answer = await SENDERS.lumin?.(bridge, body);
      expect(answer?.body.problem).to.equal("body is nested more than 1000 deep");
    }
  });
});

/**
 * Unusual content types and codings, and bodies that are truncated, bombs or of another type than they
 * say.
 */
const anyType = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "*/*",
        "",
      ),
      fc.array(
        fc.constantFrom(
          "charset=klingon",
          "charset=utf-16",
          "charset=utf-7",
          'charset="',
          "charset=",
          "charset=x-user-defined",
          "charset=__proto__",
          "charset=iso-2022-jp",
          "boundary=B",
          'boundary="B "',
          "boundary=",
          `boundary=${"B".repeat(300)}`,
          'boundary="\\',
          "boundary*=utf-8''B",
          "=;=",
        ),
        { maxLength: 4 },
      ),
    )
    .map(([type, parameters]) => [type, ...parameters].join("; ")),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
);
const PACKERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};
const anyCodings = fc.array(fc.constantFrom("gzip", "deflate", "br"), { minLength: 1, maxLength: 3 });
const anyContent = fc.oneof(
  { arbitrary: anyBody.map((body) => Buffer.from(body)), weight: 8 },
  { arbitrary: fc.constantFrom(Buffer.alloc(40 * 1_024 ** 2), Buffer.alloc(6 * 1_024 ** 2, "[")), weight: 1 },
);
/** A compressed body, whole, cut off, with a byte changed, or with something behind it. */
const anyPacked = fc
  .tuple(anyCodings, anyContent, fc.constantFrom("whole", "cut", "changed", "longer"), fc.nat())
  .map(([codings, content, fault, at]) => {
    const packed = Buffer.from(
      codings.reduce<Uint8Array>((bytes, coding) => PACKERS[coding]?.(bytes) ?? bytes, content),
    );
    if (fault === "cut") return { codings, body: packed.subarray(0, at % packed.length) };
    if (fault === "changed") packed[at % packed.length] = at % 251;
    return { codings, body: fault === "longer" ? Buffer.concat([packed, content.subarray(0, 100)]) : packed };
  });
const anyParts = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'Content-Disposition: form-data; name="data"',
        "content-disposition:form-data;name=data",
        "Content-Disposition: form-data; name*=klingon'x'%ff",
        "Content-Disposition: form-data;\r\n name=data",
        'Content-Disposition: form-data; name="',
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Type: text/plain; charset=utf-16",
        ": :",
        "",
      ),
      fc.constantFrom("\r\n", "\r\n\r\n", "\n\n", ""),
      fc.oneof(anyJson, fc.constantFrom("\r\n--B", "\r\n--B--", "--B", "=\r\n", "= ".repeat(50_000))),
    ),
    { maxLength: 5 },
  )
  .map((parts) => Buffer.from(`--B\r\n${parts.flat().join("")}\r\n--B--`));

describe("the door, whatever comes", function () {
  this.timeout(60_000);
  let bridge: Bridge;
  before(async () => {
    bridge = await startBridge(configText(CHANNELS));
  });
  after(tidy);

  const PATHS = [`/in/legalesign/upon?token=${TOKEN}`, `/in/legalesign/batch/${TOKEN}`, "/in/lumin/account"];
  const post = (path: string, body: Uint8Array, headers: Record<string, string>) =>
    bridge.post(path, body, path.includes("lumin") ? { ...signedByLumin(body), ...headers } : headers);

  it("answers 200 to a genuine body in any charset, or in none", async () => {
    const anyBytes = fc.oneof(
      anyParts,
      anyBody.map((body) => Buffer.from(body)),
    );
    const property = fc.asyncProperty(
      anyType,
      anyBytes,
      fc.constantFrom(...PATHS),
      async (type, bytes, path) => {
        const { status, body } = await post(path, bytes, { "content-type": type });
        expect([status, body.error]).to.deep.equal([200, undefined]);
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it("answers 200 or 413 to a genuine body that is compressed, cut off or a bomb", async () => {
    const property = fc.asyncProperty(
      anyPacked,
      fc.constantFrom(...PATHS),
      async ({ codings, body }, path) => {
        const answer = await post(path, body, { ...FORM, "content-encoding": codings.join(", ") });
        expect([200, 413]).to.include(answer.status);
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 120 });
  });

  it("answers any content-encoding with 200 or 415, and 401 or 415 without a valid signature", async () => {
    const anyCoding = fc
      .array(fc.constantFrom("gzip", "GZIP", "x-gzip", "zstd", "identity", "*", "gzip;q=1", "", "\t"), {
        maxLength: 7,
      })
      .map((names) => names.join(","));
    const property = fc.asyncProperty(anyCoding, anyBody, async (coding, body) => {
      const headers = { ...FORM, "content-encoding": coding };
      const genuine = await post(nth(PATHS, 0), Buffer.from(body), headers);
      expect([200, 415]).to.include(genuine.status);
      const forged = await bridge.post("/in/lumin/account", body, { ...headers, "x-signature": "00" });
      expect([401, 415]).to.include(forged.status);
    });
    await fc.assert(property, { seed: SEED, numRuns: 100 });
  });
});

describe("reading, whatever comes", () => {
  it("takes time in proportion to the number of items and to the length of the body", async () => {
    const batch = await shipped("legalesign", "batch");
    const items = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        value: "40",
        timestamp: "x",
        resource_uri: `/a/signer/${i}/`,
      }));
    const bodies: Record<string, (size: number) => string> = {
      items: (size) => `data=${encodeURIComponent(JSON.stringify(items(size / 500)))}`,
      separators: (size) => "&".repeat(size),
      names: (size) => "a&".repeat(size / 2),
      escapes: (size) => `data=${"%".repeat(size)}`,
      levels: (size) => `data=${"[".repeat(size)}`,
    };
    for (const [name, body] of Object.entries(bodies)) {
      const growth = growthOf((size) => read(aRequest({ body: body(size) }), batch), 1_250_000);
      expect(growth, name).to.be.below(MAX_LINEAR_GROWTH);
    }
  });
});

/** The value with another at the path. */
function withAt(value: unknown, path: string, other: unknown): unknown {
  const [key = "", ...rest] = path.split(".");
  const members = typeof value === "object" && value !== null ? { ...value } : {};
  const inner = Reflect.get(members, key);
  return { ...members, [key]: rest.length === 0 ? other : withAt(inner, rest.join("."), other) };
}

describe("the mapping language, whatever comes", function () {
  this.timeout(60_000);
  afterEach(tidy);
  const key = "0123456789abcdef0123456789abcdef";
  const good = hmac(DONE, key);
  const other = hmac(DONE, "another key");

  /** Unusual lists of signatures: the right one whole, cut, quoted, among others. */
  const anyList = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          good,
          good.toUpperCase(),
          other,
          good.slice(1),
          `${good}0`,
          "v1=",
          "v1,",
          ",",
          " ",
          ", ",
          ";",
          "=",
          '"',
        ),
        fc.string({ maxLength: 8 }).map((text) => text.replace(/[^\x21-\x7e]/g, "x")),
      ),
      { maxLength: 40 },
    )
    .map((pieces) => pieces.join("").trim());

  it("accepts a signature only where a header's list holds it whole", async () => {
    const lines = 'verify: [{ hmac: { hash: sha256, signature: ["header:x-list", "header:x-more-*"] } }]';
    const { send } = await startAcme(lines, `{ secrets: ["${key}"] }`);
    const property = fc.asyncProperty(anyList, anyList, async (list, more) => {
      const isThere = [list, more].some((text) => text.toLowerCase().split(/[ ,]+/).includes(good));
      const { status } = await send("POST", "", { "x-list": list, "x-more-2": more }, DONE);
      expect(status).to.equal(isThere ? 200 : 401);
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it("reads parts of a header by pattern and refuses any that do not match", async () => {
    const lines = `verify:
  - hmac:
      hash: sha256
      prefix: "v1="
      signature: { place: "header:x-list", pattern: "v1=[0-9a-f]+" }
      over: [{ place: "header:x-list", pattern: "t=(\\\\d*)" }, body]`;
    const { send } = await startAcme(lines, `{ secrets: ["${key}"] }`);
    const property = fc.asyncProperty(anyList, async (list) => {
      const { status } = await send("POST", "", { "x-list": `t=1,${list}` }, DONE);
      expect(status).to.equal(401);
    });
    await fc.assert(property, { seed: SEED, numRuns: 100 });
  });

  it("stores a receipt of any payload of look-ups, lists in lists and cases", async () => {
    const lines = `verify: [{ token: {} }]
read: { each: "groups[].items", single: true }
event:
  word: { from: "what[].name", table: words }
  time: { path: "times[name={who}].at", as: rfc2822, zone: Europe/London, optional: true }
  document:
    id: "ids[].id"
    title: "ids[kind=title].text"
    tags: ["tags[].values[].text", ^.tag]
    references: { each: "pairs[]", name: name, value: ^.id }
  reason: "signers[id={who}].reason"
  signers:
    - { each: signers, single: true, id: id, name: "^.names[id={who}].text", role: signer }
    - { each: "sets[].members[]", id: [id, "^.id", "^.^.id"], email: "^.^.^.email" }
tables:
  words:
    done:
      - { when: "copies[id={who}].id", event: ignore }
      - { when: [{ path: "signers[].id", is: ["1", a] }, who], event: document.completed }
      - { event: document.created }`;
    const { send } = await startAcme(lines, `{ token: ${TOKEN} }`);
    const names = ["what", "who", "times", "ids", "tags", "pairs", "signers", "copies", "sets", "names"];
    const anyItem = fc
      .tuple(...names.map(() => anyJson))
      .map((values) => `{${values.map((value, n) => `"${names[n]}":${value}`).join(",")}}`);
    const anyGroups = fc.oneof(
      anyJson,
      fc
        .array(fc.oneof(anyItem, anyJson), { maxLength: 3 })
        .map((items) => `[{"items":[${items.join(",")}]}]`),
      anyItem.map((item) => `[{"items":${item.replace(/^\{/, '{"what":[{"name":"done"}],"who":"1",')}}]`),
    );
    const property = fc.asyncProperty(anyGroups, async (groups) => {
      expectReceiptOf(await send("POST", `?token=${TOKEN}`, {}, `{"groups":${groups}}`));
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  const expectReceiptOf = ({ status, body }: Answer) => {
    expect(status).to.equal(200);
    expect(body.receipt).to.match(/^rcp_/);
  };
});
