import { hash } from "node:crypto";

/**
 * Ids are computed, not drawn: every report of a happening leads to the same id, so the primary key
 * recognises a repeat, atomically, however late it comes.
 */

/** Crockford's base 32 in lower case: letters and digits that are not mistaken for one another. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * What distinguishes one happening from all others. The channel is no part of it: every channel reports the
 * same event.
 */
export interface Happening {
  source: string;
  /** "document", "signer", or what the payload calls it. */
  object: string;
  objectId: string;
  type: string;
  /**
   * For types that happen many times: what distinguishes two of them, normally the provider's time. Otherwise
   * empty.
   */
  distinct: string;
}

const EVENT_PREFIX = "evt_";

/** `evt_` and 26 letters and digits (130 bits of SHA-256). */
export function eventId(of: Happening): string {
  return `${EVENT_PREFIX}${digest([of.source, of.object, of.objectId, of.type, of.distinct])}`;
}

/** Whether a text is such an id. */
export function isEventId(text: string): boolean {
  return /^evt_[a-z0-9]{26}$/.test(text);
}

/** What a post with several events is recognised by: the same for the same events, in the same order. */
export function batchId(events: readonly string[]): string {
  return `bat_${digest(events)}`;
}

/** One delivery per event and destination: `dlv_`, the event's letters and digits, and the destination. */
export function deliveryId(event: string, destination: string): string {
  return `dlv_${event.slice(EVENT_PREFIX.length)}_${destination}`;
}

/** The event and the destination of a delivery's id; null: the text is no such id. */
export function partsOfDeliveryId(id: string): { event: string; destination: string } | null {
  const [, event, destination] = /^dlv_([a-z0-9]{26})_([a-z0-9-]+)$/.exec(id) ?? [];
  if (event === undefined || destination === undefined) return null;
  return { event: `${EVENT_PREFIX}${event}`, destination };
}

/**
 * The id of a signer whom the provider gives none: the document and the e-mail address, without regard to
 * case. A digest, so that the address cannot be read from ids.
 */
export function signerId(document: string, email: string): string {
  return `sgn_${digest([document, email.trim().toLowerCase()])}`;
}

/**
 * Whether a signer has such an id. It contains the document, so the signer is never named without its
 * document.
 */
export function isOwnSignerId(id: string): boolean {
  return id.startsWith("sgn_");
}

/**
 * A new receipt's id: `rcp_` and 26 letters and digits that grow with time. `at`: milliseconds since 1970;
 * `random`: 10 bytes.
 */
export function receiptId(at: number, random: Uint8Array): string {
  return `rcp_${growing(at, random)}`;
}

/** The same for a request that was refused: `rej_`. */
export function rejectionId(at: number, random: Uint8Array): string {
  return `rej_${growing(at, random)}`;
}

/** The same for a parity report: `prf_`. */
export function proofId(at: number, random: Uint8Array): string {
  return `prf_${growing(at, random)}`;
}

/** The same for an accepted exception: `pex_`. */
export function exceptionId(at: number, random: Uint8Array): string {
  return `pex_${growing(at, random)}`;
}

/** Ten letters of time before sixteen of chance: an index of such ids grows at its end. */
function growing(at: number, random: Uint8Array): string {
  const time = Buffer.alloc(7);
  time.writeUIntBE(at, 0, 6);
  return `${base32(time, 10)}${base32(random, 16)}`;
}

/** 26 letters and digits over all parts and their boundaries: `a|bc` and `ab|c` differ. */
export function digest(parts: readonly string[]): string {
  let framed = "";
  for (const part of parts) framed += `${Buffer.byteLength(part)}:${part}`;
  // As a text, for a buffer from OpenSSL has memory of its own and costs twice as much.
  return base32(Buffer.from(hash("sha256", framed, "binary"), "binary"), 26);
}

/** The first `length` × 5 bits of `bytes`, most significant first. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; text.length < length; i++) {
    held = ((held << 8) | (bytes[i] ?? 0)) & 0xfff;
    bits += 8;
    while (bits >= 5 && text.length < length) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return text;
}
