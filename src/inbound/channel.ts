import type { KeyObject } from "node:crypto";
import type { CheckRule } from "../mapping/check.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { formatPlace, type HeadPlace } from "../mapping/request-place.ts";

export type RuleOf<Kind extends CheckRule["kind"]> = Extract<CheckRule, { kind: Kind }>;

/** A check of a channel's requests: the mapping's rule with the credentials of the configuration. */
export type Check =
  /** Texts are literal secrets. `required` false: a request without a signature passes. */
  | { kind: "hmac"; rule: RuleOf<"hmac">; secrets: readonly (string | KeyObject)[]; required?: boolean }
  /** `required` false: a request without a signature passes. */
  | { kind: "rsa"; rule: RuleOf<"rsa">; key: KeyObject; required: boolean }
  /** The place must hold one of the values. */
  | { kind: "equals"; place: HeadPlace; values: readonly string[]; isSecret: boolean }
  | { kind: "token"; token: string }
  | { kind: "basic"; user: string; password: string };

/** A configured channel: the mapping's rules with the account's credentials. */
export interface Channel {
  source: string;
  name: string;
  mapping: Mapping;
  rules: MappingChannel;
  /**
   * How far apart two channels' times of one happening may be, in milliseconds; 0: they are never the same.
   */
  coalesce: number;
  /** The longest body in bytes, also when decompressed. */
  maxBody: number;
  /** The most lists, objects and members of a request's JSON, in all. */
  maxValues: number;
  /** All must pass. Empty only with `verify: none`. */
  checks: readonly Check[];
  /** The longest time without a genuine request that is usual, milliseconds; absent: it is learned. */
  expectEvery?: number | undefined;
  /** Its requests are kept and compared; what they alone report is delivered to nobody. Absent: false. */
  shadow?: boolean | undefined;
  /** How long it stays after its last request, milliseconds; absent: no channel has taken over from it. */
  standby?: number | undefined;
  /** Values of the account that are no secret, and may be sent back to their sender. */
  allowed?: readonly string[] | undefined;
  /**
   * Patterns of headers and query parameters that are not stored, besides the usual ones (private-names.ts).
   */
  privateNames?: readonly string[];
}

/** Whether a check proves a request genuine. Equality with a value that is no secret proves nothing. */
export function isProof(check: Check): boolean {
  return check.kind !== "equals" || check.isSecret;
}

/**
 * The headers and query parameters that hold a secret: those that a check of the mapping or the configuration
 * compares with one, whether the check is on or not. Their values are never stored.
 */
export function secretPlacesOf({ rules, checks }: Pick<Channel, "rules" | "checks">): HeadPlace[] {
  const mapped = rules.checks.flatMap((rule) =>
    rule.kind === "equals" && rule.to === "secrets" ? [rule.place] : [],
  );
  const added = checks.flatMap((check) => (check.kind === "equals" && check.isSecret ? [check.place] : []));
  return [...new Map([...mapped, ...added].map((place) => [formatPlace(place), place])).values()];
}

/** The channel of a request; undefined: it is not configured. */
export function channelAt(
  channels: readonly Channel[],
  { source, channel }: { source: string; channel: string },
): Channel | undefined {
  return channels.find((one) => one.source === source && one.name === channel);
}

/** The path that the provider posts to, below the bridge's public address. The token itself is not shown. */
export function pathOf(channel: Channel, basePath: string): string {
  const path = `${basePath}/in/${channel.source}/${channel.name}`;
  return channel.checks.some(({ kind }) => kind === "token") ? `${path}?token=…` : path;
}
