import { createSecretKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CountersignError, messageOf, messageWithoutPath } from "../domain/errors.ts";
import { type Channel, type Check, isProof } from "../inbound/channel.ts";
import { copiesOf } from "../mapping/answer.ts";
import { type CheckRule, needsOf, type SecretForm, type SignedRule } from "../mapping/check.ts";
import type { MappingChannel } from "../mapping/compile.ts";
import { parseSecret } from "../outbound/sign.ts";
import type { ChannelFile } from "./schema.ts";

/**
 * A configured channel, or a sentence that says what is wrong. `maxBody` of `place` is the default where
 * neither the channel nor its mapping sets one. Relative paths start from `folder`.
 */
export function readChannel(
  place: Pick<Channel, "source" | "name" | "mapping" | "coalesce" | "maxBody" | "maxValues">,
  credentials: ChannelFile,
  folder: string,
): Channel | string {
  const { name, mapping } = place;
  const rules = mapping.channels.get(name);
  if (!rules) {
    return `the mapping ${mapping.provider} has no channel \`${name}\`: it has ${[...mapping.channels.keys()].join(", ")}`;
  }
  const { verify, expectEvery, shadow, standby, ...rest } = credentials;
  const { maxBody = rules.maxBody ?? place.maxBody, ...given } = rest;
  const made = { ...place, rules, maxBody, expectEvery, shadow, standby };
  if (shadow && standby !== undefined)
    return "is in shadow and on standby: a channel is tried, or another has taken over from it";
  if (verify === "none") {
    const keys = Object.keys(given);
    if (keys.length === 0) return { ...made, checks: [] };
    return `says \`verify: none\` beside \`${keys.join("` and `")}\`: remove one or the other`;
  }
  const complaint = complainOf(rules, given, name);
  if (complaint !== null) return complaint;
  try {
    const checks = arm(rules.checks, given, folder);
    return checks.some(isProof)
      ? { ...made, checks, allowed: given.allowed }
      : "has no check that proves a request genuine: add `token`, or say `verify: none`";
  } catch (error) {
    return messageOf(error);
  }
}

type Credentials = Omit<ChannelFile, "verify" | "maxBody" | "expectEvery" | "shadow" | "standby">;

/** A credential that is missing, or one that would check nothing although it seems to; null: neither. */
function complainOf(rules: MappingChannel, given: Credentials, name: string): string | null {
  const { checks } = rules;
  const missing = needsOf(checks).filter((key) => given[key] === undefined);
  if (missing.length > 0) {
    return `needs \`${missing.join("` and `")}\`: without it anybody could post (\`verify: none\` would allow that)`;
  }
  const has = (kind: CheckRule["kind"]) => checks.some((rule) => rule.kind === kind);
  if (
    given.secrets &&
    !has("hmac") &&
    !checks.some((rule) => rule.kind === "equals" && rule.to === "secrets")
  )
    return `has \`secrets\`, but its mapping checks no such signature on ${name}: remove them`;
  if (given.allowed && !usesAllowed(rules))
    return `has \`allowed\`, but its mapping compares and echoes no such value on ${name}: remove it`;
  if (given.certificate && !has("rsa"))
    return `has a \`certificate\`, but its mapping checks none on ${name}: remove it`;
  if (given.maxAge !== undefined && !checks.some((rule) => "age" in rule && rule.age !== null))
    return `has \`maxAge\`, but its mapping knows no signed time on ${name}: remove it`;
  const isSigned = given.certificate || (given.secrets && has("hmac"));
  if (given.requireSignature !== undefined && !isSigned) {
    return "has `requireSignature` without the `certificate` or `secrets` that would check it: add them";
  }
  if (given.requireSignature === false && checks.some((rule) => rule.kind === "hmac" && !rule.optional)) {
    return "says `requireSignature: false`, but its mapping says that every request is signed: remove it";
  }
  return null;
}

function usesAllowed({ checks, answer, challenges }: MappingChannel): boolean {
  const answers = [...challenges.map((challenge) => challenge.answer), ...(answer ? [answer] : [])];
  return (
    checks.some((rule) => rule.kind === "equals" && rule.to === "allowed") ||
    answers.flatMap(copiesOf).some(({ verified }) => !verified)
  );
}

/**
 * The mapping's checks with a configured credential; a token, user or header can be required on any channel.
 */
function arm(rules: readonly CheckRule[], credentials: Credentials, folder: string): Check[] {
  const { token, basic, headers = {} } = credentials;
  const checks = rules.flatMap((rule) => armRule(rule, credentials, folder) ?? []);
  for (const [header, values] of Object.entries(headers)) {
    const place = { in: "header", name: header.toLowerCase() } as const;
    checks.push({ kind: "equals", place, values, isSecret: true });
  }
  if (token) checks.push({ kind: "token", token });
  if (basic) checks.push({ kind: "basic", ...basic });
  return checks;
}

function armRule(rule: CheckRule, given: Credentials, folder: string): Check | null {
  if (rule.kind === "equals") {
    const values = given[rule.to];
    return values ? { kind: "equals", place: rule.place, values, isSecret: rule.to === "secrets" } : null;
  }
  if (rule.kind === "hmac" && given.secrets) {
    const secrets = given.secrets.map((text) => toKey(text, rule.secret));
    const required = given.requireSignature ?? true;
    return { kind: "hmac", rule: withAge(rule, given.maxAge), secrets, required };
  }
  if (rule.kind === "rsa" && given.certificate) {
    const key = readCertificate(resolve(folder, given.certificate));
    const required = given.requireSignature === true || !rule.optional;
    return { kind: "rsa", rule: withAge(rule, given.maxAge), key, required };
  }
  return null;
}

function withAge<Rule extends SignedRule>(rule: Rule, past: number | undefined): Rule {
  return past === undefined || rule.age === null ? rule : { ...rule, age: { ...rule.age, past } };
}

function readCertificate(file: string): KeyObject {
  try {
    return new X509Certificate(readFileSync(file)).publicKey;
  } catch (error) {
    throw new CountersignError(
      "invalid_configuration",
      `\`certificate\`: cannot be read as a PEM certificate (${messageWithoutPath(error)})`,
    );
  }
}

const WRITTEN = {
  base64: { like: /^[A-Za-z0-9+/_-]+={0,2}$/, name: "base64" },
  hex: { like: /^(?:[0-9a-f]{2})+$/i, name: "hexadecimal" },
} as const;

/** The key that a secret stands for. No error message shows it. */
function toKey(text: string, form: SecretForm): string | KeyObject {
  if (form === "literal") return text;
  if (form === "whsec") {
    const key = parseSecret(text);
    if (key.type === "secret") return key;
    throw new CountersignError(
      "invalid_configuration",
      "`secrets`: must be `whsec_…`, for a private key verifies nothing",
    );
  }
  const { like, name } = WRITTEN[form];
  if (like.test(text)) return createSecretKey(Buffer.from(text, form));
  throw new CountersignError(
    "invalid_configuration",
    `\`secrets\`: must be ${name} here, and one of them is not`,
  );
}
