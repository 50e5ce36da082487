import { z } from "zod";
import { parseDuration } from "../domain/quantity.ts";
import { exactly } from "../yaml.ts";
import { exactlyOne } from "./exactly-one.ts";
import { compilePart, isSamePart, PartFile } from "./part.ts";
import { PatternText } from "./pattern.ts";
import { HeadPlaceText, isPlace, PLACE, PlaceText } from "./request-place.ts";
import { oneOf } from "./suggest.ts";
import { TIME_TRANSFORMS } from "./transform.ts";

/** The schema of checks in mapping files. `check.ts` compiles them. */

export const HASHES = ["sha1", "sha256", "sha384", "sha512"] as const;
export const ENCODINGS = ["hex", "base64"] as const;
export const SECRET_FORMS = ["literal", "base64", "hex", "whsec"] as const;
export const EXPECTATIONS = ["secrets", "allowed"] as const;

export const LITERAL = "text:";

const SignedText = z
  .string()
  .refine((text) => (text.startsWith(LITERAL) ? text.length > LITERAL.length : isPlace(text)), {
    error:
      "expected body, header:<name>, query:<name>, field:<name>, payload:<path>, or text:<the text itself>",
  })
  .meta({ pattern: `^(?:${LITERAL}.+|${PLACE})$`, examples: ["body", "header:x-timestamp", "text:."] });

const over = z
  .array(
    z.union([SignedText, PartFile.options[1]], {
      error: "expected a place, `text:…`, or a map with `place` and `pattern`",
    }),
  )
  .min(1)
  .default(["body"])
  .describe(
    "What is signed: places, parts of places and `text:…`, one after the other. The body, if absent.",
  );

const signature = z
  .union([...PartFile.options, z.array(PartFile).min(1)], {
    error: "expected a place, a map with `place` and `pattern`, or a list of these",
  })
  .describe(
    "Where in the request the signature is. Of a list, of a header that has several, and of all that a pattern finds any that matches will do.",
  );

const durationText = (example: string) =>
  z
    .string()
    .refine((text) => parseDuration(text) !== null, `must be a duration such as ${example}`)
    .meta({ pattern: "^([0-9]+(ms|s|m|h|d))+$", examples: [example] });

const maxAge = exactly({
  place: PlaceText.describe("Where the time is; it must be signed."),
  pattern: PatternText.optional().describe("What of it is the time."),
  as: oneOf("a transform of times", TIME_TRANSFORMS).describe("How the time is written."),
  past: durationText("3d")
    .optional()
    .describe(
      "How old it may be when the request comes: at least as long as the provider repeats its posts. Absent: nothing is refused for its age, unless the configuration says `maxAge`.",
    ),
  future: durationText("5m").default("5m").describe("How far it may be ahead of the bridge's clock."),
})
  .optional()
  .describe("A signed time, and how old it may be: older requests are refused.");

const optional = z
  .boolean()
  .default(false)
  .describe("true: the configuration may leave its credential out; then nothing is checked.");

const signed = {
  hash: oneOf("a hash", HASHES).describe("The hash function."),
  signature,
  over,
  maxAge,
};

export interface SignedFile {
  signature: z.output<typeof signature>;
  over: z.output<typeof over>;
  maxAge?: z.output<typeof maxAge>;
}

const SIGNED_AGE = {
  error: "is not signed: `over` must have the same place with the same pattern",
  path: ["maxAge"],
};

const HmacCheck = exactly({
  ...signed,
  encoding: z
    .union([oneOf("an encoding", ENCODINGS), z.array(oneOf("an encoding", ENCODINGS)).min(1)])
    .default("hex")
    .describe("How the signature is written: hex (in either case) or base64; of a list, any will do."),
  prefix: z.string().default("").describe("What stands before each signature, such as `sha256=`."),
  secret: oneOf("a form of secrets", SECRET_FORMS)
    .default("literal")
    .describe(
      "How secrets become keys: the text itself (`literal`), or what it holds in `base64`, `hex` or after `whsec_` (`whsec`).",
    ),
  optional,
}).refine(hasSignedAge, SIGNED_AGE);

const RsaCheck = exactly({
  ...signed,
  encoding: oneOf("an encoding", ENCODINGS).default("base64").describe("How the signature is written."),
  optional: z
    .boolean()
    .default(false)
    .describe(
      "true: checked when the request has a signature, required only when the configuration says so.",
    ),
}).refine(hasSignedAge, SIGNED_AGE);

const EqualsCheck = exactly({
  place: HeadPlaceText.describe("Where it is: a header or a query parameter."),
  to: oneOf("what it can be equal to", EXPECTATIONS)
    .default("secrets")
    .describe(
      "`secrets`: one of the channel's secrets, and what the place held is never kept; `allowed`: one of its allowed values, which are no secret.",
    ),
  optional,
});

const CHECKS = {
  hmac: HmacCheck.optional().describe(
    "A keyed hash over the bytes that came; the configuration has the secrets.",
  ),
  rsa: RsaCheck.optional().describe("RSA PKCS#1 v1.5; the configuration has the certificate."),
  token: exactly({}).optional().describe("An unguessable token in the path or the query of the URL."),
  basic: exactly({}).optional().describe("User name and password, by HTTP basic authentication."),
  equals: EqualsCheck.optional().describe("A header or query parameter that equals a configured value."),
};

/** One check of `verify` in a mapping file. */
export const CheckFile = exactlyOne(exactly(CHECKS), Object.keys(CHECKS));
export type CheckFile = z.output<typeof CheckFile>;

/** An unsigned time could be changed, and a request be repeated for ever. */
function hasSignedAge({ maxAge, over }: Pick<SignedFile, "over" | "maxAge">): boolean {
  if (!maxAge) return true;
  const time = compilePart(maxAge);
  if (over.includes("body") && !["header", "query"].includes(time.place.in)) return true;
  return over.some(
    (part) => !(typeof part === "string" && part.startsWith(LITERAL)) && isSamePart(compilePart(part), time),
  );
}
