import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** The PKCS #8 prefix of an ed25519 seed. https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SEED_BYTES = 32;

/**
 * The ed25519 key of a seed (32 bytes), or of a seed with its public half (64 bytes). Null: the length is
 * another, or the public half is not that of the seed.
 */
export function readPrivateKey(bytes: Buffer): KeyObject | null {
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES) return null;
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, bytes.subarray(0, SEED_BYTES)]),
    format: "der",
    type: "pkcs8",
  });
  const given = bytes.subarray(SEED_BYTES);
  return given.length === 0 || given.equals(publicHalf(key)) ? key : null;
}

/** The 32 bytes that a receiver verifies with. */
export function publicHalf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-SEED_BYTES);
}
