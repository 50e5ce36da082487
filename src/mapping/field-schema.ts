import { z } from "zod";
import { SIGNER_ROLES, SIGNER_STATUSES } from "../domain/event.ts";
import { exactly } from "../yaml.ts";
import { exactlyOne } from "./exactly-one.ts";
import { PathText } from "./path.ts";
import { PatternText } from "./pattern.ts";
import { PlaceText } from "./request-place.ts";
import { oneOf } from "./suggest.ts";
import { TEXT_TRANSFORMS, TIME_TRANSFORMS } from "./transform.ts";
import { ZoneText } from "./zone.ts";

/**
 * The schema of fields in mapping files. A plain text is a path; a map says where the value is (`path`,
 * `place`, `value` or `join`), which part of it counts (`pattern`), how it is read (`as`) and what it means
 * (`values`).
 */

const SINGLE = {
  path: PathText.optional().describe("Where the value is in the payload."),
  place: PlaceText.optional().describe("Where the value is in the request, outside the payload."),
  value: z.string().optional().describe("The value itself, always the same."),
};

const pattern = PatternText.optional().describe(
  "A regular expression: the value is its first group, or all that it matches. No match: no value.",
);

const textTransform = oneOf("a transform of text", TEXT_TRANSFORMS)
  .optional()
  .describe("How the value is read: `text` as it is, `lowercase`, or `boolean` (gives true or false).");

const Part = z.union(
  [PathText, exactlyOne(exactly({ ...SINGLE, pattern, as: textTransform }), Object.keys(SINGLE))],
  { error: "expected a path, or a map with one of path, place, value" },
);

const SOURCE = {
  ...SINGLE,
  join: z
    .array(Part)
    .min(1)
    .optional()
    .describe("Several values made one text; those that are not there are left out."),
};
const COMMON = {
  ...SOURCE,
  with: z.string().optional().describe("What stands between the values of `join`; nothing if absent."),
  pattern,
};
const SOURCES = Object.keys(SOURCE);

/** A text field that is more than a path. */
export const TextStep = exactlyOne(
  exactly({
    ...COMMON,
    as: textTransform,
    values: z
      .record(z.string(), z.string().min(1, "must not be empty: leave the value out, and it counts as none"))
      .optional()
      .describe("Their values and what to take for each; any other counts as no value."),
  }),
  SOURCES,
);

/** The condition of a case: a value exists, or it is one of several. */
const Condition = z.union(
  [
    PathText,
    exactlyOne(
      exactly({
        ...COMMON,
        as: textTransform,
        is: z
          .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
            error: "expected a text, or a list of texts",
          })
          .optional()
          .describe(
            "What the value must be; of a list, any will do. Absent: it is enough that there is one.",
          ),
      }),
      SOURCES,
    ),
  ],
  { error: `expected a path, or a map with one of ${SOURCES.join(", ")}, and perhaps \`is\`` },
);

export const ConditionField = z
  .union([...Condition.options, z.array(Condition).min(1)], {
    error: "expected a path, a map with `is`, or a list of these",
  })
  .describe("A value that must be there, or be one of some; of a list, all must hold.");
export type ConditionField = z.output<typeof ConditionField>;

const TimeStep = exactlyOne(
  exactly({
    ...COMMON,
    as: oneOf("a transform of times", TIME_TRANSFORMS).describe(
      "How the time is written: `milliseconds` or `seconds` since 1970, `iso` (ISO 8601) or `rfc2822`; without an offset in `zone`.",
    ),
    optional: z
      .boolean()
      .optional()
      .describe("true: the event's time may be missing; the event has then the time at which the post came."),
    zone: ZoneText.optional().describe("The zone of times without an offset; UTC, if absent."),
  }).refine(({ as, zone }) => zone === undefined || as === "iso" || as === "rfc2822", {
    error: "is of no use for a time that is a number: leave it out",
    path: ["zone"],
  }),
  SOURCES,
);

const StatusStep = exactlyOne(
  exactly({
    ...COMMON,
    as: textTransform,
    values: z
      .record(z.string(), oneOf("a signer's status", SIGNER_STATUSES))
      .describe("Their values and the status that each means; any other says nothing."),
  }),
  SOURCES,
);

const RoleStep = exactlyOne(
  exactly({
    ...COMMON,
    as: textTransform,
    values: z
      .record(z.string(), oneOf("a signer's role", SIGNER_ROLES))
      .describe("Their values and the role that each means; any other says nothing."),
  }),
  SOURCES,
);

const EXPECTED = `a map with one of ${SOURCES.join(", ")}`;
const TextAlternative = z.union([PathText, TextStep], { error: `expected a path or ${EXPECTED}` });

export const TextField = z
  .union([PathText, TextStep, z.array(TextAlternative).min(1)], {
    error: `expected a path, ${EXPECTED}, or a list of these`,
  })
  .describe(
    "A text: a path, or more closely where it is and what to take of it; of a list the first that gives one.",
  );
export type TextField = z.output<typeof TextField>;

export const TimeField = z
  .union([TimeStep, z.array(TimeStep).min(1)], {
    error: `expected ${EXPECTED} and \`as\`, or a list of these`,
  })
  .describe("An instant: where it is and how it is written; of a list the first that gives one.");
export type TimeField = z.output<typeof TimeField>;

export const StatusField = z
  .union([StatusStep, z.array(StatusStep).min(1)], {
    error: `expected ${EXPECTED} and \`values\`, or a list of these`,
  })
  .describe("A signer's status: where it is and what their values mean; of a list the first that gives one.");
export type StatusField = z.output<typeof StatusField>;

export const RoleField = z
  .union([oneOf("a signer's role", SIGNER_ROLES), RoleStep, z.array(RoleStep).min(1)], {
    error: `expected a role (${SIGNER_ROLES.join(", ")}), or ${EXPECTED} and \`values\`, or a list of these`,
  })
  .describe(
    "What a signer has to do: a role, the same for all, or where it is and what their values mean; of a list the first that gives one.",
  );
export type RoleField = z.output<typeof RoleField>;

/** Where a value comes from, before it is converted. */
export type Source = Omit<z.output<typeof TextStep>, "as" | "values">;
