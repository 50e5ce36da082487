import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { parseMapping } from "../../src/mapping/load.ts";
import { formatProblem } from "../../src/yaml.ts";
import { commandsFor } from "../cli/operator.ts";
import { tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { acmeConfig, acmeMapping, DONE, folderWith, hmac, startAcme } from "./acme.ts";

const VECTORS = JSON.parse(readFileSync(new URL("../fixtures/signatures.json", import.meta.url), "utf8"));

const SECRET = "0123456789abcdef0123456789abcdef";
const OTHER = "fedcba9876543210fedcba9876543210";
const HEX = 'verify: [{ hmac: { hash: sha256, signature: "header:x-signature" } }]';

/** The bridge's answer to `body` with these headers: the status, and the reason of a refusal. */
async function statusOf(
  verify: string,
  channel: string,
  headers: Record<string, string>,
  body = DONE,
  path = "",
) {
  const bridge = await startAcme(verify, channel);
  const { status, body: answer } = await bridge.send("POST", path, headers, body);
  return status === 200 ? 200 : `${status} ${answer.message}`;
}

describe("a signature that is one of several", () => {
  afterEach(tidy);

  it("is found at any place of a list in one header", async () => {
    const { send } = await startAcme(HEX, `{ secrets: ["${SECRET}"] }`);
    const [good, strange] = [hmac(DONE, SECRET), hmac(DONE, OTHER)];
    for (const list of [
      `${strange}, ${good}`,
      `${good},${strange}`,
      `${strange} ${good}`,
      ` ${strange} ,, ${good.toUpperCase()} ,`,
    ]) {
      expect((await send("POST", "", { "x-signature": list }, DONE)).status, list).to.equal(200);
    }
    for (const list of [`${strange}, ${strange}`, ",", "  ", `${good.slice(2)},${good.slice(0, -2)}`]) {
      expect((await send("POST", "", { "x-signature": list }, DONE)).status, list).to.equal(401);
    }
  });

  it("is found where the header comes twice", async () => {
    const { url } = await startAcme(HEX, `{ secrets: ["${SECRET}"] }`);
    const headers = new Headers();
    for (const key of [OTHER, SECRET]) headers.append("x-signature", hmac(DONE, key));
    const { status } = await fetch(`${url}/in/acme/main`, { method: "POST", headers, body: DONE });
    expect(status).to.equal(200);
  });

  it("is found in any number of headers whose names begin alike", async () => {
    const verify = 'verify: [{ hmac: { hash: sha256, encoding: base64, signature: "header:x-sig-*" } }]';
    const { send } = await startAcme(verify, `{ secrets: ["${SECRET}"] }`);
    const strange = Object.fromEntries(
      Array.from({ length: 99 }, (_, n) => [`x-sig-${n + 1}`, hmac(DONE, `key ${n}`, "base64")]),
    );
    expect((await send("POST", "", strange, DONE)).status).to.equal(401);
    const ours = { ...strange, "X-Sig-100": hmac(DONE, SECRET, "base64") };
    expect((await send("POST", "", ours, DONE)).status).to.equal(200);
    const alike = { "x-signature": hmac(DONE, SECRET, "base64") };
    expect((await send("POST", "", alike, DONE)).body.message).to.equal(
      "the request has no header:x-sig-*, where its signature should be",
    );
  });

  it("is compared as a whole: nothing may stand before or after it", async () => {
    const verify =
      'verify: [{ hmac: { hash: sha256, encoding: [hex, base64], signature: "header:x-signature" } }]';
    const { send } = await startAcme(verify, `{ secrets: ["${SECRET}"] }`);
    const statusOf = async (signature: string) =>
      (await send("POST", "", { "x-signature": signature }, DONE)).status;
    const [hex, base64] = [hmac(DONE, SECRET), hmac(DONE, SECRET, "base64")];
    for (const good of [
      hex,
      base64,
      base64.replace("=", ""),
      base64.replaceAll("+", "-").replaceAll("/", "_"),
    ]) {
      expect(await statusOf(good), good).to.equal(200);
    }
    for (const bad of [
      `${hex}zzzz`,
      `${hex}0`,
      `zz${hex}`,
      `${hex};`,
      `"${hex}"`,
      `0x${hex}`,
      `${base64}!`,
      `${base64}=`,
      `${base64}AAAA`,
      `.${base64}`,
      base64.replace("=", "."),
    ]) {
      expect(await statusOf(bad), bad).to.equal(401);
    }
  });

  it("has the prefix that the mapping says before each of them", async () => {
    const verify = 'verify: [{ hmac: { hash: sha256, prefix: "sha256=", signature: "header:x-signature" } }]';
    const { send } = await startAcme(verify, `{ secrets: ["${SECRET}"] }`);
    const [good, strange] = [hmac(DONE, SECRET), hmac(DONE, OTHER)];
    for (const [list, status] of [
      [`sha256=${strange},sha256=${good}`, 200],
      [`sha1=${strange.slice(24)}, sha256=${good}`, 200],
      [good, 401],
      [`xsha256=${good}`, 401],
      [`sha256=${strange}, ${good}`, 401],
    ] as const) {
      expect((await send("POST", "", { "x-signature": list }, DONE)).status, list).to.equal(status);
    }
  });

  it("may be broken into lines, where it is the base64 of a field", async () => {
    const verify =
      "verify: [{ hmac: { hash: sha512, encoding: base64, " +
      'signature: "field:signed", over: ["field:data"] } }]\nread: { from: "field:data" }';
    const { post } = await startAcme(verify, `{ secrets: ["${SECRET}"] }`);
    const signed = createHmac("sha512", SECRET).update(DONE).digest("base64").replace(/.{40}/g, "$&\r\n");
    const body = new URLSearchParams({ data: DONE, signed }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await post("/in/acme/main", body, headers)).status).to.equal(200);
  });

  it("is looked for in texts of up to four million characters", async () => {
    const signature = '{ place: "field:s", pattern: "a*b?([0-9a-f]*)c" }';
    const verify = `verify: [{ hmac: { hash: sha256, signature: ${signature}, over: ["field:data"] } }]`;
    const { post } = await startAcme(verify, `{ secrets: ["${SECRET}"] }`);
    for (const text of ["a".repeat(4_000_000), "a,".repeat(2_000_000), "a".repeat(250), "a".repeat(4_000)]) {
      const { status } = await post("/in/acme/main", `s=${text}&data=x`);
      expect(status).to.equal(401);
    }
  });
});

