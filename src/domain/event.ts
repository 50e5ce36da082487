import { z } from "zod";

/** What a status means for a document, in the order of its life; the last five are terminal. */
export const DOCUMENT_STATUSES = [
  "created",
  "sent",
  "in_progress",
  "completed",
  "declined",
  "canceled",
  "expired",
  "failed",
] as const;
export type DocumentStatus = (typeof DOCUMENT_STATUSES)[number];

/** What a status means for a signer, in the usual order of progress; the last two are terminal. */
export const SIGNER_STATUSES = [
  "unsent",
  "scheduled",
  "sent",
  "bounced",
  "opened",
  "viewed",
  "fields_completed",
  "awaiting_signature",
  "awaiting_witness",
  "signed",
  "declined",
] as const;
export type SignerStatus = (typeof SIGNER_STATUSES)[number];

/** What a person has to do with a document. */
export const SIGNER_ROLES = ["signer", "approver", "witness", "viewer", "copy", "other"] as const;
export type SignerRole = (typeof SIGNER_ROLES)[number];

const SIGNING: ReadonlySet<SignerRole> = new Set(["signer", "approver", "witness"]);

/**
 * Whether someone in this role can have signed. Null (the provider does not say): yes, for most recipients
 * are signers.
 */
export function canSign(role: SignerRole | null): boolean {
  return role === null || SIGNING.has(role);
}

type Meaning =
  | { about: "document"; happens: "once" | "many"; status: DocumentStatus | null }
  | { about: "signer"; happens: "once" | "many"; status: SignerStatus | null };

/**
 * The vocabulary. An event of a `once` type is identified by its document or signer alone, so that every
 * channel reports the same event. A `many` type also needs what distinguishes two of its happenings
 * (identity.ts).
 */
export const VOCABULARY = {
  "document.created": { about: "document", happens: "once", status: "created" },
  "document.sent": { about: "document", happens: "once", status: "sent" },
  "document.fields_completed": { about: "document", happens: "once", status: "in_progress" },
  "document.completed": { about: "document", happens: "once", status: "completed" },
  "document.downloadable": { about: "document", happens: "once", status: "completed" },
  "document.declined": { about: "document", happens: "once", status: "declined" },
  "document.canceled": { about: "document", happens: "once", status: "canceled" },
  "document.cancel_failed": { about: "document", happens: "many", status: null },
  "document.failed": { about: "document", happens: "many", status: "failed" },
  "document.due_date_changed": { about: "document", happens: "many", status: null },
  "document.expired": { about: "document", happens: "once", status: "expired" },
  "signer.unsent": { about: "signer", happens: "once", status: "unsent" },
  "signer.scheduled": { about: "signer", happens: "once", status: "scheduled" },
  "signer.sent": { about: "signer", happens: "many", status: "sent" },
  "signer.bounced": { about: "signer", happens: "many", status: "bounced" },
  "signer.email_opened": { about: "signer", happens: "many", status: "opened" },
  "signer.viewed": { about: "signer", happens: "many", status: "viewed" },
  "signer.fields_completed": { about: "signer", happens: "many", status: "fields_completed" },
  "signer.awaiting_signature": { about: "signer", happens: "many", status: "awaiting_signature" },
  "signer.awaiting_witness": { about: "signer", happens: "many", status: "awaiting_witness" },
  "signer.signed": { about: "signer", happens: "once", status: "signed" },
  "signer.downloaded": { about: "signer", happens: "many", status: null },
  "signer.declined": { about: "signer", happens: "once", status: "declined" },
  "signer.visit_failed": { about: "signer", happens: "many", status: null },
} as const satisfies Record<string, Meaning>;

export type KnownType = keyof typeof VOCABULARY;

/**
 * Events of the bridge itself, which only alerts and tests send. `bridge.alert` gathers what several of the
 * others say, for people.
 */
export const BRIDGE_TYPES = [
  "bridge.concern.opened",
  "bridge.concern.closed",
  "bridge.alert",
  "bridge.test",
] as const;
export type BridgeType = (typeof BRIDGE_TYPES)[number];

export type EventType = KnownType | "unknown" | BridgeType;

/** The types that a mapping can give, and a destination can ask for. */
export const EVENT_TYPES = [...(Object.keys(VOCABULARY) as KnownType[]), "unknown"] as const;

/** The meaning of a type; null for `unknown`, and for events of the bridge itself. */
export function meaningOf(type: EventType): Meaning | null {
  return type === "unknown" || isOfBridge(type) ? null : VOCABULARY[type];
}

export function isOfBridge(type: EventType): type is BridgeType {
  return type.startsWith("bridge.");
}

/** The source of the bridge's own events. No configured source has this name. */
export const BRIDGE_SOURCE = "bridge";
/** Stands for the checks of what the bridge itself made. */
export const VERIFIED_BY_BRIDGE = "bridge";

const instant = z.iso.datetime({ precision: 3 }).describe("UTC, RFC 3339 with milliseconds");

export const SignerView = z
  .strictObject({
    id: z
      .string()
      .describe(
        "the provider's id of the signer; where it has none, `sgn_` and a digest of document and e-mail address",
      ),
    name: z.string().nullable().describe("null: the provider has not said"),
    email: z.string().nullable().describe("null: the provider has not said"),
    role: z
      .enum(SIGNER_ROLES)
      .nullable()
      .describe("viewer, copy and other never sign; null: the provider has not said"),
    status: z.enum(SIGNER_STATUSES).nullable().describe("null: the provider has not said"),
  })
  .describe("A signer as known after the event");
