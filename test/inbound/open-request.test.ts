import { expect } from "chai";
import { bytesAt } from "../../src/inbound/at-place.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { decode, decodeInTurns } from "../../src/inbound/decode.ts";
import { openRequest } from "../../src/inbound/open-request.ts";
import type { VerifiedRequest } from "../../src/inbound/request.ts";
import { atOnce } from "../../src/inbound/steps.ts";
import { verify, withoutChecks } from "../../src/inbound/verify.ts";
import { parsePlace } from "../../src/mapping/request-place.ts";
import { tidy } from "../support/bridge.ts";
import { acmeMapping, hmac, startAcme } from "./acme.ts";
import { aRequest, channelOf } from "./posts.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const SIGNED_ID =
  'verify: [{ hmac: { hash: sha256, signature: "payload:signature", over: ["payload:id"] } }]';

function armed(lines: string, ...added: Channel["checks"]): Channel {
  const channel = channelOf(acmeMapping(lines));
  const checks = channel.rules.checks.flatMap((rule) =>
    rule.kind === "hmac" ? [{ kind: "hmac" as const, rule, secrets: [SECRET] }] : [],
  );
  return { ...channel, checks: [...added, ...checks] };
}

const BODY = JSON.stringify({ what: "done", id: "d-1", signature: hmac("d-1", SECRET) });

/** How often the text is parsed as JSON during the work. */
async function countParses(text: string, work: () => unknown): Promise<number> {
  const { parse } = JSON;
  let count = 0;
  JSON.parse = (given: string, ...more) => {
    if (given === text) count += 1;
    return parse(given, ...more);
  };
  try {
    await work();
  } finally {
    JSON.parse = parse;
  }
  return count;
}

describe("a payload", () => {
  afterEach(tidy);

  it("is the same value for a check of its members and for decode", () => {
    const channel = armed(SIGNED_ID);
    const request = openRequest(aRequest({ body: BODY }), channel.rules.read);
    const verified = verify(request, channel);
    if ("refused" in verified) throw new Error(verified.refused);
    const payload = atOnce(request.payload());
    expect(decode(verified, channel).items[0]).to.equal("value" in payload && payload.value);
  });

  it("is parsed once for challenge, check, decode and answer together", async () => {
    const lines = `${SIGNED_ID}
challenge: { method: POST, when: { place: "payload:what", is: ask }, answer: { body: "yes" } }
answer: { body: { copy: "payload:id", verified: true } }`;
    const { send } = await startAcme(lines, `{ secrets: ["${SECRET}"] }`);
    let answer: { status: number; body: unknown } | null = null;
    const parses = await countParses(BODY, async () => {
      answer = await send("POST", "", {}, BODY);
    });
    expect(answer).to.include({ status: 200, body: "d-1" });
    expect(parses).to.equal(1);
  });

  it("is not parsed before the credentials are right, nor where no check needs it", async () => {
    const channel = armed(SIGNED_ID, { kind: "token", token: "t0ken" });
    const parsesWith = (pathToken: string, { rules, checks }: Channel) =>
      countParses(BODY, () =>
        verify(openRequest(aRequest({ body: BODY, pathToken }), rules.read), { ...channel, rules, checks }),
      );
    expect(await parsesWith("wrong", channel)).to.equal(0);
    expect(await parsesWith("t0ken", { ...channel, checks: channel.checks.slice(0, 1) })).to.equal(0);
    expect(await parsesWith("t0ken", channel)).to.equal(1);
  });

  it("differs for a check of the compressed bytes and one of the unpacked ones", () => {
    const read = { from: { in: "body" }, as: "json" } as const;
    const raw = aRequest({ body: '{"a":"came"}' });
    const held = openRequest({ ...raw, content: { bytes: Buffer.from('{"a":"held"}') } }, read);
    const came = openRequest({ ...held, content: { bytes: raw.body } }, read);
    const texts = [held, came].map((request) => String(bytesAt(request, parsePlace("payload:a"))[0]));
    expect(texts).to.deep.equal(["held", "came"]);
  });
});

describe("a long body", () => {
  /** Turns of the event loop during the decoding of a body. */
  async function turnsWhileDecoding(body: string): Promise<number> {
    const channel = channelOf(acmeMapping("read: { each: . }"));
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    const { items } = await decodeInTurns(withoutChecks(aRequest({ body }), channel), channel);
    clearImmediate(next);
    expect(items).not.to.have.length(0);
    return turns;
  }

  it("is decoded with turns for others in between, and a short one at once", async () => {
    expect(await turnsWhileDecoding(JSON.stringify(["x".repeat(5_000_000)]))).to.be.at.least(4);
    expect(await turnsWhileDecoding('["x"]')).to.equal(0);
  });
});

describe("a verified request", () => {
  it("cannot be a literal: tsc refuses it", () => {
    const channel = channelOf(acmeMapping(""));
    const opened = openRequest(aRequest(), channel.rules.read);
    // @ts-expect-error: only `verify`, `asVerifiedBefore` and `withoutChecks` make one
    const literal: VerifiedRequest = { ...opened, verified: "hmac" };
    // @ts-expect-error: an opened request is not verified
    decode(opened, channel);
    expect(literal.verified).to.equal("hmac");
  });
});