describe("a part of a place", () => {
  afterEach(tidy);

  it("gives the signatures and the time that BoldSign and DocuSeal put into one header", async () => {
    const { boldsign, docuseal } = VECTORS;
    const [fresh, old] = boldsign.keys;
    const clock = createManualClock(boldsign.at * 1_000);
    const verify = `verify:
  - hmac:
      hash: sha256
      signature: { place: "header:x-boldsign-signature", pattern: 's\\d{1,3}=([0-9a-f]+)' }
      over: [{ place: "header:x-boldsign-signature", pattern: 't=(\\d+)' }, "text:.", body]`;
    for (const secrets of [[fresh], [old], ["strange", old]]) {
      const { send } = await startAcme(verify, JSON.stringify({ secrets }), {
        clock,
      });
      const headers = { "x-boldsign-signature": boldsign.header };
      expect((await send("POST", "", headers, boldsign.body)).status).to.equal(200);
      const later = { "x-boldsign-signature": boldsign.header.replace("t=1", "t=2") };
      expect((await send("POST", "", later, boldsign.body)).status).to.equal(401);
    }

    const seal = `verify:
  - hmac:
      hash: sha256
      signature: { place: "header:x-docuseal-signature", pattern: '\\.(.+)' }
      over: [{ place: "header:x-docuseal-signature", pattern: '^\\d+' }, "text:.", body]`;
    const { send } = await startAcme(seal, JSON.stringify({ secrets: [docuseal.key] }));
    expect(
      (await send("POST", "", { "x-docuseal-signature": docuseal.header }, docuseal.body)).status,
    ).to.equal(200);
    expect(
      (await send("POST", "", { "x-docuseal-signature": docuseal.header }, `${docuseal.body} `)).status,
    ).to.equal(401);
  });

  it("is missing where the pattern finds nothing", async () => {
    const over = 'over: [{ place: "header:x-time", pattern: "t=(\\d+)" }, body]'.replace("\\", "\\\\");
    const verify = `verify: [{ hmac: { hash: sha256, signature: "header:x-signature", ${over} } }]`;
    const headers = { "x-signature": hmac(`7${DONE}`, SECRET), "x-time": "7" };
    expect(await statusOf(verify, `{ secrets: ["${SECRET}"] }`, headers)).to.equal(
      "401 a part of what is signed is not in the request",
    );
    expect(await statusOf(verify, `{ secrets: ["${SECRET}"] }`, { ...headers, "x-time": "t=7" })).to.equal(
      200,
    );
  });

  it("may come only once where it is signed, so that the checked value is the one that is read", async () => {
    const signed = `verify:
  - hmac: { hash: sha256, signature: "header:x-signature", over: ["field:data"] }
read: { as: form, parse: [data] }
event: { word: { from: [data.what, what], table: words }, document: { id: [data.id, id] } }`;
    const { post } = await startAcme(signed, `{ secrets: ["${SECRET}"] }`);
    const headers = {
      "x-signature": hmac(DONE, SECRET),
      "content-type": "application/x-www-form-urlencoded",
    };
    const genuine = `data=${encodeURIComponent(DONE)}`;
    expect((await post("/in/acme/main", genuine, headers)).body.events).to.equal(1);
    for (const body of [
      `${genuine}&data=&what=done&id=VICTIM`,
      `data=&${genuine}`,
      `${genuine}&${genuine}`,
    ]) {
      const { status, body: answer } = await post("/in/acme/main", body, headers);
      expect([status, answer.message]).to.deep.equal([
        401,
        "field:data, which is signed, comes more than once in the request",
      ]);
    }
  });
});