export type SignerView = z.infer<typeof SignerView>;

export const DocumentView = z
  .strictObject({
    id: z.string().describe("the provider's id"),
    title: z.string().nullable().describe("null: the provider has not said"),
    status: z.enum(DOCUMENT_STATUSES).nullable().describe("null: no event so far has set it"),
    downloadable: z
      .boolean()
      .describe("true once the finished PDF can be fetched; completed alone does not mean that"),
    tags: z.array(z.string()).describe("labels that the sender attached to find the document again"),
    references: z
      .record(z.string(), z.string())
      .describe("the sender's own keys and values, such as the id of a case in another system"),
    test: z
      .boolean()
      .nullable()
      .describe(
        "true: made in the provider's test mode, so nothing is binding; null: the provider has not said",
      ),
    expiresAt: instant.nullable().describe("when signing ends; null: never, or the provider has not said"),
  })
  .describe("The document as known after the event");
export type DocumentView = z.infer<typeof DocumentView>;

export const Code = z
  .strictObject({
    object: z
      .string()
      .nullable()
      .describe("the code table that the value belongs to: at Legalesign 40 differs for document and signer"),
    value: z.string().describe("the provider's word for what happened, as sent"),
    name: z.string().nullable().describe("the provider's name of the field that has the value"),
    meaning: z.string().nullable().describe("the provider's own explanation of the value"),
  })
  .describe("The provider's own words for what happened");
export type Code = z.infer<typeof Code>;

export const Provenance = z
  .strictObject({
    receipt: z.string().describe("the id of the receipt, which holds the request byte for byte"),
    mapping: z.string().describe("the mapping that read the request, with the digest of its file"),
    verified: z
      .string()
      .describe(
        "the checks that the request passed, such as `hmac+token`; `none` when the configuration switched checks off; `bridge` for what the bridge itself made",
      ),
  })
  .describe("Where the event comes from, for questions to the operator");
export type Provenance = z.infer<typeof Provenance>;

/** What became of a concern. `reminder`: it is open for longer than a day. */
export const CONCERN_CHANGES = ["begun", "worse", "over", "reminder"] as const;
export type ConcernChange = (typeof CONCERN_CHANGES)[number];

/** From the most harmful: events are lost or do not arrive; a person should look soon; worth knowing. */
export const SEVERITIES = ["critical", "warning", "notice"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const ConcernView = z
  .strictObject({
    id: z.string().describe("the same as long as the concern lasts, such as `silent:legalesign/batch`"),
    kind: z.string().describe("the first part of the id: docs/concerns.md lists all kinds"),
    severity: z.enum(SEVERITIES).describe("from the most harmful"),
    change: z.enum(CONCERN_CHANGES).describe("begun, worse, over, or a reminder of what is still open"),
    since: instant.describe("when the trouble began, as far as it can be told"),
    count: z.int().describe("how many documents, deliveries, requests or words it is about"),
    sentence: z.string().describe("what is wrong"),
    advice: z.string().describe("what can be done"),
    command: z.string().nullable().describe("the command to run first; null: none helps"),
    ends: z.string().describe("what ends it"),
    documents: z
      .array(z.strictObject({ id: z.string(), title: z.string().nullable() }))
      .optional()
      .describe("the oldest documents with their titles; only with `details: true`"),
  })
  .describe("Something that needs a person");
export type ConcernView = z.infer<typeof ConcernView>;

/** What is forwarded as the `data` of every format. */
export const EventData = z.strictObject({
  provider: z.string().describe("the name of the mapping, such as `legalesign`"),
  channel: z.string().describe("the channel that reported it first"),
  sequence: z
    .int()
    .positive()
    .nullable()
    .describe("1, 2, 3 … within the document, in the order recorded; null: the document is not known"),
  late: z
    .boolean()
    .describe(
      "true: reported after newer events of the same document; the status of the document was not moved back",
    ),
  document: DocumentView.nullable().describe(
    "the document as known after the event; null: the document is not known",
  ),
  signer: SignerView.nullable().describe(
    "the signer whom the event is about; null: the event is about the document, or the provider did not say who",
  ),
  signers: z.array(SignerView).describe("all current signers of the document, as known after the event"),
  reason: z
    .string()
    .nullable()
    .describe("why, in the words of the person who declined, canceled or reported it; null: none was given"),
  code: Code,
  provenance: Provenance,
  concerns: z
    .array(ConcernView)
    .optional()
    .describe("what needs a person; only in events of the bridge itself"),
});

/**
 * One normalized happening about a document or a signer, as it is kept. Instants are ISO 8601 in UTC with
 * milliseconds.
 */
export const Event = z.strictObject({
  id: z.string().regex(/^evt_[a-z0-9]{26}$/),
  source: z.string(),
  type: z.enum([...EVENT_TYPES, ...BRIDGE_TYPES]),
  time: instant.describe(
    "when it happened by the provider's clock; when the request was received, where the provider gives no time",
  ),
  recordedAt: instant,
  ...EventData.shape,
});
export type Event = z.infer<typeof Event>;
