import { z } from "zod";
import { formatDuration, parseDuration } from "../domain/quantity.ts";
import { exactly } from "../yaml.ts";

/** The schema of `retention`: how long each kind of row is kept. */

const DAY_MS = 86_400_000;
/** A hundred years: longer spans lead to dates that no store can hold. */
const MAX_RETENTION_MS = 36_500 * DAY_MS;

/** Milliseconds; null: for ever. */
const span = z
  .string({ error: "must be a duration such as 90d, or never" })
  .meta({
    title: `duration from 1d to ${formatDuration(MAX_RETENTION_MS)}, or never`,
    pattern: "^(never|([0-9]+(ms|s|m|h|d))+)$",
    examples: ["90d", "never"],
  })
  .transform((text, context) => {
    if (text === "never") return null;
    const milliseconds = parseDuration(text);
    if (milliseconds !== null && milliseconds >= DAY_MS && milliseconds <= MAX_RETENTION_MS)
      return milliseconds;
    context.addIssue(troubleWith(text, milliseconds));
    return z.NEVER;
  });

function troubleWith(text: string, milliseconds: number | null): string {
  if (milliseconds === null) return `${JSON.stringify(text)} is no duration: write 90d, or never`;
  if (milliseconds < DAY_MS) return `${text} is less than a day: write 1d or more, or never`;
  return `${JSON.stringify(text)} is too long: at most ${formatDuration(MAX_RETENTION_MS)}, or never`;
}

export const Retention = exactly({
  receipts: span
    .prefault("90d")
    .describe("genuine requests with their bytes; without them a request cannot be reprocessed or compared"),
  rejected: span.prefault("30d").describe("refused requests; `rejected.keep` limits their number as well"),
  events: span
    .prefault("90d")
    .describe(
      "events with their deliveries and attempts, counted from when they were recorded; an event with an open delivery stays",
    ),
  attempts: span
    .prefault("90d")
    .describe(
      "attempts of final deliveries; longer than `events` has no effect, since they go with their event",
    ),
  documents: span
    .prefault("400d")
    .describe(
      "documents and the links of their signers, counted from the last report about them; at least as long as `events`, or the sequence of a document would start again at 1",
    ),
  audit: span.prefault("400d").describe("the audit log: what operators changed"),
  duplicates: span
    .prefault("400d")
    .describe(
      "tombstones: the ids and dedupe keys of pruned events, counted from when the event was recorded; at least as long as `events`; a repeat that comes later is a new event",
    ),
  tallies: span
    .prefault("400d")
    .describe(
      "tallies: the counts by hour of requests and attempts; they are small, and do not depend on the rows that they count",
    ),
  proofs: span.prefault("400d").describe("parity reports, by the time they were made"),
})
  .superRefine(({ events, documents, duplicates }, context) => {
    const refuse = (key: string, given: number | null, consequence: string) => {
      if (given === null || given >= (events ?? Number.POSITIVE_INFINITY)) return;
      const enough = events === null ? "never" : `${formatDuration(events)} or more`;
      const message = `${formatDuration(given)} is shorter than \`events\`, and ${consequence}: write ${enough}, or shorten \`events\``;
      context.addIssue({ code: "custom", message, path: [key] });
    };
    refuse("documents", documents, "a document forgotten before its events would start its sequence again");
    // Events that are kept for ever leave no tombstones.
    if (events !== null)
      refuse("duplicates", duplicates, "an event reported again after that would be taken for a new one");
  })
  .prefault({})
  .describe("how long each kind of row is kept; `never` removes nothing");
export type Retention = z.infer<typeof Retention>;
