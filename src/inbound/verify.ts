import { createHmac, verify as verifySignature } from "node:crypto";
import type { SignatureEncoding, SignedPart } from "../mapping/check.ts";
import { formatPlace, type PlaceRef } from "../mapping/place.ts";
import type { Channel, Check } from "./channel.ts";
import { isSame, type Refusal, refuseCredentials } from "./credentials.ts";
import { type PayloadRule, placeIn } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass, token and password before anything dear. Signatures are checked over the bytes that came (or
 * the decoded form field, where the provider signs that), and compared in constant time. Nothing is parsed before that, unless
 * the provider signs members of the payload (`payload:…`).
 */
export function verify(request: RawRequest, channel: Channel): VerifiedRequest | Refusal {
  const refusal = refuseCredentials(request, channel);
  if (refusal) return refusal;
  const passed: string[] = [];
  for (const check of channel.checks) {
    const verdict = judgeEither(request, check, channel.rules.read);
    if (typeof verdict === "object") return verdict;
    if (verdict === "passed") passed.push(check.kind);
  }
  if (passed.length === 0 && channel.checks.length > 0) return { refused: "the request has no signature" };
  return { ...request, verified: passed.join("+") || "none" };
}

export { isSameText } from "./credentials.ts";

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/** A sender or a gateway that compresses may sign before or after it did. */
function judgeEither(request: RawRequest, check: Check, read: PayloadRule): Verdict {
  const verdict = judge(request, check, read);
  if (typeof verdict !== "object" || !request.content || "undecodable" in request.content) return verdict;
  const asItCame = judge({ ...request, content: { bytes: request.body } }, check, read);
  return asItCame === "passed" ? asItCame : verdict;
}

function judge(request: RawRequest, check: Check, read: PayloadRule): Verdict {
  switch (check.kind) {
    case "hmac":
      return judgeHmac(request, check, read);
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

function judgeHmac(request: RawRequest, { rule, secrets }: CheckOf<"hmac">, read: PayloadRule): Verdict {
  const signatures = signaturesIn(request, rule.signatures, read);
  if (signatures.length === 0) return noSignature(rule.signatures);
  const signed = signedBytes(request, rule.over, read);
  if (!signed) return INCOMPLETE;

  const candidates = signatures.flatMap((text) => decodeSignature(text, rule.prefix, rule.encodings));
  const matches = secrets.some((secret) => {
    const expected = hmacOf(signed, rule.hash, secret);
    return candidates.some((candidate) => isSame(candidate, expected));
  });
  return matches ? "passed" : MISMATCH;
}

function hmacOf(signed: readonly Uint8Array[], hash: string, secret: string): Buffer {
  const hmac = createHmac(hash, secret);
  for (const bytes of signed) hmac.update(bytes);
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
