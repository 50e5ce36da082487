import { z } from "zod";
import { RIGHTS } from "../domain/rights.ts";
import { exactly } from "../yaml.ts";
import { AlertFile } from "./alert-schema.ts";
import { DestinationFile } from "./destination-schema.ts";
import { Parity } from "./parity-schema.ts";
import { Retention } from "./retention-schema.ts";
import { duration, name, port, size, timeout, timer, wholeNumber } from "./values.ts";

/**
 * The schema of the configuration file, key by key. `schemas/configuration.json` is generated from it, so
 * that editors complete and explain each key. Error messages say what would be right.
 */

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

export const ServerFile = exactly({
  host: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("the address on which providers' webhooks are received"),
  port: port.default(8080).describe("the port for providers' webhooks; 0: any free port"),
  basePath: z
    .string()
    .regex(/^(\/[\w.~-]+)*$/, "must be a path such as /esign, without a slash at its end")
    .default("")
    .describe("a path prefix before `/in`, for a proxy that does not remove it, such as `/esign`"),
  maxBody: size
    .prefault("5mb")
    .describe(
      "the longest body, before and after decompression; a longer one is answered with 413. A channel or its mapping may set another limit",
    ),
  maxValues: wholeNumber(1_000, 10_000_000)
    .default(125_000)
    .describe(
      "the most lists, objects and members of one JSON text; more are a problem of the request, which is kept. A higher limit lets one request delay all others for longer",
    ),
  maxBytesInFlight: size
    .optional()
    .describe(
      "the bytes of all requests that are not answered yet; beyond them a request is answered with 503. At least twice the longest body allowed. Absent: 64mb, or twice the longest body where that is more",
    ),
  maxConnections: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe("the most connections at a time; requests of further ones are answered with 503"),
  idleTimeout: timeout
    .prefault("75s")
    .describe(
      "how long an idle connection stays open, on both listeners: longer than a proxy in front keeps it",
    ),
  stallTimeout: timeout.prefault("30s").describe("a body that pauses for longer is answered with 408"),
  requestTimeout: timeout.prefault("15m").describe("a body that takes longer in total is answered with 408"),
});

const adminToken = z
  .string()
  .min(16, "must have at least 16 characters: `openssl rand -hex 32` makes a good one");

/** The bearer of `admin.token`, as the audit names it. */
export const SINGLE_TOKEN = "admin";

export const AdminFile = exactly({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("the address of the listener for operators; any but loopback needs a token"),
  port: port.default(8081).describe("its port; 0: any free port"),
  token: adminToken
    .optional()
    .describe(
      "callers send it as `Authorization: Bearer …`, and it may do everything: one of `tokens` with the name `admin` and `right: act`. Without any token any caller on this machine may ask",
    ),
  tokens: z
    .record(
      name,
      exactly({
        token: adminToken.describe("the token"),
        right: z
          .enum(RIGHTS, { error: "must be look or act" })
          .default("look")
          .describe(
            "`look` sees everything, with personal data masked in the console; `act` also changes the bridge",
          ),
      }),
    )
    .default({})
    .describe("one token for each person or program, by the name that the audit log has for it"),
  hosts: z
    .array(z.string().regex(/^[\w.:-]+$/, "must be a name or an address, without a port or a path"))
    .optional()
    .describe(
      "names that the Host header may have besides localhost; other requests are refused with 421. Absent: without a token localhost alone, with one any name",
    ),
  name: z
    .string()
    .regex(/^[^\p{C}]{1,40}$/u, "must have 1 to 40 characters")
    .optional()
    .describe("what this bridge is, such as `production`: shown at the top of the console"),
  console: z
    .boolean({ error: "must be true or false" })
    .default(true)
    .describe("pages for people on this listener, at `/`; false: the admin API alone"),
  proxied: z
    .boolean({ error: "must be true or false" })
    .default(false)
    .describe(
      "true: a proxy in front sets `X-Forwarded-For`, `-Proto` and `-Host`, and they are believed. Never where callers reach the listener without it",
    ),
})
  .refine(({ host, token, tokens }) => LOOPBACK.has(host) || token !== undefined || !isEmpty(tokens), {
    error: "an admin API that others can reach needs a token: add `token`, or listen on 127.0.0.1",
  })
  .refine(({ token, tokens }) => token === undefined || tokens[SINGLE_TOKEN] === undefined, {
    error: `\`token\` has the name ${SINGLE_TOKEN} already: give the one in \`tokens\` another`,
    path: ["tokens"],
  })
  .refine(({ token, tokens }) => !hasRepeats([token, ...Object.values(tokens).map((one) => one.token)]), {
    error: "two of the tokens are the same: give each person or program its own",
    path: ["tokens"],
  });

