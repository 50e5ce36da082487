import type { DocumentStatus, KnownType, SignerStatus } from "../domain/event.ts";

/** The status numbers of the six-minute batch, which reports no other types. */
export const CODES: Partial<Record<KnownType, number>> = {
  "document.sent": 10,
  "document.fields_completed": 20,
  "document.completed": 30,
  "document.canceled": 40,
  "document.declined": 50,
  "document.downloadable": 100,
  "signer.unsent": 4,
  "signer.scheduled": 5,
  "signer.sent": 10,
  "signer.email_opened": 15,
  "signer.viewed": 20,
  "signer.fields_completed": 30,
  "signer.awaiting_signature": 35,
  "signer.awaiting_witness": 39,
  "signer.signed": 40,
  "signer.downloaded": 50,
  "signer.declined": 60,
};

/** Statuses as realtime posts show them. `bounced` has no number of its own: it shows that of `sent`. */
export const SIGNER_CODES: Partial<Record<SignerStatus, readonly [code: number, text: string]>> = {
  unsent: [4, "Unsent"],
  scheduled: [5, "Scheduled to send"],
  sent: [10, "Sent"],
  bounced: [10, "Sent"],
  opened: [15, "Email opened"],
  viewed: [20, "Visited"],
  fields_completed: [30, "Fields completed"],
  awaiting_signature: [35, "Fields completed except signature fields"],
  awaiting_witness: [39, "Witness to sign"],
  signed: [40, "Completed"],
  declined: [60, "Rejected"],
};

export const DOCUMENT_CODES: Partial<Record<DocumentStatus, readonly [code: number, text: string]>> = {
  created: [10, "Initial state"],
  sent: [10, "Initial state"],
  in_progress: [20, "Fields completed"],
  completed: [30, "Complete (signed)"],
  canceled: [40, "Removed before signing"],
  declined: [50, "Rejected"],
};
