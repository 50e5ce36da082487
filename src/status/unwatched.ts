import type { Kind } from "../concern/kinds.ts";

/** Kinds that have rules, and that the bridge does not look for yet: what they look at is not gathered. */
export const UNWATCHED: readonly Kind[] = [
  "clock_jumped",
  "disk_low",
  "event_type_refused",
  "final_pdf_missing",
  "outage",
  "rotation_unfinished",
  "sent_missing",
  "signature_missing",
];