function isEmpty(map: object): boolean {
  return Object.keys(map).length === 0;
}

function hasRepeats(texts: readonly (string | undefined)[]): boolean {
  const given = texts.filter((text) => text !== undefined);
  return new Set(given).size < given.length;
}

const channel = exactly({
  secrets: z
    .array(z.string().min(1, "must not be empty"))
    .min(1, "needs at least one secret")
    .optional()
    .describe(
      "keys of the provider's signature, or the secrets that it sends; any of them is accepted, so list two while one is changed, the newest first",
    ),
  allowed: z
    .array(
      z
        .string()
        .regex(/^[\x21-\x7e]{1,256}$/, "must be 1 to 256 letters, digits and signs of ASCII, without spaces"),
    )
    .min(1, "needs at least one value")
    .optional()
    .describe(
      "values of the account that are not secret, such as client ids: a request must have one of them, and a challenge gets it back",
    ),
  headers: z
    .record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is no name of a header"),
      z
        .array(z.string().min(16, "must have at least 16 characters, since whoever guesses it can post"))
        .min(1, "needs at least one secret"),
    )
    .refine((headers) => Object.keys(headers).length > 0, "needs at least one header")
    .optional()
    .describe(
      "headers that the provider is told to send, each with the secrets that it may hold; list two while one is changed, the newest first",
    ),
  maxAge: duration
    .optional()
    .describe(
      "how old a signed request may be, where the mapping knows its signed time; replaces the limit of the mapping",
    ),
  token: z
    .string()
    .min(
      16,
      "must have at least 16 characters, since whoever guesses it can post: `openssl rand -hex 24` makes a good one",
    )
    .regex(/^[\w.~-]+$/, "must consist of letters, digits, `-`, `.`, `_` and `~`, since it stands in a URL")
    .optional()
    .describe("a secret in the URL: the provider posts to …?token=TOKEN, or …/TOKEN"),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a PEM file with the provider's certificate, to check an RSA signature; a relative path starts from the folder of the configuration",
    ),
  requireSignature: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe(
      "true: a request without the signature is refused; false: another check must pass instead. Absent: as the mapping says",
    ),
  basic: exactly({
    user: z.string().min(1).describe("the user name"),
    password: z.string().min(16, "must have at least 16 characters").describe("the password"),
  })
    .optional()
    .describe("HTTP basic authentication of the provider's requests"),
  maxBody: size
    .optional()
    .describe("the longest body on this channel. Absent: the limit of its mapping, else `server.maxBody`"),
  expectEvery: duration
    .optional()
    .describe(
      "the longest time without a genuine request that is usual: after a longer one `countersign status` says so. Absent: it is learned from the last eight weeks",
    ),
  shadow: z
    .boolean({ error: "must be true or false" })
    .optional()
    .describe(
      "true: the channel is tried: its requests are verified, kept and compared, and what it alone reports is delivered to nobody until the mark is taken away. Absent: false",
    ),
  standby: duration
    .refine((ms) => ms >= 86_400_000, "must be at least 1d")
    .optional()
    .describe(
      "for a channel that another has taken over from: how long it stays after its last request, at least 1d. Its silence is no concern; what it alone reports is. Absent: it is not on standby",
    ),
  verify: z
    .literal("none", { error: "can only be `none`; how a channel is checked stands in its mapping" })
    .optional()
    .describe("`none` switches every check off: any sender is accepted"),
});

