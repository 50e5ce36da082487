import type { KeyObject } from "node:crypto";
import type { CheckRule } from "../mapping/check.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { formatPlace, type HeadPlace } from "../mapping/request-place.ts";

export type RuleOf<Kind extends CheckRule["kind"]> = Extract<CheckRule, { kind: Kind }>;

/** A way in which a channel's requests are checked: the mapping's rule with what the configuration gives it to check by. */
export type Check =
  /** A secret that is a text is literal. `required` false: a request without a signature passes. */
  | { kind: "hmac"; rule: RuleOf<"hmac">; secrets: readonly (string | KeyObject)[]; required?: boolean }
  /** `required` false: a request without a signature passes. */
  | { kind: "rsa"; rule: RuleOf<"rsa">; key: KeyObject; required: boolean }
  /** Any of the values will do. */
  | { kind: "equals"; place: HeadPlace; values: readonly string[]; isSecret: boolean }
  | { kind: "token"; token: string }
  | { kind: "basic"; user: string; password: string };

/** One way in, as configured: the mapping's rules with the account's credentials. */
export interface Channel {
  source: string;
  name: string;
  mapping: Mapping;
  rules: MappingChannel;
  /** How far apart two channels' times of one happening may be, in milliseconds; 0: never the same. */
  coalesce: number;
  /** How long a body may be, in bytes, also when it is decompressed. */
  maxBody: number;
  /** How many lists, objects and members the JSON of a request may have in all. */
  maxValues: number;
  /** All must pass. Empty only where the configuration says `verify: none`. */
  checks: readonly Check[];
  /** Values of the account that are no secret, and that may be sent back to who sends them. */
  allowed?: readonly string[] | undefined;
  /** Patterns of headers and query parameters that are not kept, besides the usual ones (private.ts). */
  privateNames?: readonly string[];
}

/** What is equal to a value that is no secret proves nothing by itself. */
export function isProof(check: Check): boolean {
  return check.kind !== "equals" || check.isSecret;
}

/**
 * The headers and query parameters that hold a secret: those that a check of the mapping or of the configuration compares with one,
 * whether it is switched on or not. What they held is never kept.
 */
export function secretPlacesOf({ rules, checks }: Pick<Channel, "rules" | "checks">): HeadPlace[] {
  const mapped = rules.checks.flatMap((rule) =>
    rule.kind === "equals" && rule.to === "secrets" ? [rule.place] : [],
  );
  const added = checks.flatMap((check) => (check.kind === "equals" && check.isSecret ? [check.place] : []));
  return [...new Map([...mapped, ...added].map((place) => [formatPlace(place), place])).values()];
}

/** The channel that a request is for; undefined: there is none. */
export function channelAt(
  channels: readonly Channel[],
  { source, channel }: { source: string; channel: string },
): Channel | undefined {
  return channels.find((one) => one.source === source && one.name === channel);
}

/** Where the provider is told to post, below the bridge's public address. The token itself is not shown. */
export function pathOf(channel: Channel, basePath: string): string {
  const path = `${basePath}/in/${channel.source}/${channel.name}`;
  return channel.checks.some(({ kind }) => kind === "token") ? `${path}?token=…` : path;
}
