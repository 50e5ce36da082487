import { z } from "zod";
import { DEFAULT_BREAKER } from "../domain/breaker.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { PRESETS } from "../domain/retry.ts";
import { FORMAT_NAMES } from "../outbound/format.ts";
import { HASHES } from "../outbound/sign.ts";
import { exactly } from "../yaml.ts";
import { duration, rate, secret, timer } from "./values.ts";

/** A destination as it is written in the configuration, key by key. */

const eventPattern = z
  .string()
  .refine((pattern) => pattern.includes("*") || EVENT_TYPES.some((type) => type === pattern), {
    error: ({ input }) =>
      `${JSON.stringify(input)} is no event type: known are ${EVENT_TYPES.join(", ")}, and \`*\` stands for any run of characters`,
  });

const MAX_RETRIES = 50;

/** Of a list, what is wrong with its first bad pause. */
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
  .default(PRESETS.standard)
  .describe("the pauses between tries");

/** 408 and 429 say nothing about the event, 410 pauses the destination as well, and a server that fails (5xx) may take it later. */
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
    "an event that is answered with one of these is parked at once as `rejected`, and the next of its document goes",
  );

/** Headers that every post has from us, or from the connection: a second one would contradict it. */
const OURS =
  /^(webhook-.*|ce-.*|countersign-.*|content-(type|length|encoding)|user-agent|host|connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|expect)$/i;

const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, {
    error: ({ input }) => `${JSON.stringify(input)} is no header name: write one such as X-Tenant`,
  })
  .refine((text) => !OURS.test(text), {
    error: ({ input }) => `${JSON.stringify(input)} is a header that Countersign sets itself: leave it out`,
  })
  .transform((text) => text.toLowerCase());

const headerValue = z
  .string({ error: "must be text: put it in quotes" })
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "must be on one line and without characters beyond Latin-1");

const headers = z
  .record(z.string(), headerValue)
  .superRefine((given, context) => {
    const names = Object.keys(given).map((key) => key.toLowerCase());
    for (const [index, key] of Object.keys(given).entries()) {
      const message = troubleWithHeader(key, names.indexOf(key.toLowerCase()) < index);
      if (message !== null) context.addIssue({ code: "custom", message, path: [key] });
    }
  })
  .transform((given) =>
    Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value])),
  )
  .default({})
  .describe("sent with every post, such as X-Tenant: acme");

function troubleWithHeader(key: string, again: boolean): string | null {
  const [issue] = headerName.safeParse(key).error?.issues ?? [];
  if (issue) return issue.message;
  if (key.toLowerCase() === "authorization") return "is not given here: use `auth`";
  return again ? "stands here twice: capitals do not tell headers apart" : null;
}

const notEmpty = z.string({ error: "must be text: put it in quotes" }).min(1, "must not be empty");

const auth = exactly({
  basic: exactly({
    user: notEmpty.refine((user) => !user.includes(":"), "must not have a colon"),
    password: notEmpty,
  })
    .optional()
    .describe("a user name and a password"),
  bearer: notEmpty
    .regex(/^[\x21-\x7e]+$/, "must be without spaces and characters beyond ASCII")
    .optional()
    .describe("a token, sent as `Authorization: Bearer …`"),
  header: exactly({ name: headerName, value: headerValue.min(1, "must not be empty") })
    .optional()
    .describe("a header of another name that holds the credential"),
})
  .refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, {
    error: "needs one of basic, bearer and header, and no more",
  })
  .describe("how Countersign proves who it is, besides its signature");

const file = z.string({ error: "must be a file's name" }).min(1, "must be a file's name");

const tls = exactly({
  ca: file.optional().describe("PEM file of the authorities to trust, instead of the well-known ones"),
  cert: file.optional().describe("PEM file of the certificate to show"),
  key: file.optional().describe("PEM file of its private key"),
})
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "`cert` and `key` go together: give both or neither",
  })
  .describe("own authority or client certificate; relative paths are from this file's folder");

const isProxy = (text: string): boolean => {
  const { protocol, pathname, search, hash } = URL.canParse(text) ? new URL(text) : { protocol: "" };
  return /^https?:$/.test(protocol) && pathname === "/" && search === "" && hash === "";
};

/** Whether its user and password can be read: a `%` that stands for itself is `%25`. */
const hasReadableUser = (text: string): boolean => {
  const { username, password } = URL.canParse(text) ? new URL(text) : { username: "", password: "" };
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
};

/** Empty as where it is not given, so that it can be taken from an environment that may have none. */
const proxy = z
  .string({ error: "must be the URL of a proxy, such as http://proxy.internal:3128" })
  .refine((text) => text === "" || isProxy(text), {
    error: "must be the http or https URL of a proxy without a path, such as http://proxy.internal:3128",
  })
  .refine(hasReadableUser, {
    error: "user and password of a proxy must be percent-encoded: write `%25` for a `%`",
  })
  .transform((text) => (text === "" ? undefined : text))
  .describe(
    'an HTTP proxy that it is reached through by CONNECT, such as "${HTTPS_PROXY}"; a user and password in it are for the proxy',
  );

