import { createHash } from "node:crypto";
import type { SignedPart, SignedRule } from "../mapping/check.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { type Channel, type Check, isProof } from "./channel.ts";
import type { PayloadRule } from "./open-request.ts";
import type { OpenedRequest } from "./request.ts";
import { decodeSignatures, signatureTexts, signedBytes } from "./signature.ts";
import { judgeInTurns, refuseForm, verifyInTurns } from "./verify.ts";

/**
 * How a stored request is verified, check by check, for a person. It runs the same checks as `verify`, which
 * only gives a verdict. No secret and no expected signature is in it.
 */

export interface Explained {
  /** In the order in which they are made. */
  steps: readonly CheckStep[];
  /** What must hold beside the checks; null: it holds. */
  refused: string | null;
}

export interface CheckStep {
  kind: Check["kind"];
  /**
   * `passed_then`: it passed when the request came, and what it needs is not stored. `unrepeatable`: it is
   * not known whether it would pass. `absent`: an optional check, and the request has nothing for it.
   */
  verdict: "passed" | "passed_then" | "failed" | "absent" | "unrepeatable";
  /** Why it is not passed, in a sentence; null: it is. */
  why: string | null;
  /** Which of several secrets it passed with, from 1; null: there is only one, or it did not pass. */
  secret: { number: number; of: number } | null;
  /** Of a signature; null: the check is none. */
  signature: SignatureStep | null;
  /** The place that must hold a configured value; null: none. */
  place: string | null;
}

export interface SignatureStep {
  hash: string;
  /** Where it is looked for, and what stands there. */
  expected: readonly { place: string; pattern: string | null; found: readonly string[] }[];
  /** How many of the texts found are signatures in the encodings of the mapping. */
  readable: number;
  encodings: readonly string[];
  prefix: string;
  /** What is signed, one after the other. `bytes` null: it is not there, or there more than once. */
  over: readonly { part: string; bytes: number | null }[];
  /** SHA-256 of all signed bytes in hexadecimal; null: a part is missing. */
  digest: string | null;
  /** The signed time that is checked; null: none is. */
  age: { place: string; past: number | null; future: number } | null;
}

/** What is stored of a request besides its bytes. */
export interface Storage {
  /** The checks that a receipt passed when it came; null: it is a refused request, with fingerprints. */
  verified: string | null;
  /** Whether all of its body is stored. */
  isWhole: boolean;
}

/** Explains the checks of the channel's present configuration over a stored request. */
export async function explainChecks(
  request: OpenedRequest,
  channel: Channel,
  storage: Storage,
): Promise<Explained> {
  const steps: CheckStep[] = [];
  // `verify` judges credentials first as well, since they need no body.
  for (const check of [...channel.checks].sort((a, b) => rankOf(a) - rankOf(b)))
    steps.push(await explainCheck(request, check, channel.rules.read, storage));
  return { steps, refused: await refusedBeside(request, channel, steps, storage) };
}

function rankOf({ kind }: Check): number {
  return kind === "hmac" || kind === "rsa" ? 1 : 0;
}

async function refusedBeside(
  request: OpenedRequest,
  channel: Channel,
  steps: readonly CheckStep[],
  { verified, isWhole }: Storage,
): Promise<string | null> {
  const proves = channel.checks.some(isProof);
  const isUnproved = proves && steps.every(({ verdict }) => verdict === "absent");
  if (isUnproved) return "the request has no signature";
  if (verified !== null || !isWhole) return refuseForm(request, channel.rules)?.refused ?? null;
  if (steps.some(({ verdict }) => verdict === "failed")) return null;
  const verdict = await verifyInTurns(request, channel);
  return "refused" in verdict ? verdict.refused : null;
}

