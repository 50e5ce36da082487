import { createHmac, type KeyObject, verify as verifySignature } from "node:crypto";
import type { Receipt } from "../domain/receipt.ts";
import type { SignedRule } from "../mapping/check.ts";
import type { Part } from "../mapping/part.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { refuseAge } from "./age.ts";
import { type Channel, type Check, isProof } from "./channel.ts";
import { contentOf, unsaidCoding } from "./content.ts";
import { hasNewest, isSame, type Refusal, refuseCredentials } from "./credentials.ts";
import { openRequest, type PayloadRule } from "./open-request.ts";
import type { OpenedRequest, RawRequest, VerifiedRequest } from "./request.ts";
import { decodeSignatures, signatureTexts, signedBytes } from "./signature.ts";
import { atOnce, inTurns, STEP_BYTES, type Steps } from "./steps.ts";
import { requestOfReceipt } from "./stored-request.ts";

/**
 * Whether a request is genuine: every check of the channel must pass, the cheap ones first. Signatures are
 * checked over the bytes that came, or the decoded form field where the provider signs that, and compared in
 * constant time. Nothing is parsed before that, unless the provider signs members of the payload
 * (`payload:…`).
 */
export function verify(request: OpenedRequest, channel: Channel): VerifiedRequest | Refusal {
  return atOnce(verifying(request, channel));
}

/** The same with turns for other requests in between where there is much to hash. */
export function verifyInTurns(request: OpenedRequest, channel: Channel): Promise<VerifiedRequest | Refusal> {
  return inTurns(verifying(request, channel));
}

/** The request of a receipt, which passed its channel's checks when it came. */
export async function asVerifiedBefore(receipt: Receipt, channel: Channel): Promise<VerifiedRequest> {
  const raw = await requestOfReceipt(receipt, channel);
  return asVerified(openRequest(raw, channel.rules.read), {
    verified: receipt.verified,
    byOlderSecret: null,
  });
}

/** A request of a dry run: nothing is checked, and nothing may be recorded. */
export function withoutChecks(raw: RawRequest, { rules }: Pick<Channel, "rules">): VerifiedRequest {
  return asVerified(openRequest(raw, rules.read), { verified: "none", byOlderSecret: null });
}

function asVerified(
  request: OpenedRequest,
  how: Pick<VerifiedRequest, "verified" | "byOlderSecret">,
): VerifiedRequest {
  return { ...request, ...how } as VerifiedRequest;
}

/**
 * `passed`, `passed_by_older` where only a secret matches that is not the newest, `absent` where an optional
 * check has nothing to judge, or why the check failed.
 */
type Verdict = "passed" | "passed_by_older" | "absent" | Refusal;

function* verifying(request: OpenedRequest, channel: Channel): Steps<VerifiedRequest | Refusal> {
  const refusal = refuseCredentials(request, channel);
  if (refusal) return refusal;
  const passed: Check[] = [];
  let isOlder = false;
  for (const check of channel.checks) {
    const verdict = yield* judgeEither(request, check, channel.rules.read);
    if (typeof verdict === "object") return verdict;
    if (verdict !== "absent") passed.push(check);
    if (verdict === "passed_by_older") isOlder = true;
  }
  if (channel.checks.some(isProof) && !passed.some(isProof))
    return { refused: "the request has no signature" };
  const verified = passed.map(({ kind }) => kind).join("+") || "none";
  const byOlderSecret = channel.checks.some(hasOlderSecret) ? isOlder : null;
  return refuseForm(request, channel.rules) ?? asVerified(request, { verified, byOlderSecret });
}

/** Whether a check has the secret before as well, while it is changed. */
function hasOlderSecret(check: Check): boolean {
  if (check.kind === "hmac") return check.secrets.length > 1;
  return check.kind === "equals" && check.isSecret && check.values.length > 1;
}

const XML_TYPE = /^[^;]*[/+]xml\s*(?:;|$)/i;

/** Refuses a genuine request in a form that the mapping cannot read, so that the provider shows a failure. */
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
 * Checks a compressed body decompressed and then as it came, since senders and gateways sign either. Of the
 * bytes that came only a signature over the whole body counts: they could look like a form with signed fields
 * and hold another.
 */
function* judgeEither(request: OpenedRequest, check: Check, read: PayloadRule): Steps<Verdict> {
  const verdict = yield* judge(request, check);
  const { content } = request;
  if (typeof verdict !== "object" || !content || "undecodable" in content || !coversBody(check))
    return verdict;
  const uncoded = openRequest({ ...request, content: { bytes: request.body } }, read);
  const asItCame = yield* judge(uncoded, check);
  return typeof asItCame === "string" && asItCame !== "absent" ? asItCame : verdict;
}

