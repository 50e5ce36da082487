import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../domain/errors.ts";
import type { Channel, Check } from "../inbound/channel.ts";
import type { CheckRule } from "../mapping/check.ts";
import type { ChannelFile } from "./schema.ts";

/** A channel as configured, or what is wrong with it. `maxBody` of `place` is what holds where neither it nor its mapping says. Relative paths start from `folder`. */
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
  const { verify, maxBody = rules.maxBody ?? place.maxBody, ...given } = credentials;
  if (verify === "none") {
    const keys = Object.keys(given);
    if (keys.length === 0) return { ...place, rules, maxBody, checks: [] };
    return `says \`verify: none\` beside \`${keys.join("` and `")}\`: remove one or the other`;
  }
  const complaint = complainOf(rules.checks, given, name);
  if (complaint !== null) return complaint;
  try {
    const checks = arm(rules.checks, given, folder);
    return checks.length > 0
      ? { ...place, rules, maxBody, checks }
      : "has no check at all: add `token`, or say `verify: none`";
  } catch (error) {
    return `\`certificate\`: cannot be read as a PEM certificate (${messageOf(error)})`;
  }
}

type Credentials = Omit<ChannelFile, "verify" | "maxBody">;

/** A credential that is missing, or one that would check nothing: whoever gave it believes that it does. */
function complainOf(rules: readonly CheckRule[], given: Credentials, name: string): string | null {
  const missing = rules.flatMap((rule) => credentialOf(rule) ?? []).filter((key) => given[key] === undefined);
  if (missing.length > 0) {
    return `needs \`${missing.join("` and `")}\`: without it anybody could post (\`verify: none\` would allow that)`;
  }
  const has = (kind: CheckRule["kind"]) => rules.some((rule) => rule.kind === kind);
  if (given.secrets && !has("hmac"))
    return `has \`secrets\`, but its mapping checks no such signature on ${name}: remove them`;
  if (given.certificate && !has("rsa"))
    return `has a \`certificate\`, but its mapping checks none on ${name}: remove it`;
  if (given.requireSignature !== undefined && !given.certificate) {
    return "has `requireSignature` without the `certificate` that would check it: add it";
  }
  return null;
}

/** Which key of the configuration a check must have; null: it may be left out. */
function credentialOf(rule: CheckRule): "secrets" | "certificate" | "token" | "basic" | null {
  switch (rule.kind) {
    case "hmac":
      return "secrets";
    case "rsa":
      return rule.optional ? null : "certificate";
    default:
      return rule.kind;
  }
}

/** The mapping's checks that the configuration gives a credential for; a token may be asked for on any channel. */
function arm(rules: readonly CheckRule[], credentials: Credentials, folder: string): Check[] {
  const { secrets, certificate, token, basic, requireSignature = false } = credentials;
  const checks = rules.flatMap((rule): Check[] => {
    if (rule.kind === "hmac" && secrets) return [{ kind: "hmac", rule, secrets }];
    if (rule.kind === "rsa" && certificate) {
      const { publicKey: key } = new X509Certificate(readFileSync(resolve(folder, certificate)));
      return [{ kind: "rsa", rule, key, required: requireSignature || !rule.optional }];
    }
    return [];
  });
  if (token) checks.push({ kind: "token", token });
  if (basic) checks.push({ kind: "basic", ...basic });
  return checks;
}
