import { z } from "zod";
import { EVENT_TYPES } from "../domain/event.ts";
import { parseSize } from "../domain/quantity.ts";
import { exactly } from "../yaml.ts";
import { CheckFile } from "./check.ts";
import { StatusField, TextField, TextStep, TimeField } from "./field-schema.ts";
import { PathText } from "./path.ts";
import { RequestPlaceText } from "./place.ts";
import { oneOf } from "./suggest.ts";

/** What a mapping file may say. `compile.ts` turns it into what requests are read with. */

const Verify = z.array(CheckFile).min(1).describe("What proves a request genuine: all of these.");

const Read = exactly({
  from: RequestPlaceText.default("body").describe("Where the payload is."),
  as: oneOf("a format", ["json", "form"])
    .default("json")
    .describe("How it is written: `json`, or `form` (urlencoded; a repeated key gives a list)."),
  parse: z
    .array(z.string().min(1))
    .optional()
    .describe(
      "Members of the payload that are JSON text, each replaced by what it holds, or left alone if it is none.",
    ),
  each: PathText.optional().describe(
    "The path to the list of items in the payload; `.` when it is the list itself. Absent: the payload is the one item.",
  ),
})
  .refine(({ from, as }) => as === "json" || from === "body", "a form is always the body: leave `from` out")
  .describe("Where the payload is, and how its items are told apart.");

const TableName = z.string().min(1);
const TableChoice = z.union([TableName, TextStep], {
  error: "expected the name of a table, or a field that gives it",
});

const Word = exactly({
  from: TextField.describe("Their word for what happened."),
  table: z
    .union([TableName, TextStep, z.array(TableChoice).min(1)], {
      error: "expected the name of a table, a field that gives it, or a list of these",
    })
    .describe("The table that translates the word; of a list, the first that has it."),
  object: TextField.optional().describe(
    "What the word is about, where one word has a meaning for each: document or signer. An item that does not say it is refused.",
  ),
  name: TextField.optional().describe("Their name for what the word is a value of."),
}).describe("Which word says what happened, and which table translates it.");

const SIGNER = {
  id: TextField.optional().describe(
    "The provider's id of the signer. Where it has none: a digest of document and e-mail address.",
  ),
  name: TextField.optional().describe("The signer's name."),
  email: TextField.optional().describe("The signer's e-mail address."),
  status: StatusField.optional().describe("How far the signer is."),
};

const EventFile = exactly({
  word: z
    .union([Word, z.array(Word).min(1)], {
      error: "expected a map with `from` and `table`, or a list of these",
    })
    .describe("Their word for what happened; of a list, the first that is there."),
  time: TimeField.optional().describe("When it happened. Absent: the provider gives no time."),
  document: exactly({
    id: TextField.describe("The provider's id of the document."),
    title: TextField.optional().describe("The document's title."),
    tags: z.array(TextField).optional().describe("What the sender attached to find the document again."),
    expiresAt: TimeField.optional().describe("When it can no longer be signed."),
  })
    .optional()
    .describe("The document that the item speaks of."),
  signer: exactly(SIGNER)
    .optional()
    .describe("The signer whom the item is about, where the provider names one."),
  signers: exactly({ each: PathText.describe("The path to the list of signers."), ...SIGNER })
    .optional()
    .describe(
      "All signers of the document, where the item lists them; their paths start at the list's element.",
    ),
}).describe("Which fields of an item become which facts of an event.");

const Answer = exactly({
  body: z.string().describe("The answer's text."),
  type: z.string().min(1).default("text/plain; charset=utf-8").describe("Its content type."),
}).describe("What the provider must be answered, if not the bridge's own JSON. The status is always 200.");

const TARGETS = [...EVENT_TYPES, "ignore"] as const;
const Target = z
  .union([oneOf("an event type", TARGETS), z.array(oneOf("an event type", EVENT_TYPES)).min(1)], {
    error: "expected an event type, a list of them, or ignore",
  })
  .describe("The event that the word means, a list where it means several, or `ignore`.");

const Entry = z.union(
  [
    ...Target.options,
    exactly({
      event: Target,
      meaning: z.string().min(1).optional().describe("The provider's own explanation of the word."),
    }),
  ],
  { error: "expected an event type, a list of them, ignore, or a map with `event` and `meaning`" },
);
export type Entry = z.output<typeof Entry>;

const MaxBody = z
  .string({ error: "expected a size such as 10mb" })
  .meta({ pattern: "^[0-9]+(b|kb|mb|gb)$", examples: ["30mb"] })
  .transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes === null) context.addIssue(`${JSON.stringify(text)} is no size: write 10mb`);
    return bytes ?? z.NEVER;
  })
  .describe(
    "How long the provider's bodies may be, where that is more or less than others' (`server.maxBody`).",
  );

const SHARED = {
  verify: Verify.optional(),
  read: Read.optional(),
  event: EventFile.optional(),
  answer: Answer.optional(),
  maxBody: MaxBody.optional(),
};

export const MappingFile = exactly({
  provider: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "a provider's name is of a-z, 0-9 and -")
    .describe("The provider's name in events."),
  title: z.string().min(1).describe("The provider's name for people."),
  tables: z
    .record(TableName, z.record(z.string(), Entry))
    .describe(
      "Translations of their words into event types, by name. A word that is in none becomes `unknown`.",
    ),
  ...SHARED,
  channels: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "a channel's name is of a-z, 0-9 and -"),
      exactly({ title: z.string().min(1).describe("What the provider calls it."), ...SHARED }),
    )
    .describe(
      "The ways in which the provider posts. `verify`, `read`, `event`, `answer` and `maxBody` at the top are for every channel that has none of its own.",
    ),
}).describe("How one provider's webhooks are checked, read and translated.");
export type MappingFile = z.output<typeof MappingFile>;
export type EventFile = z.output<typeof EventFile>;
export type WordFile = z.output<typeof Word>;
