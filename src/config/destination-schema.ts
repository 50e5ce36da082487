import { z } from "zod";
import { DEFAULT_BREAKER } from "../domain/breaker.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { formatDuration } from "../domain/quantity.ts";
import { PRESETS } from "../domain/retry.ts";
import { FORMAT_NAMES } from "../outbound/format.ts";
import { HASHES } from "../outbound/sign.ts";
import { exactly } from "../yaml.ts";
import { auth, headerName, headers, headerValue, proxy, tls, url } from "./reach-schema.ts";
import { duration, rate, secret, timer } from "./values.ts";

/** The schema of a destination in the configuration, key by key. */

const eventPattern = z
  .string()
  .refine((pattern) => pattern.includes("*") || EVENT_TYPES.some((type) => type === pattern), {
    error: ({ input }) =>
      `${JSON.stringify(input)} is no event type: known are ${EVENT_TYPES.join(", ")}, and \`*\` stands for any run of characters`,
  });

const MAX_RETRIES = 50;

/** Names the first wrong pause of a list. */
function troubleWithSchedule(input: unknown): string {
  const entries: unknown[] = Array.isArray(input) ? input : [];
  const [issue] = entries.flatMap((entry) => duration.safeParse(entry).error?.issues ?? []);
  if (issue) return issue.message;
  if (entries.length > MAX_RETRIES) return `has ${entries.length} pauses: at most ${MAX_RETRIES}`;
  return `${JSON.stringify(input)} is no schedule: write ${Object.keys(PRESETS).join(" or ")}, or a list such as [5s, 1m, 5m]`;
}

const scheduleError = ({ input }: { input: unknown }) => troubleWithSchedule(input);

const retry = z
  .union(
    [
      z
        .enum(Object.keys(PRESETS) as (keyof typeof PRESETS)[], { error: scheduleError })
        .transform((preset) => PRESETS[preset]),
      z.array(duration, { error: scheduleError }).max(MAX_RETRIES, { error: scheduleError }),
    ],
    { error: scheduleError },
  )
  .prefault("standard")
  .describe(
    "the schedule: the pauses between attempts, a preset or a list. standard: ten attempts over three days; lumin: seven over thirty hours; a list of n pauses: n + 1 attempts. Each pause gets up to 10 % longer by chance",
  );

/** 408 and 429 are not about the event, 410 pauses the destination, and after a 5xx a retry may succeed. */
const parkOn = z
  .array(
    z
      .int({ error: "must be a status such as 422" })
      .refine((status) => status >= 400 && status < 500 && ![408, 410, 429].includes(status), {
        error: ({ input }) =>
          `${JSON.stringify(input)} cannot be parked on: write statuses from 400 to 499 that are about the one event, so neither 408, 410 nor 429`,
      }),
    { error: "must be a list of statuses such as [400, 422]" },
  )
  .default([])
  .describe(
    "statuses from 400 to 499, but neither 408, 410 nor 429: a delivery answered with one is parked at once as `rejected`, and the next of its document is sent",
  );

const alsoSign = exactly({
  header: headerName.describe("the header of the signature, such as X-Signature"),
  hash: z
    .enum(HASHES, { error: `must be ${HASHES.join(" or ")}` })
    .default("sha256")
    .describe("the hash of the HMAC"),
  encoding: z
    .enum(["hex", "base64"], { error: "must be hex or base64" })
    .default("hex")
    .describe("how the signature is written"),
  prefix: headerValue.default("").describe("text before the signature, such as `sha256=`"),
  secret: secret
    .refine((key) => key.type === "secret", "must be a shared secret, not a private key")
    .describe("`raw:` and the text of the secret, or `whsec_…`"),
}).describe(
  "a second signature, HMAC over the body alone, for a receiver that checks such a signature today",
);

const patterns = (what: string) =>
  z
    .array(z.string().min(1, "must not be empty"), { error: "must be a list" })
    .min(1, "needs at least one entry: leave the key out where all will do")
    .optional()
    .describe(`${what}, of which one must match; \`*\` stands for any run of characters. Absent: all`);

