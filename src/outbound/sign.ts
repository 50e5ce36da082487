import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { CountersignError } from "../domain/errors.ts";

/** A signing key. Printed or turned into JSON it shows nothing of its bytes. */
export type Secret = KeyObject;

const PREFIX = "whsec_";
const FOREIGN = "raw:";
const LENGTH = { least: 24, most: 64, new: 32 };
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Reads a secret as it stands in the configuration: `whsec_` and base64 of 24 to 64 bytes (standard or URL-safe, padded or not),
 * or `raw:` and the text of a foreign secret, whose UTF-8 bytes are the key. Throws `invalid_configuration`; the message
 * never shows the secret. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function parseSecret(text: string): Secret {
  if (text.startsWith(FOREIGN)) return foreignKey(text.slice(FOREIGN.length));
  if (!text.startsWith(PREFIX)) {
    throw refusal(
      "begins with `whsec_` and base64 of 24 to 64 bytes, or with `raw:` before a foreign secret",
    );
  }
  const encoded = text.slice(PREFIX.length);
  if (!BASE64.test(encoded)) throw refusal("has nothing but base64 after `whsec_`");
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length < LENGTH.least || bytes.length > LENGTH.most) {
    throw refusal(`decodes to 24 to 64 bytes after \`whsec_\`; this one decodes to ${bytes.length}`);
  }
  return createSecretKey(bytes);
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

/** A new secret as text: `whsec_` and 32 bytes of chance in base64. */
export function newSecret(randomBytes: (length: number) => Uint8Array): string {
  return PREFIX + Buffer.from(randomBytes(LENGTH.new)).toString("base64");
}

export interface Signable {
  /** The `webhook-id`; has no dot. */
  id: string;
  /** The `webhook-timestamp`: whole seconds since 1970. */
  timestamp: number;
  /** Exactly the bytes that are sent. */
  body: Uint8Array;
  /** Newest first; all of them sign, so that a receiver may change its key at leisure. */
  secrets: readonly Secret[];
}

/** The `webhook-signature`: `v1,<newest> v1,<older>`, HMAC-SHA256 over `id.timestamp.body`. */
export function sign({ id, timestamp, body, secrets }: Signable): string {
  const head = `${id}.${timestamp}.`;
  return secrets
    .map((secret) => `v1,${createHmac("sha256", secret).update(head).update(body).digest("base64")}`)
    .join(" ");
}