async function explainCheck(
  request: OpenedRequest,
  check: Check,
  read: PayloadRule,
  storage: Storage,
): Promise<CheckStep> {
  const signature =
    check.kind === "hmac" || check.kind === "rsa" ? explainSignature(request, check, storage) : null;
  const about = {
    kind: check.kind,
    signature,
    place: check.kind === "equals" ? formatPlace(check.place) : null,
  };
  const lack = whatIsMissing(check, storage);
  if (lack !== null) return { ...about, ...lack, secret: null };
  const verdict = await judgeInTurns(request, check, read);
  if (verdict === "absent")
    return { ...about, verdict, why: "the request has no signature, and none is required", secret: null };
  if (typeof verdict === "object") return { ...about, verdict: "failed", why: verdict.refused, secret: null };
  return { ...about, verdict: "passed", why: null, secret: await matchingSecret(request, check, read) };
}

/** Why a check cannot be made again; null: it can. */
function whatIsMissing(
  check: Check,
  { verified, isWhole }: Storage,
): Pick<CheckStep, "verdict" | "why"> | null {
  if (check.kind === "hmac" || check.kind === "rsa")
    return isWhole ? null : { verdict: "unrepeatable", why: "only the beginning of the body is kept" };
  if (verified === null || (check.kind === "equals" && !check.isSecret)) return null;
  return verified.split("+").includes(check.kind)
    ? { verdict: "passed_then", why: "what the request showed is not kept" }
    : {
        verdict: "unrepeatable",
        why: "it was no check when the request came, so what it showed is not kept",
      };
}

async function matchingSecret(
  request: OpenedRequest,
  check: Check,
  read: PayloadRule,
): Promise<CheckStep["secret"]> {
  const single = withSingleSecrets(check);
  if (single.length < 2) return null;
  for (const [index, one] of single.entries()) {
    const verdict = await judgeInTurns(request, one, read);
    if (verdict === "passed") return { number: index + 1, of: single.length };
  }
  return null;
}

/** The check with each of its secrets alone. */
function withSingleSecrets(check: Check): readonly Check[] {
  if (check.kind === "hmac") return check.secrets.map((secret) => ({ ...check, secrets: [secret] }));
  if (check.kind === "equals" && check.isSecret)
    return check.values.map((value) => ({ ...check, values: [value] }));
  return [];
}

type Signed = Extract<Check, { kind: "hmac" | "rsa" }>;

/** Signatures of one place that are shown. */
const MAX_SHOWN = 5;

function explainSignature(request: OpenedRequest, { rule }: Signed, { isWhole }: Storage): SignatureStep {
  const encodings = rule.kind === "hmac" ? rule.encodings : [rule.encoding];
  const prefix = rule.kind === "hmac" ? rule.prefix : "";
  const texts = signatureTexts(request, rule.signatures) ?? [];
  const signed = isWhole ? signedBytes(request, rule.over) : null;
  return {
    hash: rule.hash,
    expected: rule.signatures.map((part) => ({
      place: formatPlace(part.place),
      pattern: part.pattern,
      found: (signatureTexts(request, [part]) ?? []).slice(0, MAX_SHOWN),
    })),
    readable: decodeSignatures(texts, prefix, encodings).length,
    encodings,
    prefix,
    over: rule.over.map((part) => ({ part: nameOf(part), bytes: isWhole ? lengthOf(request, part) : null })),
    digest: Array.isArray(signed) ? digestOf(signed) : null,
    age: ageOf(rule),
  };
}

function nameOf(part: SignedPart): string {
  if ("text" in part) return `the text ${JSON.stringify(part.text)}`;
  const place = formatPlace(part.place);
  return part.pattern === null ? place : `${place}, what /${part.pattern}/ finds`;
}

function lengthOf(request: OpenedRequest, part: SignedPart): number | null {
  const signed = signedBytes(request, [part]);
  return Array.isArray(signed) ? (signed[0]?.length ?? 0) : null;
}

function digestOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const bytes of parts) hash.update(bytes);
  return hash.digest("hex");
}

function ageOf({ age }: SignedRule): SignatureStep["age"] {
  return age && { place: formatPlace(age.part.place), past: age.past, future: age.future };
}
