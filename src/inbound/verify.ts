import { createHmac, timingSafeEqual, verify as verifySignature } from "node:crypto";
import type { SignatureEncoding, SignedPart } from "../mapping/check.ts";
import { formatPlace } from "../mapping/place.ts";
import type { Channel, Check } from "./channel.ts";
import { placeIn } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";

/** Why a request is not taken for genuine, in words that help whoever configures the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
}

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass. Signatures are checked over the bytes that came (or
 * the decoded form field, where the provider signs that), before anything is parsed, and compared in constant time.
 */
export function verify(request: RawRequest, channel: Channel): VerifiedRequest | Refusal {
  const passed: string[] = [];
  for (const check of channel.checks) {
    const verdict = judge(request, check);
    if (typeof verdict === "object") return verdict;
    if (verdict === "passed") passed.push(check.kind);
  }
  if (passed.length === 0 && channel.checks.length > 0) return { refused: "the request has no signature" };
  return { ...request, verified: passed.join("+") || "none" };
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

function judge(request: RawRequest, check: Check): Verdict {
  switch (check.kind) {
    case "hmac":
      return judgeHmac(request, check);
    case "rsa":
      return judgeRsa(request, check);
    case "token":
      return judgeToken(request, check);
    case "basic":
      return judgeBasic(request, check);
  }
}

const MISMATCH: Refusal = {
  refused: "the signature does not match: is the configured secret the one that the provider signs with?",
};

function judgeHmac(request: RawRequest, { rule, secrets }: CheckOf<"hmac">): Verdict {
  const signature = placeIn(request, rule.signature);
  if (!signature)
    return { refused: `the request has no ${formatPlace(rule.signature)}, where its signature should be` };
  const signed = signedBytes(request, rule.over);
  if (!signed) return { refused: "a part of what is signed is not in the request" };

  const candidates = decodeSignature(signature, rule.prefix, rule.encodings);
  const matches = secrets.some((secret) => {
    const expected = signed
      .reduce((hmac, bytes) => hmac.update(bytes), createHmac(rule.hash, secret))
      .digest();
    return candidates.some((candidate) => isSame(candidate, expected));
  });
  return matches ? "passed" : MISMATCH;
}

function judgeRsa(request: RawRequest, { rule, key, required }: CheckOf<"rsa">): Verdict {
  const signature = placeIn(request, rule.signature);
  if (!signature || signature.length === 0) {
    return required
      ? { refused: `the request has no ${formatPlace(rule.signature)}, where its signature should be` }
      : "absent";
  }
  const signed = signedBytes(request, rule.over);
  if (!signed) return { refused: "a part of what is signed is not in the request" };
  try {
    const [bytes] = decodeSignature(signature, "", [rule.encoding]);
    return bytes && verifySignature(rule.hash, Buffer.concat(signed), key, bytes) ? "passed" : MISMATCH;
  } catch {
    return {
      refused: `this host's cryptography refuses RSA with ${rule.hash.toUpperCase()}; the signature may be good`,
    };
  }
}

function judgeToken(request: RawRequest, { token }: CheckOf<"token">): Verdict {
  const given = request.pathToken ?? request.query.get("token");
  if (given === null)
    return { refused: "the URL has no token: the provider must be told to post to …?token=…" };
  return isSameText(given, token) ? "passed" : { refused: "the token in the URL is not the configured one" };
}

function judgeBasic(request: RawRequest, { user, password }: CheckOf<"basic">): Verdict {
  const given = request.headers.authorization ?? "";
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return isSameText(given, expected)
    ? "passed"
    : { refused: "the user name or password is not the configured one" };
}

/** What was signed, piece by piece; null when a piece is missing. */
function signedBytes(request: RawRequest, over: readonly SignedPart[]): Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  for (const part of over) {
    const bytes = "text" in part ? Buffer.from(part.text) : placeIn(request, part);
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
  return isSame(fingerprint(a), fingerprint(b));
}

function fingerprint(text: string): Buffer {
  return createHmac("sha256", "countersign").update(text).digest();
}
