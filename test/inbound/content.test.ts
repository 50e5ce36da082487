import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { unpack } from "../../src/inbound/content.ts";
import { configText, FORM, LUMIN_KEY, signedByLumin, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { aRequest } from "./posts.ts";

const LUMIN = "/in/lumin/account";
const bodyOf = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id },
  });

type Pack = (bytes: string | Uint8Array) => Buffer;
/** Each content-encoding, and how a sender makes such a body. */
const CODINGS: readonly (readonly [string, Pack])[] = [
  ["gzip", gzipSync],
  ["GZip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["identity", Buffer.from],
  ["", Buffer.from],
  ["identity, gzip", gzipSync],
  ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
  ["gzip,,gzip ,deflate", (bytes) => deflateSync(gzipSync(gzipSync(bytes)))],
];

describe("a compressed body", () => {
  afterEach(tidy);

  it("is read in every coding, with either bytes signed, and stored as it came", async () => {
    const bridge = await startBridge();
    for (const [index, [coding, pack]] of CODINGS.entries()) {
      for (const what of ["plain", "packed"] as const) {
        const plain = bodyOf(`r-${index}-${what}`);
        const packed = pack(plain);
        const headers = { ...signedByLumin(what === "plain" ? plain : packed), "content-encoding": coding };
        const { status, body } = await bridge.post(LUMIN, packed, headers);
        expect([status, body.events, body.problem], `${coding} ${what}`).to.deep.equal([200, 1, null]);
        const stored = (await bridge.admin(`/api/v1/receipts/${body.receipt}`)).body;
        expect(Buffer.from(stored.body, "base64").equals(packed)).to.equal(true);
      }
    }
  });

  it("may be a form with a token as its only check", async () => {
    const bridge = await startBridge();
    const headers = { ...FORM, "content-encoding": "gzip" };
    const { body } = await bridge.post(
      `/in/legalesign/upon?token=${TOKEN}`,
      gzipSync("uuid=d1&event=100"),
      headers,
    );
    expect([body.events, body.problem]).to.deep.equal([2, null]);
  });

  it("is refused as a bad signature where neither its bytes nor the unpacked ones were signed", async () => {
    const bridge = await startBridge();
    for (const bytes of [gzipSync(bodyOf("r1")), Buffer.from("no gzip")]) {
      const headers = { ...signedByLumin("something else"), "content-encoding": "gzip" };
      expect((await bridge.post(LUMIN, bytes, headers)).status).to.equal(401);
    }
  });

  it("is stored with a problem where it is genuine, and truncated or in another coding", async () => {
    const bridge = await startBridge();
    const packed = gzipSync(bodyOf("r1"));
    for (const bytes of [packed.subarray(0, -9), Buffer.from(bodyOf("r1")), Buffer.from("\x1f\x8b")]) {
      const headers = { ...signedByLumin(bytes), "content-encoding": "gzip" };
      const { status, body } = await bridge.post(LUMIN, bytes, headers);
      expect([status, body.problem]).to.deep.equal([
        200,
        "the body is not the gzip that its content-encoding says",
      ]);
    }
    const token = { ...FORM, "content-encoding": "br" };
    const { body } = await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, "uuid=d1&event=100", token);
    expect([body.events, body.problem]).to.deep.equal([
      0,
      "the body is not the br that its content-encoding says",
    ]);
  });

  it("is named where it explains a wrong signature or a missing payload", async () => {
    const bridge = await startBridge();
    const plain = bodyOf("r1");
    const packed = gzipSync(plain);
    const explain = async (body: Buffer, signed: string | Buffer, headers: Record<string, string>) => {
      const { body: answer } = await bridge.post(LUMIN, body, { ...signedByLumin(signed), ...headers });
      return answer.message ?? answer.problem;
    };
    const cut = packed.subarray(0, 60);
    expect(await explain(cut, plain, { "content-encoding": "gzip" })).to.equal(
      "the signature does not match: the body is not the gzip that its content-encoding says",
    );
    const unsaid = "the body looks like gzip, and no content-encoding says so";
    expect(await explain(packed, plain, {})).to.equal(`the signature does not match: ${unsaid}`);
    expect(await explain(packed, packed, { "content-type": "application/json; charset=latin1" })).to.equal(
      `body is not JSON: ${unsaid}`,
    );
  });

  it("is answered with 415 and the supported codings where its coding is another", async () => {
    const bridge = await startBridge();
    for (const coding of ["zstd", "compress", "gzip, zstd", "aes128gcm", Array(9).fill("gzip").join()]) {
      const headers = { ...signedByLumin(bodyOf("r1")), "content-encoding": coding };
      const answer = await bridge.post(LUMIN, bodyOf("r1"), headers);
      expect([answer.status, answer.body.error], coding).to.deep.equal([415, "unsupported_media_type"]);
      expect(answer.headers.get("accept-encoding")).to.equal("gzip, deflate, br");
    }
    expect((await bridge.admin("/api/v1/rejections")).body.items).to.have.length(5);
    // Reading them again refuses them again, signed as they are.
    expect(await bridge.reprocess({ which: "rejected" })).to.include({ checked: 5, fixed: 0, events: 0 });
    expect((await bridge.admin("/api/v1/rejections")).body.items).to.have.length(5);
  });

  it("is answered with 413 when it unpacks to more than the limit, and unpacked no further", async () => {
    const bridge = await startBridge(configText(undefined, "{ host: 127.0.0.1, port: 0, maxBody: 2mb }"));
    const bomb = Buffer.alloc(200 * 1_024 ** 2);
    for (const [coding, packed] of [
      ["gzip", gzipSync(bomb, { level: 1 })],
      ["br", brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
      ["gzip, gzip", gzipSync(gzipSync(bomb, { level: 1 }))],
    ] as const) {
      const headers = { ...signedByLumin(packed), "content-encoding": coding };
      const { status, body } = await bridge.post(LUMIN, packed, headers);
      expect([status, body.message], coding).to.deep.equal([
        413,
        "the body is longer than 2mb when it is decompressed",
      ]);
    }
  });

  it("is read with the same result again, of a receipt and of a refused request", async () => {
    const wrong = await startBridge(configText().replace(LUMIN_KEY, "another_key"));
    const packed = brotliCompressSync(bodyOf("r1"));
    const headers = { ...signedByLumin(bodyOf("r1")), "content-encoding": "br" };
    expect((await wrong.post(LUMIN, packed, headers)).status).to.equal(401);
    await wrong.stop();
    const bridge = await startBridge(configText(), { folder: wrong.folder });
    const reprocess = await bridge.reprocess({ which: "rejected" });
    expect(reprocess).to.deep.include({ checked: 1, fixed: 1, events: 1 });
  });

  it("is charged for its unpacked bytes, and dropped where the budget is full", async () => {
    const packed = gzipSync(randomBytes(300_000).toString("hex"));
    const request = aRequest({ body: packed, headers: { "content-encoding": "gzip" } });
    let charged = 0;
    const charge = (bytes: number) => {
      charged += bytes;
      return true;
    };
    expect(await unpack(request, { maxBody: 10 ** 6, charge })).to.have.property("bytes");
    expect(charged).to.equal(600_000);
    const none = { maxBody: 10 ** 6, charge: () => false };
    expect(await unpack(request, none)).to.deep.equal({ refused: "overloaded" });
  });
});