describe("test vectors of providers", () => {
  afterEach(tidy);

  for (const { provider, verify, secrets, path = "", headers = {}, body } of VECTORS.simple) {
    it(`pass, and fail with another key: ${provider}`, async () => {
      const lines = `verify: ${JSON.stringify(verify)}`;
      const right = await statusOf(lines, JSON.stringify({ secrets }), headers, body, path);
      expect(right).to.equal(200);
      const wrong = await statusOf(lines, '{ secrets: ["another-key-of-somebody"] }', headers, body, path);
      expect(wrong).to.match(/^401 the signature does not match/);
    });
  }

  it("pass for Standard Webhooks, whose secret is decoded", async () => {
    const { secret, id, timestamp, body, v1 } = VECTORS.standardWebhooks;
    const clock = createManualClock(timestamp * 1_000 + 1_000);
    const verify = `verify:
  - hmac:
      hash: sha256
      encoding: base64
      secret: whsec
      signature: { place: "header:webhook-signature", pattern: "v1,([A-Za-z0-9+/=]+)" }
      over: ["header:webhook-id", "text:.", "header:webhook-timestamp", "text:.", body]
      maxAge: { place: "header:webhook-timestamp", as: seconds, past: 5m }`;
    const { send } = await startAcme(verify, JSON.stringify({ secrets: [secret] }), { clock });
    const headers = { "webhook-id": id, "webhook-timestamp": String(timestamp) };
    for (const signature of [v1, `v1a,${"A".repeat(88)} v2,${v1.slice(3)} v1,${"A".repeat(43)}= ${v1}`]) {
      expect((await send("POST", "", { ...headers, "webhook-signature": signature }, body)).status).to.equal(
        200,
      );
    }
    for (const signature of [`v2,${v1.slice(3)}`, `v1,${v1.slice(4)}`, v1.toLowerCase()]) {
      expect((await send("POST", "", { ...headers, "webhook-signature": signature }, body)).status).to.equal(
        401,
      );
    }
  });
});