const alsoSign = exactly({
  header: headerName.describe("where the signature stands, such as X-Signature"),
  hash: z.enum(HASHES, { error: `must be ${HASHES.join(" or ")}` }).default("sha256"),
  encoding: z.enum(["hex", "base64"], { error: "must be hex or base64" }).default("hex"),
  prefix: headerValue.default("").describe("stands before the signature, such as `sha256=`"),
  secret: secret
    .refine((key) => key.type === "secret", "must be a shared secret, not a private key")
    .describe("`raw:` and the text of the secret, or `whsec_…`"),
}).describe("a second signature, over the body alone, for a receiver that checks such a one today");

const patterns = (what: string) =>
  z
    .array(z.string().min(1, "must not be empty"), { error: "must be a list" })
    .min(1, "needs at least one entry: leave the key out where all will do")
    .optional()
    .describe(`${what}; any of them will do, \`*\` stands for any run of characters; absent: all`);

const filter = exactly({
  sources: patterns("names of sources"),
  channels: patterns("names of channels"),
  tags: patterns("tags of the document"),
  references: z
    .record(z.string().min(1), z.array(z.string().min(1, "must not be empty")).min(1))
    .optional()
    .describe(
      "the sender's own keys, by name, each with the values of which one must be there, `*` as above",
    ),
  test: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe("false: nothing of documents made in the provider's test mode; true: only those"),
}).describe("which events it gets, beside `events`; every list must agree");

const breaker = exactly({
  failures: z
    .int({ error: "must be a whole number" })
    .min(1, "must be at least 1")
    .default(DEFAULT_BREAKER.failures)
    .describe("it opens at so many failures in a row"),
  pause: duration
    .default(DEFAULT_BREAKER.pause)
    .describe("before the first probe; each failed one doubles it"),
  longest: duration.default(DEFAULT_BREAKER.longest).describe("no pause is longer"),
}).refine(({ pause, longest }) => pause > 0 && pause <= longest, {
  error: "`pause` must be above 0 and no longer than `longest`",
});

export const DestinationFile = exactly({
  url: z
    .url({ protocol: /^https?$/, error: "must be an http or https URL" })
    .refine((text) => {
      const { username, password } = URL.canParse(text) ? new URL(text) : { username: "", password: "" };
      return username === "" && password === "";
    }, "must not hold a user name or password: use `auth`")
    .describe("where events are posted to"),
  secrets: z
    .array(secret, { error: "must be a list of secrets: `countersign secret` makes one" })
    .min(1, "needs at least one secret: `countersign secret` makes one")
    .describe("newest first; every one signs: `whsec_…` and `raw:…` as v1, a private key `whsk_…` as v1a"),
  alsoSign: alsoSign.optional(),
  headers,
  auth: auth.optional(),
  tls: tls.optional(),
  network: z
    .enum(["any", "public"], { error: "must be `any` or `public`" })
    .default("any")
    .describe(
      "public: private and loopback addresses are refused; link-local and cloud metadata addresses always are",
    ),
  proxy: proxy.optional(),
  format: z
    .enum(FORMAT_NAMES, { error: `must be ${FORMAT_NAMES.join(", ")}` })
    .default("cloudevents")
    .describe(
      "cloudevents: the whole event in the body; cloudevents-binary: attributes in headers; standard: {type, timestamp, data}; lumin: as Lumin would send and sign it",
    ),
  contentType: z
    .enum(["application/cloudevents+json", "application/json"], {
      error: "must be application/json, or application/cloudevents+json",
    })
    .optional()
    .describe(
      "application/json: for a receiver that parses nothing else, with the shape of `format: cloudevents`; absent: what the format says",
    ),
  events: z
    .array(eventPattern)
    .min(1, 'needs at least one event type, or "*"')
    .default(["*"])
    .describe("which event types it gets"),
  filter: filter.optional(),
  paused: z
    .boolean({ error: "must be true or false" })
    .default(false)
    .describe("true: nothing is sent; what comes in waits"),
  retry,
  parkOn,
  ordering: z
    .enum(["document", "none"], { error: "must be `document` or `none`" })
    .default("document")
    .describe("document: the events of one document go one after the other"),
  timeout: timer
    .refine((ms) => ms > 0, "must be above 0")
    .default(15_000)
    .describe("for a whole try, slow answers included"),
  concurrency: z
    .int({ error: "must be a whole number" })
    .min(1, "must be at least 1")
    .max(1_000, "must be at most 1000")
    .default(16)
    .describe("tries at the same time"),
  rate: rate.optional().describe("tries in a time, at most; absent: as many as `concurrency` lets through"),
  breaker: breaker.prefault({}).describe("when a destination that fails again and again is left alone"),
});
export type DestinationFile = z.infer<typeof DestinationFile>;
