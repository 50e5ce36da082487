import type { Config } from "../../config.ts";
import { CountersignError } from "../../domain/errors.ts";
import { parseSecret, type Secret } from "../../outbound/sign.ts";
import type { VerificationKey } from "../../parity/proof.ts";

/**
 * The key that signs: the first secret of a destination, or a key as text.
 *
 * @throws CountersignError `bad_request` when it is neither.
 */
export function signingKey(text: string, config: Pick<Config, "destinations">): Secret {
  if (/^(whsk_|whsec_)/.test(text)) return parseSecret(text);
  const [secret] = secretsOf(text, config);
  if (secret) return secret;
  throw unknown(text, config, "a destination, or a key that begins with whsk_");
}

/** The keys that a signature may be checked with: all secrets of a destination, a secret, or a public key. */
export function verificationKeys(text: string, config: Pick<Config, "destinations">): VerificationKey[] {
  if (text.startsWith("whpk_")) return [{ publicKey: text }];
  if (/^(whsk_|whsec_)/.test(text)) return [parseSecret(text)];
  const secrets = secretsOf(text, config);
  if (secrets.length > 0) return [...secrets];
  throw unknown(text, config, "a destination, or a key that begins with whpk_, whsk_ or whsec_");
}

function secretsOf(name: string, { destinations }: Pick<Config, "destinations">): readonly Secret[] {
  return destinations.find((one) => one.name === name)?.secrets ?? [];
}

function unknown(text: string, { destinations }: Pick<Config, "destinations">, wanted: string) {
  const names = destinations.map(({ name }) => name).join(", ") || "none";
  // A mistyped key is not repeated.
  const shown = /^[a-z0-9-]{1,63}$/.test(text) ? ` ${text}` : "";
  return new CountersignError(
    "bad_request",
    `there is no destination${shown} to take a key from: give ${wanted}; there are ${names}`,
  );
}
