import { createHmac, verify as verifySignature } from "node:crypto";
import type { SignatureEncoding, SignedPart } from "../mapping/check.ts";
import { formatPlace, type PlaceRef } from "../mapping/place.ts";
import type { Channel, Check } from "./channel.ts";
import { isSame, type Refusal, refuseCredentials } from "./credentials.ts";
import { type PayloadRule, placeIn } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { atOnce, inTurns, STRIDE, type Steps } from "./steps.ts";

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass, token and password before anything dear. Signatures are checked over the bytes that came (or
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
  const passed: string[] = [];
  for (const check of channel.checks) {
    const verdict = yield* judgeEither(request, check, channel.rules.read);
    if (typeof verdict === "object") return verdict;
    if (verdict === "passed") passed.push(check.kind);
  }
  if (passed.length === 0 && channel.checks.length > 0) return { refused: "the request has no signature" };
  return { ...request, verified: passed.join("+") || "none" };
}

export { isSameText } from "./credentials.ts";

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/** A sender or a gateway that compresses may sign before or after it did. */
function* judgeEither(request: RawRequest, check: Check, read: PayloadRule): Steps<Verdict> {
  const verdict = yield* judge(request, check, read);
  if (typeof verdict !== "object" || !request.content || "undecodable" in request.content) return verdict;
  const asItCame = yield* judge({ ...request, content: { bytes: request.body } }, check, read);
  return asItCame === "passed" ? asItCame : verdict;
}

function* judge(request: RawRequest, check: Check, read: PayloadRule): Steps<Verdict> {
  switch (check.kind) {
    case "hmac":
      return yield* judgeHmac(request, check, read);
    case "rsa":
      return judgeRsa(request, check, read);
    case "token":
    case "basic":
      return "passed"; // by refuseCredentials, before
  }
}

const MISMATCH: Refusal = {
  refused: "the signature does not match: is the configured secret the one that the provider signs with?",
};

function* judgeHmac(
  request: RawRequest,
  { rule, secrets }: CheckOf<"hmac">,
  read: PayloadRule,
): Steps<Verdict> {
  const signatures = signaturesIn(request, rule.signatures, read);
  if (signatures.length === 0) return noSignature(rule.signatures);
  const signed = signedBytes(request, rule.over, read);
  if (!signed) return INCOMPLETE;

  const candidates = signatures.flatMap((text) => decodeSignature(text, rule.prefix, rule.encodings));
  for (const secret of secrets) {
    const expected = yield* hmacOf(signed, rule.hash, secret);
    if (candidates.some((candidate) => isSame(candidate, expected))) return "passed";
  }
  return MISMATCH;
}

/** So many bytes are hashed in a step: some ten milliseconds. */
const HASH_STRIDE = 8 * STRIDE;

function* hmacOf(signed: readonly Uint8Array[], hash: string, secret: string): Steps<Buffer> {
  const hmac = createHmac(hash, secret);
  for (const bytes of signed) {
    for (let from = 0; from < bytes.length; from += HASH_STRIDE) {
      if (from > 0) yield;
      hmac.update(bytes.subarray(from, from + HASH_STRIDE));
    }
  }
  // As a text first, for a buffer from OpenSSL has memory of its own and costs twice as much.
  return Buffer.from(hmac.digest("binary"), "binary");
}

function judgeRsa(request: RawRequest, { rule, key, required }: CheckOf<"rsa">, read: PayloadRule): Verdict {
  const signatures = signaturesIn(request, rule.signatures, read).filter(({ length }) => length > 0);
  if (signatures.length === 0) return required ? noSignature(rule.signatures) : "absent";
  const signed = signedBytes(request, rule.over, read);
  if (!signed) return INCOMPLETE;

  const data = Buffer.concat(signed);
  const candidates = signatures.flatMap((text) => decodeSignature(text, "", [rule.encoding]));
  try {
    return candidates.some((bytes) => verifySignature(rule.hash, data, key, bytes)) ? "passed" : MISMATCH;
  } catch {
    // Nothing that a request holds makes OpenSSL throw here: it was asked for something that the host's policy forbids.
    return {
      refused: `this host's cryptography refuses RSA with ${rule.hash.toUpperCase()}; the signature may be good`,
    };
  }
}

/** The signatures that are there, of all places where one can be. */
function signaturesIn(request: RawRequest, places: readonly PlaceRef[], read: PayloadRule): Uint8Array[] {
  return places.map((place) => placeIn(request, place, read)).filter((bytes) => bytes !== null);
}

function noSignature(places: readonly PlaceRef[]): Refusal {
  const where = places.map(formatPlace).join(" or ");
  return { refused: `the request has no ${where}, where its signature should be` };
}

const INCOMPLETE: Refusal = { refused: "a part of what is signed is not in the request" };

/** What was signed, piece by piece; null when a piece is missing. */
function signedBytes(
  request: RawRequest,
  over: readonly SignedPart[],
  read: PayloadRule,
): Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  for (const part of over) {
    const bytes = "text" in part ? Buffer.from(part.text) : placeIn(request, part, read);
    if (!bytes) return null;
    parts.push(bytes);
  }
  return parts;
}

/** The bytes that a signature's text can stand for. Hexadecimal is read without regard to case. */
function decodeSignature(
  signature: Uint8Array,
  prefix: string,
  encodings: readonly SignatureEncoding[],
): Buffer[] {
  const text = Buffer.from(signature).toString("latin1").trim();
  if (!text.startsWith(prefix)) return [];
  return encodings.map((encoding) => Buffer.from(text.slice(prefix.length), encoding));
}
