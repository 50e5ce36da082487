import { z } from "zod";
import { FACT_FIELDS, type FactField } from "../parity/facts.ts";
import { exactly } from "../yaml.ts";
import { duration, wholeNumber } from "./values.ts";

/** The schema of `parity`: what a comparison of two channels tolerates and asks for. */

const FIELD_RULE = `must be one of ${FACT_FIELDS.join(", ")}`;

const field = z.enum(FACT_FIELDS as readonly [FactField, ...FactField[]], { error: FIELD_RULE });

const PERCENT_RULE = "must be a percentage from 0 to 100, such as 99.9";

export const Parity = exactly({
  tolerance: duration
    .prefault("2m")
    .describe("how far two channels' times of one happening may be apart, beyond what their clocks differ"),
  coverage: z
    .number({ error: PERCENT_RULE })
    .min(0, PERCENT_RULE)
    .max(100, PERCENT_RULE)
    .default(99.9)
    .describe("the least percentage of happenings that both sides told, or whose lack is explained"),
  minPairs: wholeNumber(1, 1_000_000)
    .default(30)
    .describe("with fewer happenings told by both sides nothing is said: the exit code is 2"),
  minWindow: duration.prefault("48h").describe("the least time that must be observed, without outages"),
  validFor: duration.prefault("7d").describe("how long a report is good for"),
  relativeToNoise: z
    .boolean({ error: "must be true or false" })
    .default(false)
    .describe("true: coverage need not be better than the agreement of one side's channels among themselves"),
  ignore: z
    .array(
      exactly({
        field: field.describe("a field that is not compared"),
        reason: z
          .string({ error: "must say why: the report shows it" })
          .min(1, "must say why: the report shows it")
          .describe("why, in the words of the report"),
      }),
    )
    .default([])
    .describe("fields whose differences do not count; the report names them, and how often each mattered"),
})
  .prefault({})
  .describe("what `countersign parity` tolerates and asks for when it compares two channels");
