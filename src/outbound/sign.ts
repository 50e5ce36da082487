import { createHmac, createSecretKey, hash, type KeyObject, sign as signWithKey } from "node:crypto";
import { CountersignError } from "../domain/errors.ts";
import { publicHalf, readPrivateKey } from "./private-key.ts";

/** A signing key: a shared secret or a private key. Printed or serialized it does not show its bytes. */
export type Secret = KeyObject;

const PREFIX = "whsec_";
const PRIVATE = "whsk_";
const PUBLIC = "whpk_";
const FOREIGN = "raw:";
const LENGTH = { least: 24, most: 64, new: 32 };
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Parses a secret of the configuration: `whsec_` and base64 of 24 to 64 bytes (standard or URL-safe, padded
 * or not), `whsk_` and base64 of an ed25519 seed (with or without its public half), or `raw:` and the text of
 * a foreign secret, whose UTF-8 bytes are the key. Throws `invalid_configuration`; the message never shows
 * the secret. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function parseSecret(text: string): Secret {
  if (text.startsWith(FOREIGN)) return foreignKey(text.slice(FOREIGN.length));
  if (text.startsWith(PRIVATE)) return privateKey(decode(text, PRIVATE));
  if (text.startsWith(PREFIX)) return sharedKey(decode(text, PREFIX));
  throw refusal(
    "begins with `whsec_` and base64 of 24 to 64 bytes, with `whsk_` and base64 of an ed25519 key, " +
      "or with `raw:` before a foreign secret",
  );
}

function decode(text: string, prefix: string): Buffer {
  const encoded = text.slice(prefix.length);
  if (!BASE64.test(encoded)) throw refusal(`has nothing but base64 after \`${prefix}\``);
  return Buffer.from(encoded, "base64");
}

function sharedKey(bytes: Buffer): Secret {
  if (bytes.length < LENGTH.least || bytes.length > LENGTH.most) {
    throw refusal(`decodes to 24 to 64 bytes after \`whsec_\`; this one decodes to ${bytes.length}`);
  }
  return createSecretKey(bytes);
}

function privateKey(bytes: Buffer): Secret {
  const key = readPrivateKey(bytes);
  if (key) return key;
  throw refusal(
    "decodes to an ed25519 seed of 32 bytes after `whsk_`, or to 64 with its public half; " +
      `this one decodes to ${bytes.length} that are neither`,
  );
}

/** The public key that verifies a private key's signatures: `whpk_…`; null for a shared secret. */
export function publicKeyOf(secret: Secret): string | null {
  return secret.type === "private" ? PUBLIC + publicHalf(secret).toString("base64") : null;
}

/**
 * Tells two keys apart without showing either: the public key of a private one, otherwise 32 bits of a
 * digest, too few to confirm a guess of a weak secret.
 */
export function fingerprintOf(secret: Secret): string {
  const bytes = secret.type === "private" ? null : secret.export();
  if (bytes === null) return publicKeyOf(secret) ?? "";
  return hash("sha256", Buffer.concat([Buffer.from("countersign fingerprint\0"), bytes])).slice(0, 8);
}

function foreignKey(text: string): Secret {
  if (text === "") throw refusal("has at least one character after `raw:`");
  return createSecretKey(text, "utf8");
}

function refusal(rule: string): CountersignError {
  return new CountersignError(
    "invalid_configuration",
    `a secret ${rule}; \`countersign secret\` prints a new one`,
  );
}

/** A new secret as text: `whsec_` and 32 random bytes in base64. */
export function newSecret(randomBytes: (length: number) => Uint8Array): string {
  return PREFIX + Buffer.from(randomBytes(LENGTH.new)).toString("base64");
}

export interface Signable {
  /** The `webhook-id`; has no dot. */
  id: string;
  /** The `webhook-timestamp`: whole seconds since 1970. */
  timestamp: number;
  /** The bytes that are sent. */
  body: Uint8Array;
  /** Newest first. All of them sign, so that a receiver can change its key at any time. */
  secrets: readonly Secret[];
}

/** The `webhook-signature` over `id.timestamp.body`: `v1,…` (HMAC-SHA256) or `v1a,…` (ed25519) per secret. */
export function sign({ id, timestamp, body, secrets }: Signable): string {
  const head = `${id}.${timestamp}.`;
  return secrets
    .map((secret) =>
      secret.type === "private"
        ? `v1a,${signWithKey(null, Buffer.concat([Buffer.from(head), body]), secret).toString("base64")}`
        : `v1,${createHmac("sha256", secret).update(head).update(body).digest("base64")}`,
    )
    .join(" ");
}

export const HASHES = ["sha256", "sha1", "sha384", "sha512"] as const;

/** A signature as was common before Standard Webhooks: an HMAC over the body alone, in a header. */
export interface BodySignature {
  /** In lower case. */
  header: string;
  hash: (typeof HASHES)[number];
  encoding: "hex" | "base64";
  /** Precedes the signature, such as `sha256=`; mostly empty. */
  prefix: string;
  /** A shared secret, not a private key. */
  secret: Secret;
}

/** The header's value. Hexadecimal is in lower case. */
export function signBody({ hash, encoding, prefix, secret }: BodySignature, body: Uint8Array): string {
  return prefix + createHmac(hash, secret).update(body).digest(encoding);
}
