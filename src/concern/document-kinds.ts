import type { KindDefinition } from "./kinds.ts";

const EXPLAIN = "countersign explain {worst}";

/** Concerns about documents. All of one kind and source are one concern, which names the worst few. */
export const DOCUMENT_KINDS = {
  document_stuck: {
    severity: "notice",
    sentence:
      "Sent more than {limit} ago and not ended: {documents} of {source}, the oldest since {since}: {ids}.",
    advice:
      "Look at the provider whether the signers still have to act, and remind them there. If a document has ended there, its last event did not come.",
    command: EXPLAIN,
    ends: "the end of the documents: completed, declined, canceled, expired or failed",
    named: "as soon as `stuckAfter` (14 days) has passed since a document was sent",
  },
  document_expired: {
    severity: "warning",
    sentence: "Expired, and no end was told: {documents} of {source}, the oldest at {since}: {ids}.",
    advice:
      "Look at the provider what became of them. Where they ended, the event did not come; a post can often be repeated there.",
    command: EXPLAIN,
    ends: "an event that ends the documents, or one with a later date",
    named: "2 days after a document expired, where the provider usually tells that",
  },
  document_not_completed: {
    severity: "warning",
    sentence: "Signed by all and not completed: {documents} of {source}, the first since {since}: {ids}.",
    advice:
      "Look at the provider whether they are completed. Where they are, the event did not come; a post can often be repeated there.",
    command: EXPLAIN,
    ends: "an event that completes the documents or ends them otherwise",
    named: "2 days after the last signature, where the provider lists all signers",
  },
  final_pdf_missing: {
    severity: "warning",
    sentence:
      "Completed, but the final PDF was not reported: {documents} of {source}, the first since {since}: {ids}.",
    advice:
      "Look at the provider whether the PDF is there. Where it is, the event did not come; a post can often be repeated there.",
    command: EXPLAIN,
    ends: "the event `document.downloadable`",
    named: "2 days after a document was completed, where the provider usually tells of the PDF",
  },
  sent_missing: {
    severity: "warning",
    sentence: "Signed, but never reported as sent: {documents} of {source}, the first since {since}: {ids}.",
    advice:
      "Events are missing. Look at the provider whether it posted them, and at `countersign receipts --problems`.",
    command: EXPLAIN,
    ends: "the missing events; a document leaves the list a month after its end",
    named: "2 days after the signature, where the provider usually tells of the sending",
  },
  signature_missing: {
    severity: "warning",
    sentence:
      "Completed, but not every signature was reported: {documents} of {source}, the first since {since}: {ids}.",
    advice:
      "Events are missing. Look at the provider whether it posted them, and at `countersign receipts --problems`.",
    command: EXPLAIN,
    ends: "the missing events; a document leaves the list a month after its end",
    named: "2 days after a document was completed, where the provider usually tells of signatures",
  },
} as const satisfies Record<string, KindDefinition>;
