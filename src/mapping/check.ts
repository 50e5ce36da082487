import { parseDuration } from "../domain/quantity.ts";
import {
  type CheckFile,
  type ENCODINGS,
  type EXPECTATIONS,
  type HASHES,
  LITERAL,
  type SECRET_FORMS,
  type SignedFile,
} from "./check-schema.ts";
import { listOf } from "./field.ts";
import { compilePart, type Part } from "./part.ts";
import { type HeadPlace, parseHeadPlace } from "./request-place.ts";
import type { TimeTransform } from "./transform.ts";

type Hash = (typeof HASHES)[number];
export type SignatureEncoding = (typeof ENCODINGS)[number];
export type SecretForm = (typeof SECRET_FORMS)[number];

/** A stretch of the signed bytes: a place, a part of it, or a text that the provider puts between. */
export type SignedPart = Part | { text: string };

/** The rules that all signatures share. */
export interface SignedRule {
  hash: Hash;
  /** One of them must match; there is at least one. */
  signatures: readonly Part[];
  /** In order, with nothing between. */
  over: readonly SignedPart[];
  age: AgeRule | null;
}

/** A signed time, and its largest distance from the time of receipt, in milliseconds. */
export interface AgeRule {
  part: Part;
  as: TimeTransform;
  /** Null: no limit, unless the configuration sets one. */
  past: number | null;
  future: number;
}

/**
 * A check that proves a request genuine. All checks of a channel are required, except optional ones that are
 * absent.
 */
export type CheckRule =
  | (SignedRule & {
      kind: "hmac";
      /** The signature may be in any of them. */
      encodings: readonly SignatureEncoding[];
      /** The text before each signature, such as `sha256=`; mostly empty. */
      prefix: string;
      /** How the configuration's secrets become keys. */
      secret: SecretForm;
      /** The configuration may leave the secrets out. */
      optional: boolean;
    })
  | (SignedRule & {
      kind: "rsa";
      encoding: SignatureEncoding;
      /** Checked when the request has a signature, required only when the configuration says so. */
      optional: boolean;
    })
  | {
      kind: "equals";
      place: HeadPlace;
      /** The values of the configuration that it may equal; only `secrets` are kept secret. */
      to: (typeof EXPECTATIONS)[number];
      /** The configuration may leave them out. */
      optional: boolean;
    }
  | { kind: "token" }
  | { kind: "basic" };

/** Compiles a check of a mapping file. */
export function compileCheck({ hmac, rsa, equals, basic }: CheckFile): CheckRule {
  if (hmac) {
    const { encoding, hash, prefix, secret, optional } = hmac;
    const encodings = listOf(encoding);
    return { kind: "hmac", hash, encodings, prefix, secret, optional, ...compileSigned(hmac) };
  }
  if (rsa) {
    const { encoding, hash, optional } = rsa;
    return { kind: "rsa", hash, encoding, optional, ...compileSigned(rsa) };
  }
  if (equals) {
    const { place, to, optional } = equals;
    return { kind: "equals", place: parseHeadPlace(place), to, optional };
  }
  return { kind: basic ? "basic" : "token" };
}

function compileSigned({ signature, over, maxAge }: SignedFile): Omit<SignedRule, "hash"> {
  return {
    signatures: listOf(signature).map(compilePart),
    over: over.map(compileSignedPart),
    age: maxAge ? compileAge(maxAge) : null,
  };
}

function compileSignedPart(file: SignedFile["over"][number]): SignedPart {
  const isText = typeof file === "string" && file.startsWith(LITERAL);
  return isText ? { text: file.slice(LITERAL.length) } : compilePart(file);
}

function compileAge({ as, past, future, ...part }: NonNullable<SignedFile["maxAge"]>): AgeRule {
  const [oldest, newest] = [past, future].map((text) => (text === undefined ? null : parseDuration(text)));
  return { part: compilePart(part), as, past: oldest ?? null, future: newest ?? 0 };
}

/** The keys of the configuration that a channel with these checks must have. */
export function needsOf(rules: readonly CheckRule[]): readonly Credential[] {
  return [...new Set(rules.filter((rule) => !isOptional(rule)).map(credentialOf))];
}

/** The keys that a channel may have, each of which switches on an optional check. */
export function optionsOf(rules: readonly CheckRule[]): readonly Credential[] {
  const needs = needsOf(rules);
  const options = rules.filter(isOptional).map(credentialOf);
  return [...new Set(options)].filter((key) => !needs.includes(key));
}

type Credential = "secrets" | "allowed" | "certificate" | "token" | "basic";

function isOptional(rule: CheckRule): boolean {
  return "optional" in rule && rule.optional;
}

/** The key of the configuration with a check's credential. */
function credentialOf(rule: CheckRule): Credential {
  switch (rule.kind) {
    case "hmac":
      return "secrets";
    case "equals":
      return rule.to;
    case "rsa":
      return "certificate";
    default:
      return rule.kind;
  }
}
