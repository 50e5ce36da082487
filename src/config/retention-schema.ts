import { z } from "zod";
import { formatDuration, parseDuration } from "../domain/quantity.ts";
import { exactly } from "../yaml.ts";

/** How long each kind of thing is kept, as it is written in the configuration. */

const DAY_MS = 86_400_000;
/** A hundred years: beyond that dates would have to be computed that no store has room for. */
const MAX_RETENTION_MS = 36_500 * DAY_MS;

/** Milliseconds; null: for ever. */
const span = z
  .string({ error: "must be a duration such as 90d, or never" })
  .meta({ pattern: "^(never|([0-9]+(ms|s|m|h|d))+)$", examples: ["90d", "never"] })
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
  receipts: span.prefault("90d").describe("requests as they came, byte for byte"),
  rejected: span
    .prefault("30d")
    .describe("requests refused as not genuine; `rejected.keep` bounds how many there are besides"),
  events: span
    .prefault("90d")
    .describe(
      "events and their deliveries, from when they were recorded; one that is still to be delivered stays",
    ),
  attempts: span
    .prefault("90d")
    .describe(
      "tries at deliveries that are over; longer than `events` is no use, as they go with their event",
    ),
  documents: span
    .prefault("400d")
    .describe(
      "what is known of a document, from when something was last told of it; no shorter than `events`",
    ),
  audit: span.prefault("400d").describe("what people changed"),
  duplicates: span
    .prefault("400d")
    .describe(
      "ids by which a repeat is recognised, from when the event was recorded; no shorter than `events`",
    ),
})
  .superRefine(({ events, documents, duplicates }, context) => {
    const refuse = (key: string, given: number | null, consequence: string) => {
      if (given === null || given >= (events ?? Number.POSITIVE_INFINITY)) return;
      const enough = events === null ? "never" : `${formatDuration(events)} or more`;
      const message = `${formatDuration(given)} is shorter than \`events\`, and ${consequence}: write ${enough}, or shorten \`events\``;
      context.addIssue({ code: "custom", message, path: [key] });
    };
    refuse("documents", documents, "a document forgotten before its events would start its sequence anew");
    // Of events that are kept for ever no id is left over.
    if (events !== null)
      refuse("duplicates", duplicates, "an event told again after that would be taken for a new one");
  })
  .prefault({})
  .describe("how long what came in and what came of it is kept, each 1d or more; `never` removes nothing");
export type Retention = z.infer<typeof Retention>;
