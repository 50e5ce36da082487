import { createPublicKey, timingSafeEqual, verify as verifySignature } from "node:crypto";
import { isPlainObject } from "../domain/plain-object.ts";
import { publicKeyOf, type Secret, sign } from "../outbound/sign.ts";
import type { ParityReport, Signature } from "./report.ts";

/**
 * A report is signed as Standard Webhooks signs a message: over its id, the time of signing and its canonical
 * JSON, which is the report without its signature. https://www.standardwebhooks.com
 */

/** `at`: milliseconds since 1970. */
export function signReport(report: ParityReport, secret: Secret, at: number): ParityReport {
  const message = { id: report.id, timestamp: Math.floor(at / 1_000) };
  const signature = sign({ ...message, body: signedBytes(report), secrets: [secret] });
  return { ...report, signature: { ...message, signature, publicKey: publicKeyOf(secret) } };
}

/** The key that a signature is checked with: a secret, or the public half of one, `whpk_…`. */
export type VerificationKey = Secret | { publicKey: string };

/** Whether the report is as it was when the key signed it. */
export function isGenuine(report: ParityReport, key: VerificationKey): boolean {
  const { signature } = report;
  if (!signature) return false;
  const publicKey = "publicKey" in key ? key.publicKey : publicKeyOf(key);
  if (publicKey !== null) return isSignedBy(report, signature, publicKey);
  if ("publicKey" in key) return false;
  const { id, timestamp } = signature;
  const expected = Buffer.from(sign({ id, timestamp, body: signedBytes(report), secrets: [key] }));
  const given = Buffer.from(signature.signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The header of an ed25519 key as SubjectPublicKeyInfo (RFC 8410), before its 32 bytes. */
const SPKI_HEADER = Buffer.from("302a300506032b6570032100", "hex");
const PUBLIC_KEY = /^whpk_([A-Za-z0-9+/]{43}=)$/;

function isSignedBy(
  report: ParityReport,
  { id, timestamp, signature }: Signature,
  publicKey: string,
): boolean {
  const [, encoded] = PUBLIC_KEY.exec(publicKey) ?? [];
  const [, bytes] = /^v1a,([A-Za-z0-9+/]+=*)$/.exec(signature) ?? [];
  if (encoded === undefined || bytes === undefined) return false;
  const der = Buffer.concat([SPKI_HEADER, Buffer.from(encoded, "base64")]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), signedBytes(report)]);
  return verifySignature(null, message, key, Buffer.from(bytes, "base64"));
}

function signedBytes(report: ParityReport): Buffer {
  return Buffer.from(canonicalJson({ ...report, signature: null }));
}

/** JSON without spaces, keys in the order of their UTF-16 units, as RFC 8785 has it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isPlainObject(value)) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}
