import { createHmac, timingSafeEqual, verify as verifySignature } from "node:crypto";
import type { Fingerprints } from "../domain/receipt.ts";
import type { SignatureEncoding, SignedPart } from "../mapping/check.ts";
import { formatPlace, type PlaceRef } from "../mapping/place.ts";
import type { Channel, Check } from "./channel.ts";
import { type PayloadRule, placeIn } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";

/** Why a request is not taken for genuine, in words that help whoever configures the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
}

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass. Signatures are checked over the bytes that came (or
 * the decoded form field, where the provider signs that), and compared in constant time. Nothing is parsed before that, unless
 * the provider signs members of the payload (`payload:…`).
 */
export function verify(request: RawRequest, channel: Channel): VerifiedRequest | Refusal {
  const passed: string[] = [];
  for (const check of channel.checks) {
    const verdict = judge(request, check, channel.rules.read);
    if (typeof verdict === "object") return verdict;
    if (verdict === "passed") passed.push(check.kind);
  }
  if (passed.length === 0 && channel.checks.length > 0) return { refused: "the request has no signature" };
  return { ...request, verified: passed.join("+") || "none" };
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

function judge(request: RawRequest, check: Check, read: PayloadRule): Verdict {
  switch (check.kind) {
    case "hmac":
      return judgeHmac(request, check, read);
    case "rsa":
      return judgeRsa(request, check, read);
    case "token":
      return judgeToken(request, check);
    case "basic":
      return judgeBasic(request, check);
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

function judgeToken(request: RawRequest, { token }: CheckOf<"token">): Verdict {
  const given = fingerprintsOf(request).token;
  if (given === null)
    return { refused: "the URL has no token: the provider must be told to post to …?token=…" };
  return isSameText(given, fingerprint(token))
    ? "passed"
    : { refused: "the token in the URL is not the configured one" };
}

function judgeBasic(request: RawRequest, { user, password }: CheckOf<"basic">): Verdict {
  const given = fingerprintsOf(request).authorization ?? "";
  const expected = fingerprint(`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`);
  return isSameText(given, expected)
    ? "passed"
    : { refused: "the user name or password is not the configured one" };
}

/** What stands for the credentials that a request shows: enough to compare them, and nothing to use them by. */
export function fingerprintsOf(request: RawRequest): Fingerprints {
  if (request.shown) return request.shown;
  const token = request.pathToken ?? request.query.get("token");
  const { authorization } = request.headers;
  return {
    token: token === null ? null : fingerprint(token),
    authorization: authorization === undefined ? null : fingerprint(authorization),
  };
}

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

/** Compares in a time that does not depend on where the two differ. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** As `isSame`, over digests, so that not even the length shows. */
export function isSameText(a: string, b: string): boolean {
  return isSame(Buffer.from(fingerprint(a)), Buffer.from(fingerprint(b)));
}

function fingerprint(text: string): string {
  return createHmac("sha256", "countersign").update(text).digest("hex");
}
