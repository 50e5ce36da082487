import { createHmac, type KeyObject, timingSafeEqual, verify as verifySignature } from "node:crypto";
import type { Fingerprints } from "../domain/receipt.ts";
import type { SignedRule } from "../mapping/check.ts";
import type { Part } from "../mapping/part.ts";
import { formatPlace, type RequestPlace } from "../mapping/place.ts";
import { refuseAge } from "./age.ts";
import { type Channel, type Check, isProof } from "./channel.ts";
import { everythingIn, type PayloadRule } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { decodeSignatures, signatureTexts, signedBytes } from "./signature.ts";

/** Why a request is not taken for genuine, in words that help whoever configures the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
  /** Absent: it is not genuine. */
  code?: "unsupported_media_type";
}

/** `passed`, `absent` where the check may be left out and was, or why it did not pass. */
type Verdict = "passed" | "absent" | Refusal;

/**
 * Whether a request is genuine: every check of the channel must pass. Signatures are checked over the bytes that came (or
 * the decoded form field, where the provider signs that), and compared in constant time. Nothing is parsed before that, unless
 * the provider signs members of the payload (`payload:…`).
 */
export function verify(request: RawRequest, channel: Channel): VerifiedRequest | Refusal {
  const passed: Check[] = [];
  for (const check of channel.checks) {
    const verdict = judge(request, check, channel.rules.read);
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
function refuseForm({ headers, body }: RawRequest, { refuse }: Channel["rules"]): Refusal | null {
  if (refuse.xml === undefined) return null;
  const beginning = Buffer.from(body.subarray(0, 256))
    .toString()
    .replace(/^\ufeff/, "")
    .trimStart();
  const isXml = beginning.startsWith("<") || XML_TYPE.test(headers["content-type"] ?? "");
  return isXml ? { refused: refuse.xml, code: "unsupported_media_type" } : null;
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

function judge(request: RawRequest, check: Check, read: PayloadRule): Verdict {
  switch (check.kind) {
    case "hmac":
      return judgeHmac(request, check, read);
    case "rsa":
      return judgeRsa(request, check, read);
    case "equals":
      return judgeEquals(request, check);
    case "token":
      return judgeToken(request, check);
    case "basic":
      return judgeBasic(request, check);
  }
}

const MISMATCH: Refusal = {
  refused: "the signature does not match: is the configured secret the one that the provider signs with?",
};

function judgeHmac(
  request: RawRequest,
  { rule, secrets, required = true }: CheckOf<"hmac">,
  read: PayloadRule,
): Verdict {
  const signatures = signatureTexts(request, rule.signatures, read);
  if (signatures === null) return required ? noSignature(rule.signatures) : "absent";
  const signed = signedBytes(request, rule.over, read);
  if ("refused" in signed) return signed;

  const candidates = decodeSignatures(signatures, rule.prefix, rule.encodings);
  const matches = secrets.some((secret) => {
    const expected = hmacOf(signed, rule.hash, secret);
    return candidates.some((candidate) => isSame(candidate, expected));
  });
  return matches ? judgeAge(request, rule, read) : MISMATCH;
}

/** Only what is signed by the right key is told how old it is. */
function judgeAge(request: RawRequest, { age }: SignedRule, read: PayloadRule): Verdict {
  return (age && refuseAge(request, age, read)) ?? "passed";
}

function hmacOf(signed: readonly Uint8Array[], hash: string, secret: string | KeyObject): Buffer {
  const hmac = createHmac(hash, secret);
  for (const bytes of signed) hmac.update(bytes);
  // As a text first, for a buffer from OpenSSL has memory of its own and costs twice as much.
  return Buffer.from(hmac.digest("binary"), "binary");
}

/** So many signatures of one request are tried, for each costs as much as a thousand hashes. */
const MOST_RSA_SIGNATURES = 8;

function judgeRsa(request: RawRequest, { rule, key, required }: CheckOf<"rsa">, read: PayloadRule): Verdict {
  const signatures =
    signatureTexts(request, rule.signatures, read)?.filter((text) => text.trim() !== "") ?? [];
  if (signatures.length === 0) return required ? noSignature(rule.signatures) : "absent";
  const signed = signedBytes(request, rule.over, read);
  if ("refused" in signed) return signed;

  const data = Buffer.concat(signed);
  const candidates = decodeSignatures(signatures, "", [rule.encoding]).slice(0, MOST_RSA_SIGNATURES);
  try {
    const matches = candidates.some((bytes) => verifySignature(rule.hash, data, key, bytes));
    return matches ? judgeAge(request, rule, read) : MISMATCH;
  } catch {
    // Nothing that a request holds makes OpenSSL throw here: it was asked for something that the host's policy forbids.
    return {
      refused: `this host's cryptography refuses RSA with ${rule.hash.toUpperCase()}; the signature may be good`,
    };
  }
}

function noSignature(parts: readonly Part[]): Refusal {
  const where = parts.map(({ place }) => formatPlace(place)).join(" or ");
  return { refused: `the request has no ${where}, where its signature should be` };
}

function judgeEquals(request: RawRequest, { place, values }: CheckOf<"equals">): Verdict {
  const name = formatPlace(place);
  const given = fingerprintsOf(request, [place]).places?.[name];
  if (given === undefined)
    return { refused: `the request has no ${name}, which should have the configured value` };
  // All are compared, so that the time does not show which one it was.
  const matches = values.filter((value) => isSameText(given, fingerprint(value)));
  return matches.length > 0 ? "passed" : { refused: `what ${name} has is not the configured value` };
}

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

/**
 * What stands for the credentials that a request shows: enough to compare them, and nothing to use them by. `places` are those that
 * hold a secret.
 */
export function fingerprintsOf(request: RawRequest, places: readonly RequestPlace[] = []): Fingerprints {
  const token = request.pathToken ?? request.query.get("token");
  const { authorization } = request.headers;
  const own = {
    token: token === null ? null : fingerprint(token),
    authorization: authorization === undefined ? null : fingerprint(authorization),
    ...(places.length === 0 ? {} : { places: fingerprintsAt(request, places) }),
  };
  const { shown } = request;
  return shown
    ? { ...own, ...shown, ...(own.places && { places: { ...own.places, ...shown.places } }) }
    : own;
}

/** By place, as mappings write it. A place that has several values has one of its own, that equals none of them. */
function fingerprintsAt(request: RawRequest, places: readonly RequestPlace[]): Record<string, string> {
  const found = places.map(
    (place) => [formatPlace(place), everythingIn(request, place, NO_PAYLOAD)] as const,
  );
  return Object.fromEntries(
    found.flatMap(([name, values]) =>
      values.length === 0
        ? []
        : [[name, fingerprint(values.map((bytes) => Buffer.from(bytes).toString()).join(", "))]],
    ),
  );
}

/** Headers and parameters are not in the payload. */
const NO_PAYLOAD: PayloadRule = { from: { in: "body" }, as: "json" };

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
