import { z } from "zod";
import { exactly } from "../yaml.ts";
import { listOf } from "./field.ts";
import { exactlyOne } from "./one.ts";
import { PLACE, type PlaceRef, PlaceText, parsePlace } from "./place.ts";
import { oneOf } from "./suggest.ts";

const HASHES = ["sha1", "sha256", "sha384", "sha512"] as const;
const ENCODINGS = ["hex", "base64"] as const;

type Hash = (typeof HASHES)[number];
export type SignatureEncoding = (typeof ENCODINGS)[number];

/** A stretch of what was signed: the bytes of a place, or text that the provider puts between. */
export type SignedPart = PlaceRef | { text: string };

/** One thing that proves a request genuine. All checks of a channel are required, but for an optional one that is absent. */
export type CheckRule =
  | {
      kind: "hmac";
      hash: Hash;
      /** Any of them will do. */
      encodings: readonly SignatureEncoding[];
      /** Any of them will do; at least one. */
      signatures: readonly PlaceRef[];
      /** In order, with nothing between. */
      over: readonly SignedPart[];
      /** What stands before the signature, such as `sha256=`; mostly empty. */
      prefix: string;
    }
  | {
      kind: "rsa";
      hash: Hash;
      encoding: SignatureEncoding;
      signatures: readonly PlaceRef[];
      over: readonly SignedPart[];
      /** Checked when the request has a signature, required only when the configuration says so. */
      optional: boolean;
    }
  | { kind: "token" }
  | { kind: "basic" };

const LITERAL = "text:";

const over = z
  .array(
    z
      .string()
      .regex(
        new RegExp(`^(?:${LITERAL}.+|${PLACE})$`, "s"),
        "expected body, header:<name>, query:<name>, field:<name>, payload:<path>, or text:<the text itself>",
      )
      .meta({ examples: ["body", "header:x-timestamp", "text:."] }),
  )
  .min(1)
  .default(["body"])
  .describe("What is signed: places and `text:…`, one after the other. The body, if absent.");
const hash = oneOf("a hash", HASHES).describe("The hash function.");
const signature = z
  .union([PlaceText, z.array(PlaceText).min(1)], { error: "expected a place, or a list of places" })
  .describe("Where in the request the signature is; of a list, any that matches will do.");

const HmacCheck = exactly({
  hash,
  encoding: z
    .union([oneOf("an encoding", ENCODINGS), z.array(oneOf("an encoding", ENCODINGS)).min(1)])
    .default("hex")
    .describe("How the signature is written: hex (in either case) or base64; of a list, any will do."),
  signature,
  over,
  prefix: z.string().default("").describe("What stands before the signature, such as `sha256=`."),
});

const RsaCheck = exactly({
  hash,
  encoding: oneOf("an encoding", ENCODINGS).default("base64").describe("How the signature is written."),
  signature,
  over,
  optional: z
    .boolean()
    .default(false)
    .describe(
      "true: checked when the request has a signature, required only when the configuration says so.",
    ),
});

const CHECKS = {
  hmac: HmacCheck.optional().describe(
    "A keyed hash over the bytes that came; the configuration has the secrets.",
  ),
  rsa: RsaCheck.optional().describe("RSA PKCS#1 v1.5; the configuration has the certificate."),
  token: exactly({}).optional().describe("An unguessable token in the path or the query of the URL."),
  basic: exactly({}).optional().describe("User name and password, by HTTP basic authentication."),
};

/** One check of `verify`, as mapping files write it. */
export const CheckFile = exactlyOne(exactly(CHECKS), Object.keys(CHECKS));

/** The check that a mapping file asks for, with its places read. */
export function compileCheck({ hmac, rsa, basic }: z.output<typeof CheckFile>): CheckRule {
  if (hmac) {
    const { encoding, hash, prefix } = hmac;
    return { kind: "hmac", hash, encodings: listOf(encoding), prefix, ...compileSigned(hmac) };
  }
  if (rsa) {
    const { encoding, hash, optional } = rsa;
    return { kind: "rsa", hash, encoding, optional, ...compileSigned(rsa) };
  }
  return { kind: basic ? "basic" : "token" };
}

function compileSigned({ signature, over }: Pick<z.output<typeof HmacCheck>, "signature" | "over">) {
  return { signatures: listOf(signature).map(parsePlace), over: over.map(parsePart) };
}

function parsePart(text: string): SignedPart {
  return text.startsWith(LITERAL) ? { text: text.slice(LITERAL.length) } : parsePlace(text);
}