describe("the age of a request", () => {
  afterEach(tidy);
  const START = Date.UTC(2026, 2, 2, 10, 14);
  const VERIFY = `verify:
  - hmac:
      hash: sha256
      signature: "header:x-signature"
      over: ["header:x-time", "text:.", body]
      maxAge: { place: "header:x-time", as: seconds, past: 1h, future: 2m }`;
  const at = (time: number | string) => {
    const text = typeof time === "number" ? String(time / 1_000) : time;
    return { "x-time": text, "x-signature": hmac(`${text}.${DONE}`, SECRET) };
  };

  it("is limited by the mapping, back and ahead, and the refusal says so", async () => {
    const clock = createManualClock(START);
    const { send } = await startAcme(VERIFY, `{ secrets: ["${SECRET}"] }`, { clock });
    const sent = async (time: number | string) =>
      (await send("POST", "", at(time), DONE)).body.message ?? "taken";
    for (const good of [START, START - 3_600_000, START + 120_000])
      expect(await sent(good)).to.equal("taken");
    expect(await sent(START - 3_601_000)).to.equal(
      "the request is 1h1s old by header:x-time, and at most 1h are accepted: " +
        "an old request sent again, or a clock that is wrong",
    );
    expect(await sent(START + 121_000)).to.match(
      /^the request is 2m1s ahead of the bridge's clock by header:x-time/,
    );
    for (const bad of ["123abc", "+123", "1e3", "soon", "-5"]) {
      expect(await sent(bad), bad).to.equal("what header:x-time has is no time in seconds");
    }
  });

  it("can be limited by the configuration", async () => {
    const clock = createManualClock(START);
    const { send } = await startAcme(VERIFY, `{ secrets: ["${SECRET}"], maxAge: 5m }`, { clock });
    expect((await send("POST", "", at(START - 300_000), DONE)).status).to.equal(200);
    expect((await send("POST", "", at(START - 301_000), DONE)).body.message).to.match(/at most 5m/);
  });

  it("is unlimited where the mapping names a time but no age, unless the configuration does", async () => {
    const clock = createManualClock(START);
    const verify = VERIFY.replace(", past: 1h, future: 2m", "");
    const free = await startAcme(verify, `{ secrets: ["${SECRET}"] }`, { clock });
    for (const time of [START - 864_000_000, START + 864_000_000])
      expect((await free.send("POST", "", at(time), DONE)).status).to.equal(200);
    const strict = await startAcme(verify, `{ secrets: ["${SECRET}"], maxAge: 5m }`, { clock });
    expect((await strict.send("POST", "", at(START - 300_000), DONE)).status).to.equal(200);
    for (const time of [START - 301_000, START + 301_000])
      expect((await strict.send("POST", "", at(time), DONE)).body.message).to.match(
        /at most 5m are accepted/,
      );
  });

  it("is named only to a sender that signed with the right key", async () => {
    const clock = createManualClock(START);
    const { send } = await startAcme(VERIFY, `{ secrets: ["${OTHER}"] }`, { clock });
    expect((await send("POST", "", at(START - 9_000_000), DONE)).body.message).to.match(
      /^the signature does not match/,
    );
  });

  it("is counted up to the receipt, also where the request is verified again later", async () => {
    const clock = createManualClock(START);
    const bridge = await startAcme(VERIFY, `{ secrets: ["${OTHER}"] }`, { clock });
    expect((await bridge.send("POST", "", at(START - 1_000_000), DONE)).status).to.equal(401);
    expect((await bridge.send("POST", "", at(START - 5_000_000), DONE)).status).to.equal(401);
    await bridge.stop();
    const later = createManualClock(START + 864_000_000);
    const again = await startAcme(VERIFY, `{ secrets: ["${SECRET}"] }`, {
      clock: later,
      folder: bridge.folder,
    });
    expect(await reprocess(again)).to.match(/2 .*1 /);
    expect((await again.admin("/api/v1/events")).body.items).to.have.length(1);
  });

  it("is refused in a mapping whose time is not signed", () => {
    const { problems } = mappingProblems(
      VERIFY.replace('over: ["header:x-time", "text:.", body]', "over: [body]"),
    );
    expect(problems).to.match(/`verify\.0\.hmac\.maxAge`: is not signed: `over` must have the same place/);
    expect(mappingProblems(VERIFY.replace('"header:x-time", as', '"payload:at", as')).problems).to.equal("");
  });
});

function mappingProblems(lines: string): { problems: string } {
  const { problems } = parseMapping(acmeMapping(lines), "acme.yaml", "acme");
  return { problems: problems.map(formatProblem).join("\n") };
}

/** The result of `countersign reprocess --rejected` on a running bridge. */
async function reprocess(bridge: { folder: string; adminUrl: string }): Promise<string> {
  const run = commandsFor(bridge, acmeConfig(`{ secrets: ["${SECRET}"] }`));
  const { stdout, stderr } = await run("reprocess", "--rejected");
  return stdout + stderr;
}

async function configProblem(lines: string, channel: string): Promise<string | null> {
  const folder = folderWith(acmeMapping(lines));
  const { problems } = await parseConfig(acmeConfig(channel), join(folder, "countersign.yaml"), {});
  return problems.map(({ message }) => message).join("\n") || null;
}

