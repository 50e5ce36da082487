import type { DocumentStatus, SignerStatus } from "../domain/event.ts";

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
