import { z } from "zod";
import { REOPENINGS } from "../domain/draft.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { parseSize } from "../domain/quantity.ts";
import { exactly } from "../yaml.ts";
import { AnswerFile, ChallengesFile } from "./answer.ts";
import { CheckFile } from "./check-schema.ts";
import { ConditionField, RoleField, StatusField, TextField, TextStep, TimeField } from "./field-schema.ts";
import { PathText } from "./path.ts";
import { RequestPlaceText } from "./request-place.ts";
import { oneOf } from "./suggest.ts";

/** The schema of mapping files. `compile.ts` compiles them. */

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
  single: z
    .boolean()
    .default(false)
    .describe("true: an object where the list should be is the one item of it."),
  signedOnly: z
    .boolean()
    .default(false)
    .describe("true: of a form only the fields count that a signature covers, wherever one was checked."),
})
  .refine(({ each, single }) => each !== undefined || !single, {
    error: "is of no use without `each`",
    path: ["single"],
  })
  .refine(({ as, signedOnly }) => as === "form" || !signedOnly, {
    error: "is for a form: leave it out, or say `as: form`",
    path: ["signedOnly"],
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
  role: RoleField.optional().describe(
    "What the signer has to do. Who is viewer, copy or other never counts as having signed.",
  ),
  status: StatusField.optional().describe("How far the signer is."),
};

const Signers = exactly({
  each: PathText.describe("The path to the list of signers."),
  single: z
    .boolean()
    .default(false)
    .describe("true: an object where the list should be is the one signer of it."),
  ...SIGNER,
});

const References = exactly({
  each: PathText.optional().describe(
    "The path to an object whose members they are, or to a list of which each element is one.",
  ),
  name: TextField.optional().describe("The name of an element's reference; for a list."),
  value: TextField.optional().describe("Its value; for a list."),
  fields: z.record(z.string().min(1), TextField).optional().describe("Single ones, by name."),
})
  .refine(({ each, fields }) => each !== undefined || fields !== undefined, "needs `each` or `fields`")
  .refine(
    ({ each, name, value }) =>
      (name === undefined) === (value === undefined) && (name === undefined || each !== undefined),
    "`name` and `value` go together, and with `each`: they are read from each element of the list",
  )
  .describe("The sender's own keys and values.");

const EventFile = exactly({
  word: z
    .union([Word, z.array(Word).min(1)], {
      error: "expected a map with `from` and `table`, or a list of these",
    })
    .describe("Their word for what happened; of a list, the first that is there."),
  id: TextField.optional().describe(
    "What the sender itself knows the happening by, the same whenever it tells it again. Absent: what it says tells it apart.",
  ),
  keepId: z
    .boolean()
    .default(false)
    .describe(
      "true: an id as Countersign makes them is the event's own; for a bridge behind another bridge.",
    ),
  time: TimeField.optional().describe("When it happened. Absent: the provider gives no time."),
  document: exactly({
    id: TextField.describe("The provider's id of the document."),
    title: TextField.optional().describe("The document's title."),
    tags: z.array(TextField).optional().describe("What the sender attached to find the document again."),
    references: References.optional(),
    test: TextField.optional().describe(
      "Whether it was made in the provider's test mode: true, 1 or yes; false, 0 or no.",
    ),
    expiresAt: TimeField.optional().describe("When it can no longer be signed."),
  })
    .optional()
    .describe("The document that the item speaks of."),
  signer: exactly(SIGNER)
    .optional()
    .describe("The signer whom the item is about, where the provider names one."),
  signers: z
    .union([Signers, z.array(Signers).min(1)], { error: "expected a map with `each`, or a list of these" })
    .optional()
    .describe(
      "All signers of the document, where the item lists them, in one list or several; their paths start at the list's element, and `^` leads out of it.",
    ),
  reason: TextField.optional().describe("Why it happened, in the words of whoever did it."),
}).describe("Which fields of an item become which facts of an event.");

const Refuse = exactly({
  xml: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Genuine requests with XML are answered with 415 and this sentence: what to set at the provider.",
    ),
}).describe("What cannot be read, and what the provider is told then, so that it shows the failure.");

const TARGETS = [...EVENT_TYPES, "ignore"] as const;
const Target = z
  .union([oneOf("an event type", TARGETS), z.array(oneOf("an event type", EVENT_TYPES)).min(1)], {
    error: "expected an event type, a list of them, or ignore",
  })
  .describe("The event that the word means, a list where it means several, or `ignore`.");

const EXPLAINED = {
  event: Target,
  meaning: z.string().min(1).optional().describe("The provider's own explanation of the word."),
  reopen: oneOf("a way to start again", REOPENINGS)
    .optional()
    .describe(
      "The document starts again: `continue` keeps the signatures that were given, `restart` takes them back.",
    ),
};

const Case = exactly({
  when: ConditionField.optional().describe("What must hold for it. Absent: it is for all that is left."),
  ...EXPLAINED,
});

const Entry = z.union(
  [
    Target.options[0],
    exactly(EXPLAINED),
    z
      .array(
        z.union([oneOf("an event type", EVENT_TYPES), Case], { error: "expected an event type, or a case" }),
      )
      .min(1)
      .refine((list) => new Set(list.map((one) => typeof one)).size === 1, {
        error: "is either a list of event types, or one of cases",
      })
      .describe(
        "Several events; or cases, each with `when`, of which the first that holds counts. Where none does, the word is unknown.",
      ),
  ],
  {
    error:
      "expected an event type, a list of them, ignore, a map with `event`, `meaning` and `reopen`, or a list of cases with `when`",
  },
);
export type Entry = z.output<typeof Entry>;
export type Explained = z.output<typeof Case>;

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
  answer: AnswerFile.optional(),
  challenge: ChallengesFile.optional(),
  refuse: Refuse.optional(),
  maxBody: MaxBody.optional(),
};

export const MappingFile = exactly({
  provider: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "a provider's name is of a-z, 0-9 and -")
    .describe("The provider's name in events."),
  title: z.string().min(1).describe("The provider's name for people."),
  documentation: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe("Where the provider documents its webhooks."),
  unproved: z
    .array(z.string().min(1))
    .optional()
    .describe("What of this file is inferred and not documented, a sentence each."),
  tables: z
    .record(TableName, z.record(z.string(), Entry))
    .describe(
      "Translations of their words into event types, by name. A word that is in none becomes `unknown`.",
    ),
  ...SHARED,
  channels: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "a channel's name is of a-z, 0-9 and -"),
      exactly({
        title: z.string().min(1).describe("What the provider calls it."),
        setup: z
          .string()
          .min(1)
          .optional()
          .describe(
            "Where the URL is entered at the provider, and where what the configuration needs is found.",
          ),
        ...SHARED,
      }),
    )
    .describe(
      "The ways in which the provider posts. `verify`, `read`, `event`, `answer`, `challenge`, `refuse` and `maxBody` at the top are for every channel that has none of its own.",
    ),
}).describe("How one provider's webhooks are checked, read and translated.");
export type MappingFile = z.output<typeof MappingFile>;
export type EventFile = z.output<typeof EventFile>;
export type WordFile = z.output<typeof Word>;
export type ReferencesFile = z.output<typeof References>;