describe("secrets that are decoded", () => {
  afterEach(tidy);
  const VERIFY = (form: string) =>
    `verify: [{ hmac: { hash: sha256, signature: "header:x-signature", secret: ${form} } }]`;
  const KEY = Buffer.from(SECRET);

  it("are used as the bytes that they encode", async () => {
    for (const [form, text] of [
      ["base64", KEY.toString("base64")],
      ["base64", KEY.toString("base64url")],
      ["hex", KEY.toString("hex").toUpperCase()],
      ["whsec", `whsec_${KEY.toString("base64")}`],
      ["literal", SECRET],
    ] as const) {
      const headers = { "x-signature": hmac(DONE, KEY) };
      expect(await statusOf(VERIFY(form), `{ secrets: ["${text}"] }`, headers), form).to.equal(200);
    }
  });

  it("are a problem of the configuration where they cannot be decoded, and are not shown", async () => {
    for (const [form, text] of [
      ["base64", "no-base64!"],
      ["hex", "0123456789abcde"],
      ["hex", "xyz-xyz-xyz"],
      ["whsec", "whsec_c2hvcnQ="],
      ["whsec", SECRET],
      ["whsec", "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="],
    ] as const) {
      const problem = await configProblem(VERIFY(form), `{ secrets: ["${text}"] }`);
      expect(problem, form)
        .to.match(/secret/)
        .and.not.include(text.slice(6));
    }
  });
});

describe("a header that equals a secret", () => {
  afterEach(tidy);
  const VERIFY = 'verify: [{ equals: { place: "header:X-Acme-Secret" } }]';

  it("passes with any of the configured secrets, and with nothing else", async () => {
    const { url, send } = await startAcme(VERIFY, `{ secrets: ["${SECRET}", "${OTHER}"] }`);
    for (const good of [SECRET, OTHER]) {
      expect((await send("POST", "", { "x-acme-secret": good }, DONE)).status).to.equal(200);
    }
    for (const bad of [
      SECRET.toUpperCase(),
      `${SECRET} ${SECRET}`,
      `${SECRET},`,
      SECRET.slice(1),
      "(not kept)",
    ]) {
      expect((await send("POST", "", { "x-acme-secret": bad }, DONE)).body.message).to.equal(
        "what header:x-acme-secret has is not the configured value",
      );
    }
    expect((await send("POST", "", {}, DONE)).body.message).to.match(
      /^the request has no header:x-acme-secret/,
    );
    const headers = new Headers();
    for (const value of [SECRET, SECRET]) headers.append("x-acme-secret", value);
    expect((await fetch(`${url}/in/acme/main`, { method: "POST", headers, body: DONE })).status).to.equal(
      401,
    );
  });

  it("is never stored, neither of an accepted request nor of a refused one", async () => {
    const bridge = await startAcme(VERIFY, `{ secrets: ["${SECRET}"] }`);
    await bridge.send("POST", "", { "x-acme-secret": SECRET }, DONE);
    await bridge.send("POST", "", { "x-acme-secret": OTHER }, DONE);
    const [{ id }] = (await bridge.admin("/api/v1/receipts?order=oldest")).body.items;
    const stored = [
      (await bridge.admin(`/api/v1/receipts/${id}`)).body,
      (await bridge.admin("/api/v1/rejections?order=oldest")).body,
    ];
    expect(stored[0].headers["x-acme-secret"]).to.equal("(not kept)");
    expect(JSON.stringify(stored)).not.to.include(SECRET).and.not.to.include(OTHER);
    await bridge.stop();
    const file = readFileSync(join(bridge.folder, "countersign.db"), "latin1");
    expect(file).not.to.include(SECRET).and.not.to.include(OTHER);
  });

  it("is verified again by its fingerprint once the secret is fixed", async () => {
    const bridge = await startAcme(VERIFY, `{ secrets: ["${OTHER}"] }`);
    expect((await bridge.send("POST", "", { "x-acme-secret": SECRET }, DONE)).status).to.equal(401);
    await bridge.stop();
    const again = await startAcme(VERIFY, `{ secrets: ["${SECRET}"] }`, { folder: bridge.folder });
    await reprocess(again);
    const { items } = (await again.admin("/api/v1/events?order=oldest")).body;
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal(["document.completed"]);
  });

  it("can be a query parameter, which is not stored either", async () => {
    const bridge = await startAcme(
      'verify: [{ equals: { place: "query:key" } }]',
      `{ secrets: ["${SECRET}"] }`,
    );
    expect((await bridge.send("POST", `?key=${SECRET}&a=1`, {}, DONE)).status).to.equal(200);
    expect((await bridge.send("POST", `?key=${SECRET}&key=${SECRET}`, {}, DONE)).status).to.equal(401);
    const [{ id }] = (await bridge.admin("/api/v1/receipts?order=oldest")).body.items;
    expect((await bridge.admin(`/api/v1/receipts/${id}`)).body.query).to.equal("a=1");
  });

  it("can be required by the configuration beside the mapping's checks", async () => {
    const optional = 'verify: [{ hmac: { hash: sha256, signature: "header:x-signature", optional: true } }]';
    const { send, admin } = await startAcme(optional, `{ headers: { X-Bridge-Key: ["${SECRET}"] } }`);
    expect((await send("POST", "", { "x-bridge-key": SECRET }, DONE)).status).to.equal(200);
    expect((await send("POST", "", { "x-bridge-key": OTHER }, DONE)).status).to.equal(401);
    const [{ id }] = (await admin("/api/v1/receipts?order=oldest")).body.items;
    const stored = (await admin(`/api/v1/receipts/${id}`)).body;
    expect([stored.verified, stored.headers["x-bridge-key"]]).to.deep.equal(["equals", "(not kept)"]);
  });
});

