import {
  canSign,
  type DocumentStatus,
  type Event,
  type EventType,
  type SignerStatus,
  type SignerView,
} from "../domain/event.ts";
import type { Encoded } from "./encode.ts";
import type { BodySignature, Secret } from "./sign.ts";

/**
 * Events of any provider as Lumin would post them, for systems that already read Lumin's webhooks. Events
 * without an equivalent at Lumin are not supported; unknown values are left out or null.
 * https://developers.luminpdf.com
 */

/** One `signature_request_declined` covers document and signer; it is sent for the document. */
const WORDS: Partial<Readonly<Record<EventType, string>>> = {
  "document.created": "signature_request_created",
  "document.sent": "signature_request_sent",
  "signer.viewed": "signature_request_viewed",
  "signer.signed": "signature_request_signed",
  "document.completed": "signature_request_approved",
  "document.declined": "signature_request_declined",
  "document.downloadable": "signature_request_downloadable",
  "document.canceled": "signature_request_canceled",
  "document.cancel_failed": "signature_request_cancel_failed",
  "document.failed": "signature_request_invalid",
  "document.due_date_changed": "signature_request_due_date_updated",
};

/** Null: Lumin publishes no such status. */
const REQUEST_STATUS: Readonly<Record<DocumentStatus, string | null>> = {
  created: "WAITING_FOR_PROCESSING",
  sent: "WAITING_FOR_OTHERS",
  in_progress: "WAITING_FOR_OTHERS",
  completed: "APPROVED",
  declined: "REJECTED",
  canceled: "CANCELLED",
  failed: "FAILED",
  expired: null,
};

/** A signer in any other status may act now. */
const SIGNER_STATUS: Partial<Readonly<Record<SignerStatus, string>>> = {
  unsent: "WAITING_FOR_OTHERS",
  scheduled: "WAITING_FOR_OTHERS",
  awaiting_witness: "WAITING_FOR_OTHERS",
  signed: "APPROVED",
  declined: "REJECTED",
};

/** Whether Lumin has an equivalent for events of this type. */
export function hasLuminWord(type: EventType): boolean {
  return WORDS[type] !== undefined;
}

/** Whether Lumin has an equivalent for the event: its type, a known document, and that document's status. */
export function isKnownToLumin({ type, document }: Event): boolean {
  return hasLuminWord(type) && document !== null && requestStatus(document.status) !== null;
}

/** The body that Lumin would post. Throws for an event that `isKnownToLumin` excludes. */
export function encodeLumin(event: Event): Encoded {
  const { document } = event;
  if (!document || !isKnownToLumin(event))
    throw new Error(`the format lumin has no words for this ${event.type}`);
  const payload = {
    event: { event_time: Date.parse(event.time), event_type: WORDS[event.type] },
    signature_request: {
      signature_request_id: document.id,
      title: document.title,
      ...(document.expiresAt !== null && { expires_at: Date.parse(document.expiresAt) }),
      status: requestStatus(document.status),
      signers: event.signers.filter(({ role }) => canSign(role)).map(luminSigner),
    },
  };
  return { body: Buffer.from(JSON.stringify(payload)), contentType: "application/json; charset=utf-8" };
}

/** A request whose status is unknown counts as in progress, since something happens with it. */
function requestStatus(status: DocumentStatus | null): string | null {
  return REQUEST_STATUS[status ?? "in_progress"];
}

function luminSigner({ name, email, status }: SignerView) {
  const word = (status && SIGNER_STATUS[status]) ?? "NEED_TO_SIGN";
  return { name, email, status: word, is_approved: status === "signed" };
}

/** Lumin's own signature: lower-case hexadecimal HMAC-SHA256 over the body, in `X-Signature`. */
export function luminSignature(secret: Secret): BodySignature {
  return { header: "x-signature", hash: "sha256", encoding: "hex", prefix: "", secret };
}
