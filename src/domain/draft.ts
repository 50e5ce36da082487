import {
  type Code,
  canSign,
  type EventType,
  meaningOf,
  type SignerRole,
  type SignerStatus,
} from "./event.ts";
import { eventId, type Happening, isEventId } from "./identity.ts";

/** What a payload says of a document. Null: it does not say. */
export interface DocumentFacts {
  id: string;
  title: string | null;
  tags: readonly string[] | null;
  /** The sender's own keys and values. */
  references: Readonly<Record<string, string>> | null;
  /** Whether it was made in the provider's test mode. */
  test: boolean | null;
  /** Milliseconds since 1970. */
  expiresAt: number | null;
}

/** What a payload says of a signer. Null: it does not say. */
export interface SignerFacts {
  id: string;
  name: string | null;
  email: string | null;
  role: SignerRole | null;
  status: SignerStatus | null;
}

/**
 * What a document that starts again keeps: `continue` leaves the signatures that were given (an expired request that is prolonged),
 * `restart` takes them back (a document that goes back to draft).
 */
export const REOPENINGS = ["continue", "restart"] as const;
export type Reopening = (typeof REOPENINGS)[number];

/** An id that a sender gives a happening, the same whenever it is told again. */
export interface GivenId {
  value: string;
  /** Whether it is to be the event's own id: it is another Countersign's. */
  keep: boolean;
}

/** One normalized happening as a single item of a request tells it, before it is compared with what is known. */
export interface Draft {
  source: string;
  provider: string;
  channel: string;
  type: EventType;
  /** What the sender itself knows the happening by; null: it is told apart by what it says. */
  id: GivenId | null;
  /** When the provider says it happened, milliseconds since 1970; null when it does not say. */
  time: number | null;
  document: DocumentFacts | null;
  /** Whom a signer event is about; null when the provider names nobody. */
  signer: SignerFacts | null;
  /** All signers of the document as the payload lists them; empty when it lists none. */
  signers: readonly SignerFacts[];
  /** Why it happened, in somebody's words. */
  reason: string | null;
  code: Code;
  /** Whether the document starts again with this; null: it does not. */
  reopens: Reopening | null;
  /** Whether the provider can let documents start again, so that nothing happens only once. */
  reopenable: boolean;
  /** A digest of the item as sent: tells two happenings apart where the provider gives no time, or names no object. */
  digest: string;
}

/**
 * The id that the payload alone gives a draft. It is the event's id, unless what is known adds who did it; then the event
 * keeps this one as well, so that the provider's repeat of the same post is still recognised.
 */
export function dedupeKeyOf(draft: Draft): string {
  return namesOf(draft).key;
}

/**
 * Names all happenings of the same type about the same object, where there can be many; null where the key alone tells them
 * apart, or where nobody says which signer it was: two signers' happenings are never one, however near in time.
 * Two channels whose clocks differ by seconds tell the same one of them.
 */
export function coalesceKeyOf(draft: Draft): string | null {
  return namesOf(draft).coalesceKey;
}

interface Names {
  key: string;
  coalesceKey: string | null;
}

/** Each draft is asked for its names several times, and a name costs a digest. */
const names = new WeakMap<Draft, Names>();

function namesOf(draft: Draft): Names {
  const known = names.get(draft);
  if (known) return known;
  if (draft.id) {
    const given = { key: keyOfId(draft, draft.id), coalesceKey: null };
    names.set(draft, given);
    return given;
  }
  const told = happening(draft);
  const isAnybodys = draft.signer === null && (told.object === "signer" || draft.type === "unknown");
  const coalesceKey = told.distinct === "" || isAnybodys ? null : eventId({ ...told, distinct: "" });
  const found = { key: eventId(told), coalesceKey };
  names.set(draft, found);
  return found;
}

function keyOfId({ source, type }: Draft, { value, keep }: GivenId): string {
  if (keep && isEventId(value)) return value;
  return eventId({ source, object: "message", objectId: value, type, distinct: "" });
}

function happening(draft: Draft): Happening {
  const { source, type, code, document, signer, time, digest } = draft;
  const meaning = meaningOf(type);
  const object = meaning?.about ?? code.object ?? "unknown";
  const named = object === "signer" ? signer : document;
  const subject = named ?? document ?? signer;
  const unique = meaning?.happens === "once" && named !== null && !draft.reopenable;
  const when = time === null ? digest : String(time);
  return {
    source,
    object,
    objectId: subject ? objectIdOf(draft, subject) : "",
    type: type === "unknown" ? `unknown:${JSON.stringify([code.name, code.value])}` : type,
    // Two of a kind in one second are told apart by nothing else when they name no object.
    distinct: unique ? "" : subject ? when : `${when}/${digest}`,
  };
}

/** What nobody has a word for yet may be about the signer it names as well as about its document: two signers make two of them. */
function objectIdOf({ type, document, signer }: Draft, subject: { id: string }): string {
  const isOfBoth = type === "unknown" && signer && subject === document;
  return isOfBoth ? JSON.stringify([document.id, signer.id]) : subject.id;
}

/**
 * The draft as the role of its signer has it: who only gets a copy, or only looks, has not signed, whatever the provider calls it.
 * The role is the one that the payload gives, or else the one that is `known`.
 */
export function withRole(draft: Draft, known: readonly Pick<SignerFacts, "id" | "role">[] = []): Draft {
  const { type, signer } = draft;
  if (type !== "signer.signed" || !signer) return draft;
  const roleIn = (signers: typeof known) => signers.find(({ id }) => id === signer.id)?.role ?? null;
  const role = signer.role ?? roleIn(draft.signers) ?? roleIn(known);
  return canSign(role) ? draft : { ...draft, type: "unknown", signer: { ...signer, role } };
}