export const SourceFile = exactly({
  mapping: z
    .string({ error: "must name a mapping, such as lumin" })
    .describe("the name of a file in mappings/, without .yaml"),
  coalesce: duration
    .prefault("1m")
    .describe(
      "two channels that report the same kind of happening within this time report one event; 0s: never",
    ),
  channels: z
    .record(name, channel)
    .refine((channels) => Object.keys(channels).length > 0, "needs at least one channel")
    .describe("the channels that are switched on, by their names in the mapping"),
});
export type SourceFile = z.infer<typeof SourceFile>;
export type ChannelFile = SourceFile["channels"][string];

export const ConfigFile = exactly({
  server: ServerFile.prefault({}).describe("the listener for providers' webhooks, and its limits"),
  admin: AdminFile.prefault({}).describe(
    "the listener for operators: console, admin API, health and metrics",
  ),
  store: z
    .string()
    .regex(
      /^(sqlite:.+|lowdb:.+|postgres(ql)?:\/\/.+)/,
      "must be sqlite:FILE, lowdb:FILE or postgres://USER:PASSWORD@HOST/DATABASE",
    )
    .refine((store) => !store.startsWith("postgres") || URL.canParse(store), {
      error: "is not a connection string: special characters of a password are percent-encoded",
    })
    .default("sqlite:./data/countersign.db")
    .describe(
      "the store: `sqlite:FILE`, `lowdb:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`; a relative path starts from the folder of the configuration",
    ),
  sources: z
    .record(name, SourceFile)
    .default({})
    .describe("accounts at providers, by name; the name is part of URLs and of event ids"),
  destinations: z
    .record(name, DestinationFile)
    .default({})
    .describe("internal systems that receive events, by name; deliveries belong to the name"),
  alerts: z
    .record(name, AlertFile)
    .default({})
    .describe("who is told what needs a person, by name: destinations that get nothing else"),
  concerns: exactly({
    stuckAfter: duration
      .prefault("14d")
      .describe("how long a document may be under way, from its sending, before it counts as stuck"),
  })
    .prefault({})
    .describe("what `countersign status` reports as something that needs a person"),
  parity: Parity,
  privateNames: z
    .array(
      z
        .string()
        .regex(
          /^!?[\w*.-]{1,100}$/,
          "must be a name such as x-tenant-key, with `*` for any run of characters",
        ),
      { error: "must be a list of names" },
    )
    .default([])
    .describe(
      "headers and query parameters whose values are neither kept nor shown, besides the usual ones such as `*token*`, `*-key` and cookies; `*` stands for any run of characters, `!name` makes an exception",
    ),
  typePrefix: z
    .string()
    .regex(/^[a-z0-9.-]*$/, "must be lower-case letters, digits, `.` and `-`")
    .default("esign.")
    .describe("the prefix of every forwarded event type"),
  log: exactly({
    level: z
      .enum(["debug", "info", "warn", "error", "silent"], {
        error: "must be debug, info, warn, error or silent",
      })
      .default("info")
      .describe("log lines of this level and above are written, as JSON on standard output"),
  })
    .prefault({})
    .describe("the log"),
  rejected: exactly({
    keep: z
      .int({ error: "must be a whole number" })
      .min(0, "must not be negative")
      .max(100_000, "must be at most 100000")
      .default(1_000)
      .describe("how many refused requests of a channel are kept, the newest; 0: none"),
    maxBody: size.prefault("256kb").describe("of a longer refused request only the headers are kept"),
  })
    .prefault({})
    .describe("refused requests, kept to be checked again after a secret was corrected"),
  telemetry: exactly({
    documents: z
      .boolean({ error: "must be true or false" })
      .default(false)
      .describe("true: spans show ids of documents, which providers choose"),
  })
    .prefault({})
    .describe("what traces show; docs/tracing.md says how they are switched on"),
  retention: Retention,
  drain: timer
    .prefault("0s")
    .describe(
      "how long a stop goes on accepting requests, while `/readyz` is not ready, before it closes the listeners: as long as balancers need to notice",
    ),
  shutdown: timer.prefault("20s").describe("how long a stop waits for requests and attempts in flight"),
}).describe("The configuration of Countersign");
export type ConfigFile = z.infer<typeof ConfigFile>;
