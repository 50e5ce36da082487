import type { KnownType } from "./event.ts";

/**
 * The status numbers of Legalesign's six-minute batch, which reports no other types. The same number means
 * different things for a document and for a signer. https://apidocs.legalesign.com/docs/webhooks
 */
export const LEGALESIGN_CODES: Partial<Readonly<Record<KnownType, number>>> = {
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
