import { z } from "zod";
import { exactly } from "../yaml.ts";
import { listOf } from "./field.ts";
import { type PlaceRef, PlaceText, parsePlace } from "./request-place.ts";
import { oneOf } from "./suggest.ts";

/**
 * Answers to a provider: after a recorded request, and to a challenge, which asks whether the address is
 * ours.
 */

/** A value of the request to send back. */
export interface CopyRule {
  place: PlaceRef;
  /** true: any value, if all the channel's checks pass. false: only a value that the configuration allows. */
  verified: boolean;
}

type Scalar = string | number | boolean;

export interface AnswerRule {
  type: string;
  headers?: readonly (readonly [name: string, value: string | CopyRule])[];
  body: string | CopyRule | { json: readonly (readonly [name: string, value: Scalar | CopyRule])[] };
}

export interface ChallengeRule {
  methods: readonly Method[];
  /** A place that must hold one of the values; null: no condition. `values` null: any value. */
  when: { place: PlaceRef; values: readonly string[] | null } | null;
  answer: AnswerRule;
}

const METHODS = ["GET", "HEAD", "OPTIONS", "POST"] as const;
type Method = (typeof METHODS)[number];

const Copy = exactly({
  copy: PlaceText.describe("What of the request is sent back."),
  verified: z
    .boolean()
    .default(false)
    .describe(
      "true: whatever it is, if all the channel's checks pass; otherwise it must be one of the configuration's `allowed`.",
    ),
});

const PRINTABLE = /^[\x20-\x7e]*$/;
const Text = z.union([z.string(), Copy], { error: "expected a text, or a map with `copy`" });
const HeaderText = z.union([z.string().regex(PRINTABLE, "must be printable ASCII in one line"), Copy], {
  error: "expected a text, or a map with `copy`",
});

const OWN_HEADERS = ["connection", "content-length", "content-type", "transfer-encoding"];

const headers = z
  .record(
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is no name of a header")
      .refine(
        (name) => !OWN_HEADERS.includes(name.toLowerCase()),
        "is not for a mapping to set (`type` is the content type)",
      ),
    HeaderText,
  )
  .optional()
  .describe("Headers of the answer.");

const PLAIN_TEXT = "text/plain; charset=utf-8";

const CONTENT = {
  headers,
  json: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), Copy], {
        error: "expected a value, or a map with `copy`",
      }),
    )
    .optional()
    .describe("The answer's text, as the members of a JSON object."),
  type: z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, "is no content type")
    .optional()
    .describe("Its content type: plain text, or JSON where `json` is written."),
};

export const AnswerFile = exactly({ body: Text.optional().describe("The answer's text."), ...CONTENT })
  .refine(
    ({ body, json }) => body === undefined || json === undefined,
    "has `body` and `json`: leave one of them out",
  )
  .describe("What the provider must be answered, if not the bridge's own JSON. The status is always 200.");
type AnswerFile = z.output<typeof AnswerFile>;

const Challenge = exactly({
  method: z
    .union([oneOf("a method", METHODS), z.array(oneOf("a method", METHODS)).min(1)])
    .default("GET")
    .describe("The request's method, or several."),
  when: exactly({
    place: PlaceText.describe("Where in the request it is."),
    is: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
        error: "expected a text, or a list of texts",
      })
      .optional()
      .describe("What it must be; of a list, any will do. Absent: it is enough that it is there."),
  })
    .optional()
    .describe("What the request must have."),
  answer: AnswerFile,
}).refine(({ method, when }) => when !== undefined || !listOf(method).includes("POST"), {
  error: "of POST needs `when`: otherwise every event would be taken for a challenge",
});

export const ChallengesFile = z
  .union([Challenge, z.array(Challenge).min(1)], {
    error: "expected a map with `answer`, or a list of these",
  })
  .describe(
    "How the provider finds out whether the address is ours: requests that are answered and never kept. Of several, the first that fits.",
  );
type ChallengesFile = z.output<typeof ChallengesFile>;

export function compileAnswer({ body = "", headers, json, type }: AnswerFile): AnswerRule {
  const members = json && Object.entries(json).map(([name, value]) => [name, compileCopy(value)] as const);
  return {
    type: type ?? (json ? "application/json; charset=utf-8" : PLAIN_TEXT),
    ...(headers && {
      headers: Object.entries(headers).map(([name, value]) => [name, compileCopy(value)] as const),
    }),
    body: members ? { json: members } : compileCopy(body),
  };
}

export function compileChallenges(file: ChallengesFile): ChallengeRule[] {
  return listOf(file).map(({ method, when, answer }) => ({
    methods: listOf(method),
    when: when
      ? { place: parsePlace(when.place), values: when.is === undefined ? null : listOf(when.is) }
      : null,
    answer: compileAnswer(answer),
  }));
}

function compileCopy<Fixed extends Scalar>(value: Fixed | z.output<typeof Copy>): Fixed | CopyRule {
  return isCopy(value) ? { place: parsePlace(value.copy), verified: value.verified } : value;
}

function isCopy(value: Scalar | z.output<typeof Copy>): value is z.output<typeof Copy> {
  return typeof value === "object";
}

/** All copies of an answer. */
export function copiesOf({ headers = [], body }: AnswerRule): CopyRule[] {
  const values = [
    ...headers,
    ...(typeof body === "object" && "json" in body ? body.json : [["", body] as const]),
  ];
  return values.flatMap(([, value]) => (typeof value === "object" && "place" in value ? [value] : []));
}