describe("a check that the configuration may leave out", () => {
  afterEach(tidy);
  const VERIFY = 'verify: [{ hmac: { hash: sha256, signature: "header:x-signature", optional: true } }]';
  const TOKEN = "a-token-nobody-guesses";
  const signed = { "x-signature": hmac(DONE, SECRET) };

  it("is left out without its secrets, if there is another check", async () => {
    expect(await statusOf(VERIFY, `{ token: ${TOKEN} }`, {}, DONE, `?token=${TOKEN}`)).to.equal(200);
    expect(await configProblem(VERIFY, "{}")).to.equal(
      "has no check that proves a request genuine: add `token`, or say `verify: none`",
    );
  });

  it("is required once it has its secrets", async () => {
    const both = `{ token: ${TOKEN}, secrets: ["${SECRET}"] }`;
    expect(await statusOf(VERIFY, both, {}, DONE, `?token=${TOKEN}`)).to.match(
      /^401 the request has no header/,
    );
    expect(await statusOf(VERIFY, both, signed, DONE, `?token=${TOKEN}`)).to.equal(200);
  });

  it("may be absent where the configuration says so and another check passes, but not be wrong", async () => {
    const either = `{ token: ${TOKEN}, secrets: ["${SECRET}"], requireSignature: false }`;
    expect(await statusOf(VERIFY, either, {}, DONE, `?token=${TOKEN}`)).to.equal(200);
    expect(await statusOf(VERIFY, either, { "x-signature": "00" }, DONE, `?token=${TOKEN}`)).to.match(/^401/);
    const alone = `{ secrets: ["${SECRET}"], requireSignature: false }`;
    expect(await statusOf(VERIFY, alone, {}, DONE)).to.equal("401 the request has no signature");
  });

  it("is distinguished from a required one", async () => {
    const required = VERIFY.replace(", optional: true", "");
    expect(await configProblem(required, `{ token: ${TOKEN} }`)).to.match(/^needs `secrets`/);
    expect(await configProblem(required, `{ secrets: ["${SECRET}"], requireSignature: false }`)).to.match(
      /its mapping says that every request is signed/,
    );
  });

  it("refuses settings that would check nothing", async () => {
    expect(await configProblem(VERIFY, `{ secrets: ["${SECRET}"], maxAge: 5m }`)).to.match(
      /knows no signed time/,
    );
    expect(await configProblem(VERIFY, `{ secrets: ["${SECRET}"], allowed: [CL-17] }`)).to.match(
      /^has `allowed`/,
    );
    expect(
      await configProblem("verify: [{ token: {} }]", `{ token: ${TOKEN}, requireSignature: true }`),
    ).to.match(/^has `requireSignature` without/);
    const client = 'verify: [{ equals: { place: "header:x-client", to: allowed } }]';
    expect(await configProblem(client, "{ allowed: [CL-17] }")).to.match(/^has no check that proves/);
    expect(await configProblem(client, `{ token: ${TOKEN}, allowed: [CL-17] }`)).to.equal(null);
  });
});
