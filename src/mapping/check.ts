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

/** A stretch of what was signed: the bytes of a place or of a part of it, or text that the provider puts between. */
export type SignedPart = Part | { text: string };

/** What all signatures have in common. */
export interface SignedRule {
  hash: Hash;
  /** Any of them will do; at least one. */
  signatures: readonly Part[];
  /** In order, with nothing between. */
  over: readonly SignedPart[];
  age: AgeRule | null;
}

/** A signed time, and how far from the time of receipt it may be, in milliseconds. */
export interface AgeRule {
  part: Part;
  as: TimeTransform;
  /** Null: no age is too great, unless the configuration says one. */
  past: number | null;
  future: number;
}

/** One thing that proves a request genuine. All checks of a channel are required, but for an optional one that is absent. */
export type CheckRule =
  | (SignedRule & {
      kind: "hmac";
      /** Any of them will do. */
      encodings: readonly SignatureEncoding[];
      /** What stands before each signature, such as `sha256=`; mostly empty. */
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
      /** Which values of the configuration it may equal; only `secrets` are kept secret. */
      to: (typeof EXPECTATIONS)[number];
      /** The configuration may leave them out. */
      optional: boolean;
    }
  | { kind: "token" }
  | { kind: "basic" };

/** The check that a mapping file asks for, with its places read. */
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

/** The keys that a channel with these checks must have in the configuration. */
export function needsOf(rules: readonly CheckRule[]): readonly Credential[] {
  return [...new Set(rules.filter((rule) => !isOptional(rule)).map(credentialOf))];
}

/** The keys that it may have, for checks that are made only then. */
export function optionsOf(rules: readonly CheckRule[]): readonly Credential[] {
  const needs = needsOf(rules);
  const options = rules.filter(isOptional).map(credentialOf);
  return [...new Set(options)].filter((key) => !needs.includes(key));
}

type Credential = "secrets" | "allowed" | "certificate" | "token" | "basic";

function isOptional(rule: CheckRule): boolean {
  return "optional" in rule && rule.optional;
}

/** The key of the configuration that a check is made by. */
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
