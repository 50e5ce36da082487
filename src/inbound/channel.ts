import type { KeyObject } from "node:crypto";
import type { CheckRule } from "../mapping/check.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";

export type RuleOf<Kind extends CheckRule["kind"]> = Extract<CheckRule, { kind: Kind }>;

/** A way in which a channel's requests are checked: the mapping's rule with what the configuration gives it to check by. */
export type Check =
  | { kind: "hmac"; rule: RuleOf<"hmac">; secrets: readonly string[] }
  /** `required` false: a request without a signature passes. */
  | { kind: "rsa"; rule: RuleOf<"rsa">; key: KeyObject; required: boolean }
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
}

/** Where the provider is told to post, below the bridge's public address. The token itself is not shown. */
export function pathOf(channel: Channel, basePath: string): string {
  const path = `${basePath}/in/${channel.source}/${channel.name}`;
  return channel.checks.some(({ kind }) => kind === "token") ? `${path}?token=…` : path;
}