function coversBody(check: Check): boolean {
  if (check.kind !== "hmac" && check.kind !== "rsa") return false;
  return check.rule.over.some((part) => "place" in part && part.place.in === "body" && part.find === null);
}

function* judge(request: OpenedRequest, check: Check): Steps<Verdict> {
  switch (check.kind) {
    case "hmac":
      return yield* judgeHmac(request, check);
    case "rsa":
      return judgeRsa(request, check);
    // `refuseCredentials` has judged these.
    case "equals":
      return hasOlderSecret(check) && !hasNewest(request, check) ? "passed_by_older" : "passed";
    case "token":
    case "basic":
      return "passed";
  }
}

/** Names the likeliest reason: another secret, unless the body cannot be what was signed. */
function mismatch(request: RawRequest): Refusal {
  const { content } = request;
  const doubt = content && "undecodable" in content ? content.undecodable : unsaidCoding(request);
  const why = doubt ?? "is the configured secret the one that the provider signs with?";
  return { refused: `the signature does not match: ${why}` };
}

function* judgeHmac(
  request: OpenedRequest,
  { rule, secrets, required = true }: CheckOf<"hmac">,
): Steps<Verdict> {
  const signatures = signatureTexts(request, rule.signatures);
  if (signatures === null) return required ? noSignature(request, rule.signatures) : "absent";
  const signed = signedBytes(request, rule.over);
  if ("refused" in signed) return signed;

  const candidates = decodeSignatures(signatures, rule.prefix, rule.encodings);
  for (const [index, secret] of secrets.entries()) {
    const expected = yield* hmacOf(signed, rule.hash, secret);
    if (candidates.some((candidate) => isSame(candidate, expected)))
      return judgeAge(request, rule) ?? (index > 0 ? "passed_by_older" : "passed");
  }
  return mismatch(request);
}

/** The age is judged after the signature: a refusal tells it only to senders with the right key. */
function judgeAge(request: OpenedRequest, { age }: SignedRule): Refusal | null {
  return age && refuseAge(request, age);
}

/** Bytes that are hashed in one step: some ten milliseconds of work. */
const HASH_STEP_BYTES = 8 * STEP_BYTES;

function* hmacOf(signed: readonly Uint8Array[], hash: string, secret: string | KeyObject): Steps<Buffer> {
  const hmac = createHmac(hash, secret);
  for (const bytes of signed) {
    for (let from = 0; from < bytes.length; from += HASH_STEP_BYTES) {
      if (from > 0) yield;
      hmac.update(bytes.subarray(from, from + HASH_STEP_BYTES));
    }
  }
  // As a text first: a buffer from OpenSSL has memory of its own and costs twice as much.
  return Buffer.from(hmac.digest("binary"), "binary");
}

/** Signatures of one request that are checked: each costs as much as a thousand hashes. */
const MAX_RSA_SIGNATURES = 8;

function judgeRsa(request: OpenedRequest, { rule, key, required }: CheckOf<"rsa">): Verdict {
  const signatures = signatureTexts(request, rule.signatures)?.filter((text) => text.trim() !== "") ?? [];
  if (signatures.length === 0) return required ? noSignature(request, rule.signatures) : "absent";
  const signed = signedBytes(request, rule.over);
  if ("refused" in signed) return signed;

  const data = Buffer.concat(signed);
  const candidates = decodeSignatures(signatures, "", [rule.encoding]).slice(0, MAX_RSA_SIGNATURES);
  try {
    const matches = candidates.some((bytes) => verifySignature(rule.hash, data, key, bytes));
    return matches ? (judgeAge(request, rule) ?? "passed") : mismatch(request);
  } catch {
    // No request makes OpenSSL throw here; a host's policy that forbids the hash does.
    return {
      refused: `this host's cryptography refuses RSA with ${rule.hash.toUpperCase()}; the signature may be good`,
    };
  }
}

function noSignature(request: OpenedRequest, parts: readonly Part[]): Refusal {
  const where = parts.map(({ place }) => formatPlace(place)).join(" or ");
  const why = parts.every(({ place }) => place.in === "payload") ? whyNoPayload(request) : null;
  return {
    refused: `the request has no ${where}, where its signature should be${why === null ? "" : `: ${why}`}`,
  };
}

/** Why the payload of a request cannot be looked into; null: it can. */
function whyNoPayload(request: OpenedRequest): string | null {
  const payload = atOnce(request.payload());
  return "absent" in payload ? payload.absent : null;
}
