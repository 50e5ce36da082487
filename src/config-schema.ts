import { z } from "zod";
import { EVENT_TYPES } from "./domain/event.ts";
import { parseDuration, parseSize } from "./domain/quantity.ts";
import { PRESETS } from "./domain/retry.ts";
import { parseSecret } from "./outbound/sign.ts";
import { exactly } from "./yaml.ts";

/**
 * The configuration file as it is written, key by key. `schemas/countersign.json` is generated from it, so that editors
 * complete it and explain each key. What a value must be is said in the words that a person would use to mend it.
 */

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "names are lower-case letters, digits and hyphens, and stand in URLs");

const duration = z
  .string({ error: "must be a duration such as 15s, 5m or 2h" })
  .meta({ pattern: "^([0-9]+(ms|s|m|h|d))+$", examples: ["15s", "5m", "2h15m"] })
  .transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds === null)
      context.addIssue(`${JSON.stringify(text)} is no duration: write 15s, 5m or 2h`);
    return milliseconds ?? z.NEVER;
  });

const size = z
  .string({ error: "must be a size such as 512kb or 5mb" })
  .meta({ pattern: "^[0-9]+(b|kb|mb|gb)$", examples: ["5mb"] })
  .transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes === null) context.addIssue(`${JSON.stringify(text)} is no size: write 512kb or 5mb`);
    return bytes ?? z.NEVER;
  });

/** A number, or text of digits: that is what `${PORT}` gives. */
const port = z
  .union([z.int(), z.string().regex(/^\d+$/).transform(Number)], {
    error: "must be a port number from 0 to 65535",
  })
  .refine((number) => number >= 0 && number <= 65_535, "must be a port number from 0 to 65535");

const secret = z
  .string({ error: "must be a secret: `countersign secret` makes one" })
  .transform((text, context) => {
    try {
      return parseSecret(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
      return z.NEVER;
    }
  });

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const server = exactly({
  host: z.string().min(1).default("0.0.0.0").describe("the address that providers' webhooks come in on"),
  port: port.default(8080).describe("0: any free port"),
  maxBody: size.default(5 * 1_024 ** 2).describe("a longer body is answered with 413"),
});

const admin = exactly({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("where the admin API listens; anything but loopback needs a token"),
  port: port.default(8081),
  token: z
    .string()
    .min(16, "must have at least 16 characters: `openssl rand -hex 32` makes a good one")
    .optional()
    .describe("callers show it as `Authorization: Bearer …`"),
}).refine(({ host, token }) => LOOPBACK.has(host) || token !== undefined, {
  error: "an admin API that others can reach needs a token: add `token`, or listen on 127.0.0.1",
});

const channel = exactly({
  secrets: z
    .array(z.string().min(1, "must not be empty"))
    .min(1, "needs at least one secret")
    .optional()
    .describe("keys of the provider's signature; several while a key is changed"),
  token: z
    .string()
    .min(
      16,
      "must have at least 16 characters, since whoever guesses it can post: `openssl rand -hex 24` makes a good one",
    )
    .regex(/^[\w.~-]+$/, "must consist of letters, digits, `-`, `.`, `_` and `~`, since it stands in a URL")
    .optional()
    .describe("the provider is told to post to a URL that ends in it"),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe("a PEM file with the provider's certificate; a relative path is from this file's folder"),
  requireSignature: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe("true: a request without the signature that the certificate checks is refused"),
  basic: exactly({
    user: z.string().min(1),
    password: z.string().min(16, "must have at least 16 characters"),
  })
    .optional()
    .describe("HTTP basic authentication"),
  verify: z
    .literal("none", { error: "can only be `none`; how a channel is checked stands in its mapping" })
    .optional()
    .describe("switches every check off: anybody may post"),
});

export const SourceFile = exactly({
  mapping: z
    .string({ error: "must name a mapping, such as lumin" })
    .describe("a file in mappings/, without .yaml"),
  channels: z
    .record(name, channel)
    .refine((channels) => Object.keys(channels).length > 0, "needs at least one channel")
    .describe("the ways in that are switched on"),
});
export type SourceFile = z.infer<typeof SourceFile>;
export type ChannelFile = SourceFile["channels"][string];

const eventPattern = z
  .string()
  .refine((pattern) => pattern.includes("*") || EVENT_TYPES.some((type) => type === pattern), {
    error: ({ input }) =>
      `${JSON.stringify(input)} is no event type: known are ${EVENT_TYPES.join(", ")}, and \`*\` stands for any run of characters`,
  });

const retry = z
  .union(
    [
      z.enum(Object.keys(PRESETS) as (keyof typeof PRESETS)[]).transform((preset) => PRESETS[preset]),
      z.array(duration).max(50),
    ],
    {
      error: ({ input }) =>
        `${JSON.stringify(input)} is no schedule: write ${Object.keys(PRESETS).join(" or ")}, or a list such as [5s, 1m, 5m]`,
    },
  )
  .default(PRESETS.standard)
  .describe("the pauses between tries");

const destination = exactly({
  url: z
    .url({ protocol: /^https?$/, error: "must be an http or https URL" })
    .refine(
      (url) => !URL.canParse(url) || new URL(url).username === "",
      "must not hold a user name or password",
    ),
  secrets: z
    .array(secret, { error: "must be a list of secrets: `countersign secret` makes one" })
    .min(1, "needs at least one secret: `countersign secret` makes one")
    .describe("newest first; every one signs"),
  events: z
    .array(eventPattern)
    .min(1, 'needs at least one event type, or "*"')
    .default(["*"])
    .describe("which event types it gets"),
  retry,
  ordering: z
    .enum(["document", "none"], { error: "must be `document` or `none`" })
    .default("document")
    .describe("document: the events of one document go one after the other"),
  timeout: duration.default(15_000).describe("for a whole try, slow answers included"),
  concurrency: z
    .int({ error: "must be a whole number" })
    .min(1, "must be at least 1")
    .max(1_000, "must be at most 1000")
    .default(16)
    .describe("tries at the same time"),
});

export const ConfigFile = exactly({
  server: server.prefault({}),
  admin: admin.prefault({}),
  store: z
    .string()
    .regex(/^sqlite:.+/, "must be sqlite:FILE")
    .default("sqlite:./data/countersign.db")
    .describe("where everything is kept; a relative path is from this file's folder"),
  sources: z.record(name, SourceFile).default({}).describe("accounts at providers"),
  destinations: z
    .record(name, destination)
    .default({})
    .describe("internal systems that events are forwarded to"),
  typePrefix: z
    .string()
    .regex(/^[a-z0-9.-]*$/, "must be lower-case letters, digits, `.` and `-`")
    .default("esign.")
    .describe("stands before every forwarded event type"),
  log: exactly({
    level: z
      .enum(["debug", "info", "warn", "error", "silent"], {
        error: "must be debug, info, warn, error or silent",
      })
      .default("info"),
  }).prefault({}),
  shutdown: duration.default(20_000).describe("how long a stop waits for what is in flight"),
}).describe("The configuration of Countersign");
export type ConfigFile = z.infer<typeof ConfigFile>;
