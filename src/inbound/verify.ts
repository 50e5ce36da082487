import { createHmac, type KeyObject, verify as verifySignature } from "node:crypto";
import type { SignedRule } from "../mapping/check.ts";
import type { Part } from "../mapping/part.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { refuseAge } from "./age.ts";
import type { PayloadRule } from "./at-place.ts";
import { type Channel, type Check, isProof } from "./channel.ts";
import { contentOf, unsaidCoding } from "./content.ts";
import { isSame, type Refusal, refuseCredentials, refuseEquals } from "./credentials.ts";
import { whyNoPayload } from "./decode.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { decodeSignatures, signatureTexts, signedBytes } from "./signature.ts";
import { atOnce, inTurns, STEP_BYTES, type Steps } from "./steps.ts";

export { isSameText } from "./credentials.ts";

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass, those that cost nothing first. Signatures are checked over the bytes that came (or
 * the decoded form field, where the provider signs that), and compared in constant time. Nothing is parsed before that, unless
 * the provider signs members of the payload (`payload:…`).
 */
export function verify(request: RawRequest, channel: Channel): VerifiedRequest | Refusal {
  return atOnce(verifying(request, channel));
}

/** The same, with others' turns in between where there is much to hash. */
export function verifyInTurns(request: RawRequest, channel: Channel): Promise<VerifiedRequest | Refusal> {
  return inTurns(verifying(request, channel));
}

function* verifying(request: RawRequest, channel: Channel): Steps<VerifiedRequest | Refusal> {
  const refusal = refuseCredentials(request, channel);
  if (refusal) return refusal;
  const passed: Check[] = [];
  for (const check of channel.checks) {
    const verdict = yield* judgeEither(request, check, channel.rules.read);
    if (typeof verdict === "object") return verdict;
    if (verdict === "passed") passed.push(check);
  }
  if (channel.checks.some(isProof) && !passed.some(isProof))
    return { refused: "the request has no signature" };
  const verified = passed.map(({ kind }) => kind).join("+") || "none";
  return refuseForm(request, channel.rules) ?? { ...request, verified };
}

const XML_TYPE = /^[^;]*[/+]xml\s*(?:;|$)/i;

/** A genuine request in a form that the mapping says cannot be read. Kept as refused, and told as a failure, it is seen at the provider. */
function refuseForm(request: RawRequest, { refuse }: Channel["rules"]): Refusal | null {
  if (refuse.xml === undefined) return null;
  const { headers } = request;
  const beginning = Buffer.from(contentOf(request).subarray(0, 256))
    .toString()
    .replace(/^\ufeff/, "")
    .trimStart();
  const isXml = beginning.startsWith("<") || XML_TYPE.test(headers["content-type"] ?? "");
  return isXml ? { refused: refuse.xml, code: "unsupported_media_type" } : null;
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/**
 * A sender or a gateway that compresses may sign before or after it did. Only a signature over the whole body counts over the bytes that
 * came: they could be made to look like a form with signed fields, and hold another one.
 */
function* judgeEither(request: RawRequest, check: Check, read: PayloadRule): Steps<Verdict> {
  const verdict = yield* judge(request, check, read);
  const { content } = request;
  if (typeof verdict !== "object" || !content || "undecodable" in content || !coversBody(check))
    return verdict;
  const asItCame = yield* judge({ ...request, content: { bytes: request.body } }, check, read);
  return asItCame === "passed" ? asItCame : verdict;
}

function coversBody(check: Check): boolean {
  if (check.kind !== "hmac" && check.kind !== "rsa") return false;
  return check.rule.over.some((part) => "place" in part && part.place.in === "body" && part.find === null);
}

function* judge(request: RawRequest, check: Check, read: PayloadRule): Steps<Verdict> {
  switch (check.kind) {
    case "hmac":
      return yield* judgeHmac(request, check, read);
    case "rsa":
      return judgeRsa(request, check, read);
    case "equals":
      return refuseEquals(request, check) ?? "passed";
    case "token":
    case "basic":
      return "passed"; // by refuseCredentials, before
  }
}

/** Most often the secret is another one; where the body cannot be what was signed, that is said instead. */
function mismatch(request: RawRequest): Refusal {
  const { content } = request;
  const doubt = content && "undecodable" in content ? content.undecodable : unsaidCoding(request);
  const why = doubt ?? "is the configured secret the one that the provider signs with?";
  return { refused: `the signature does not match: ${why}` };
}

function* judgeHmac(
  request: RawRequest,
  { rule, secrets, required = true }: CheckOf<"hmac">,
  read: PayloadRule,
): Steps<Verdict> {
  const signatures = signatureTexts(request, rule.signatures, read);
  if (signatures === null) return required ? noSignature(request, rule.signatures, read) : "absent";
  const signed = signedBytes(request, rule.over, read);
  if ("refused" in signed) return signed;

  const candidates = decodeSignatures(signatures, rule.prefix, rule.encodings);
  for (const secret of secrets) {
    const expected = yield* hmacOf(signed, rule.hash, secret);
    if (candidates.some((candidate) => isSame(candidate, expected))) return judgeAge(request, rule, read);
  }
  return mismatch(request);
}

/** Only what is signed by the right key is told how old it is. */
function judgeAge(request: RawRequest, { age }: SignedRule, read: PayloadRule): Verdict {
  return (age && refuseAge(request, age, read)) ?? "passed";
}

/** So many bytes are hashed in a step: some ten milliseconds. */
const HASH_STEP_BYTES = 8 * STEP_BYTES;

function* hmacOf(signed: readonly Uint8Array[], hash: string, secret: string | KeyObject): Steps<Buffer> {
  const hmac = createHmac(hash, secret);
  for (const bytes of signed) {
    for (let from = 0; from < bytes.length; from += HASH_STEP_BYTES) {
      if (from > 0) yield;
      hmac.update(bytes.subarray(from, from + HASH_STEP_BYTES));
    }
  }
  // As a text first, for a buffer from OpenSSL has memory of its own and costs twice as much.
  return Buffer.from(hmac.digest("binary"), "binary");
}

/** So many signatures of one request are tried, for each costs as much as a thousand hashes. */
const MAX_RSA_SIGNATURES = 8;

function judgeRsa(request: RawRequest, { rule, key, required }: CheckOf<"rsa">, read: PayloadRule): Verdict {
  const signatures =
    signatureTexts(request, rule.signatures, read)?.filter((text) => text.trim() !== "") ?? [];
  if (signatures.length === 0) return required ? noSignature(request, rule.signatures, read) : "absent";
  const signed = signedBytes(request, rule.over, read);
  if ("refused" in signed) return signed;

  const data = Buffer.concat(signed);
  const candidates = decodeSignatures(signatures, "", [rule.encoding]).slice(0, MAX_RSA_SIGNATURES);
  try {
    const matches = candidates.some((bytes) => verifySignature(rule.hash, data, key, bytes));
    return matches ? judgeAge(request, rule, read) : mismatch(request);
  } catch {
    // Nothing that a request holds makes OpenSSL throw here: it was asked for something that the host's policy forbids.
    return {
      refused: `this host's cryptography refuses RSA with ${rule.hash.toUpperCase()}; the signature may be good`,
    };
  }
}

function noSignature(request: RawRequest, parts: readonly Part[], read: PayloadRule): Refusal {
  const where = parts.map(({ place }) => formatPlace(place)).join(" or ");
  const why = parts.every(({ place }) => place.in === "payload") ? whyNoPayload(request, read) : null;
  return {
    refused: `the request has no ${where}, where its signature should be${why === null ? "" : `: ${why}`}`,
  };
}