const filter = exactly({
  sources: patterns("names of sources"),
  channels: patterns("names of channels"),
  tags: patterns("tags of the document"),
  references: z
    .record(z.string().min(1), z.array(z.string().min(1, "must not be empty")).min(1))
    .optional()
    .describe("the sender's own keys, each with the values of which one must match; `*` as above"),
  test: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe("false: no documents made in the provider's test mode; true: only those. Absent: both"),
}).describe("which events the destination gets, besides `events`; every list must match");

const breaker = exactly({
  failures: z
    .int({ error: "must be a whole number" })
    .min(1, "must be at least 1")
    .default(DEFAULT_BREAKER.failures)
    .describe("failures in a row that open it"),
  pause: duration
    .prefault(formatDuration(DEFAULT_BREAKER.pause))
    .describe(
      "the pause before the first probe, above 0 and at most `longest`; each failed probe doubles it",
    ),
  longest: duration.prefault(formatDuration(DEFAULT_BREAKER.longest)).describe("the longest pause"),
}).refine(({ pause, longest }) => pause > 0 && pause <= longest, {
  error: "`pause` must be above 0 and no longer than `longest`",
});

export const DestinationFile = exactly({
  url,
  secrets: z
    .array(secret, { error: "must be a list of secrets: `countersign secret` makes one" })
    .min(1, "needs at least one secret: `countersign secret` makes one")
    .describe(
      "signing keys, newest first; every one signs: `whsec_…` and `raw:…` as v1 (HMAC-SHA256), a private key `whsk_…` as v1a (ed25519)",
    ),
  alsoSign: alsoSign.optional(),
  headers,
  auth: auth.optional(),
  tls: tls.optional(),
  network: z
    .enum(["any", "public"], { error: "must be `any` or `public`" })
    .default("any")
    .describe(
      "`public` refuses private and loopback addresses; link-local and cloud metadata addresses are always refused",
    ),
  proxy: proxy.optional(),
  format: z
    .enum(FORMAT_NAMES, { error: `must be ${FORMAT_NAMES.join(", ")}` })
    .default("cloudevents")
    .describe(
      "the body: cloudevents: the whole event; cloudevents-binary: its data, with the attributes in headers; standard: {type, timestamp, data}; lumin: as Lumin would send and sign it; legalesign-upon, legalesign-batch: the forms of Legalesign's legacy webhooks",
    ),
  contentType: z
    .enum(["application/cloudevents+json", "application/json"], {
      error: "must be application/json, or application/cloudevents+json",
    })
    .optional()
    .describe(
      "`application/json` is for a receiver that parses nothing else; the shape stays that of `format: cloudevents`. Absent: the content type of the format",
    ),
  events: z
    .array(eventPattern)
    .min(1, 'needs at least one event type, or "*"')
    .default(["*"])
    .describe("the event types that the destination gets; `*` stands for any run of characters"),
  filter: filter.optional(),
  paused: z
    .boolean({ error: "must be true or false" })
    .default(false)
    .describe("true: nothing is sent, and deliveries wait"),
  retry,
  parkOn,
  ordering: z
    .enum(["document", "none"], { error: "must be `document` or `none`" })
    .default("document")
    .describe("document: the events of one document are sent one after the other, in order; none: at once"),
  batch: duration
    .refine((ms) => ms >= 1_000 && ms <= 86_400_000, "must be at least 1s and at most 1d")
    .optional()
    .describe(
      "for `format: legalesign-batch` alone: what came in such a time goes out together, in order, such as 6m. Absent: each event in a post of its own",
    ),
  timeout: timer
    .refine((ms) => ms > 0, "must be above 0")
    .prefault("15s")
    .describe("how long one attempt may take, until the end of its answer; above 0"),
  concurrency: z
    .int({ error: "must be a whole number" })
    .min(1, "must be at least 1")
    .max(1_000, "must be at most 1000")
    .default(16)
    .describe("the most attempts at the same time"),
  rate: rate
    .optional()
    .describe("the most attempts in a time, such as 50/s. Absent: no limit but `concurrency`"),
  waitingLimit: duration
    .optional()
    .describe(
      "how long a delivery may wait: when the oldest has waited for longer, `countersign status` says so. Absent: no limit",
    ),
  breaker: breaker.prefault({}).describe("the circuit breaker: when a failing destination gets only probes"),
});
export type DestinationFile = z.infer<typeof DestinationFile>;
