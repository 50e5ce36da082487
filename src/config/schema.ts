import { z } from "zod";
import { exactly } from "../yaml.ts";
import { DestinationFile } from "./destination-schema.ts";
import { Retention } from "./retention-schema.ts";
import { duration, name, patience, port, size, timer, wholeNumber } from "./values.ts";

/**
 * The configuration file as it is written, key by key. `schemas/configuration.json` is generated from it, so that editors
 * complete it and explain each key. What a value must be is said in the words that a person would use to mend it.
 */

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

export const ServerFile = exactly({
  host: z.string().min(1).default("0.0.0.0").describe("the address that providers' webhooks come in on"),
  port: port.default(8080).describe("0: any free port"),
  basePath: z
    .string()
    .regex(/^(\/[\w.~-]+)*$/, "must be a path such as /esign, without a slash at its end")
    .default("")
    .describe("stands before /in in every path, where a proxy does not take it away"),
  maxBody: size
    .default(5 * 1_024 ** 2)
    .describe(
      "a longer body is answered with 413, also one that is longer when decompressed; a channel or its mapping may say otherwise",
    ),
  maxValues: wholeNumber(1_000, 10_000_000)
    .default(125_000)
    .describe(
      "JSON with more lists, objects and members is a problem; more than the default holds up everybody else while it is read",
    ),
  maxBytesInFlight: size
    .optional()
    .describe(
      "bytes of requests that are not answered yet, in all; beyond it a request is answered with 503. Absent: 64mb, or twice the longest body that may come",
    ),
  maxConnections: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe("connections beyond it are answered with 503"),
  idleTimeout: patience
    .prefault("75s")
    .describe(
      "an idle connection is kept so long, for both listeners: longer than any proxy in front keeps it",
    ),
  stallTimeout: patience
    .prefault("30s")
    .describe("a body of which nothing comes for so long is answered with 408"),
  requestTimeout: patience.prefault("15m").describe("and one that takes longer than this in all"),
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
  hosts: z
    .array(z.string().regex(/^[\w.:-]+$/, "must be a name or an address, without a port or a path"))
    .optional()
    .describe(
      "names under which it is reached besides localhost; a request with another Host header is refused. Without a token only localhost is answered where this is absent, with one every name",
    ),
}).refine(({ host, token }) => LOOPBACK.has(host) || token !== undefined, {
  error: "an admin API that others can reach needs a token: add `token`, or listen on 127.0.0.1",
});

const channel = exactly({
  secrets: z
    .array(z.string().min(1, "must not be empty"))
    .min(1, "needs at least one secret")
    .optional()
    .describe("keys of the provider's signature, or the secrets that it sends; several while one is changed"),
  allowed: z
    .array(
      z
        .string()
        .regex(/^[\x21-\x7e]{1,256}$/, "must be 1 to 256 letters, digits and signs of ASCII, without spaces"),
    )
    .min(1, "needs at least one value")
    .optional()
    .describe(
      "values of the account that are no secret, such as client ids: requests must have one, and get it back",
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
      "headers that the provider is told to send, and the secrets that each may hold; several while one is changed",
    ),
  maxAge: duration
    .optional()
    .describe(
      "how old a signed request may be, where its mapping knows the time; instead of the mapping's own",
    ),
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
    .describe("whether a request without the signature is refused; if not, another check must pass"),
  basic: exactly({
    user: z.string().min(1),
    password: z.string().min(16, "must have at least 16 characters"),
  })
    .optional()
    .describe("HTTP basic authentication"),
  maxBody: size
    .optional()
    .describe("how long a body may be on this channel; else what its mapping says, else `server.maxBody`"),
  verify: z
    .literal("none", { error: "can only be `none`; how a channel is checked stands in its mapping" })
    .optional()
    .describe("switches every check off: anybody may post"),
});

export const SourceFile = exactly({
  mapping: z
    .string({ error: "must name a mapping, such as lumin" })
    .describe("a file in mappings/, without .yaml"),
  coalesce: duration
    .prefault("1m")
    .describe("two channels that tell the same kind of happening within this time tell one event; 0s: never"),
  channels: z
    .record(name, channel)
    .refine((channels) => Object.keys(channels).length > 0, "needs at least one channel")
    .describe("the ways in that are switched on"),
});
export type SourceFile = z.infer<typeof SourceFile>;
export type ChannelFile = SourceFile["channels"][string];

export const ConfigFile = exactly({
  server: ServerFile.prefault({}),
  admin: admin.prefault({}),
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
    .describe("where everything is kept; a relative path is from this file's folder"),
  sources: z.record(name, SourceFile).default({}).describe("accounts at providers"),
  destinations: z
    .record(name, DestinationFile)
    .default({})
    .describe("internal systems that events are forwarded to"),
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
      "headers and query parameters whose values are neither kept nor shown, besides the usual ones such as `*token*`, `*-key` and cookies; `*` stands for any run of characters, `!name` keeps one after all",
    ),
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
  rejected: exactly({
    keep: z
      .int({ error: "must be a whole number" })
      .min(0, "must not be negative")
      .max(100_000, "must be at most 100000")
      .default(1_000)
      .describe("how many of a channel's newest refused requests are kept; 0: none"),
    maxBody: size.default(256 * 1_024).describe("of a longer one only the headers are kept"),
  })
    .prefault({})
    .describe("requests refused as not genuine, kept to be checked again after a secret was mended"),
  retention: Retention,
  shutdown: timer.default(20_000).describe("how long a stop waits for what is in flight"),
}).describe("The configuration of Countersign");
export type ConfigFile = z.infer<typeof ConfigFile>;
