import {
  type Code,
  canSign,
  type EventType,
  meaningOf,
  type SignerRole,
  type SignerStatus,
} from "./event.ts";
import { eventId, type Happening, isEventId } from "./identity.ts";

/** What a payload states about a document. Null: nothing stated. */
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

/** What a payload states about a signer. Null: nothing stated. */
export interface SignerFacts {
  id: string;
  name: string | null;
  email: string | null;
  role: SignerRole | null;
  status: SignerStatus | null;
}

/**
 * How a document starts again: `continue` keeps its signatures (an expired request is prolonged), `restart`
 * takes them back (a document returns to draft).
 */
export const REOPENINGS = ["continue", "restart"] as const;
export type Reopening = (typeof REOPENINGS)[number];

/** An id that the sender gives a happening, the same in every report of it. */
export interface GivenId {
  value: string;
  /** Whether the event keeps it as its own id: the sender is another Countersign. */
  keep: boolean;
}

/**
 * One normalized happening as an item of a request reports it, before it is resolved against what is stored.
 */
export interface Draft {
  source: string;
  provider: string;
  channel: string;
  type: EventType;
  /** The sender's own id of the happening; null: the draft is identified by its contents. */
  id: GivenId | null;
  /** When it happened according to the provider, milliseconds since 1970; null: not stated. */
  time: number | null;
  document: DocumentFacts | null;
  /** The signer of a signer event; null: the provider names none. */
  signer: SignerFacts | null;
  /** All signers of the document as the payload lists them. */
  signers: readonly SignerFacts[];
  /** Why it happened, in a person's words. */
  reason: string | null;
  code: Code;
  /** The document starts again with this event; null: it does not. */
  reopens: Reopening | null;
  /** Whether the provider lets documents start again, so that no type happens only once. */
  reopenable: boolean;
  /** A digest of the item as sent. It distinguishes happenings without a time or an object. */
  digest: string;
}

/**
 * The id that the payload alone gives a draft. It is the event's id, unless the signer was found by comparing
 * with what is known; then the event keeps this key as well, so that a repeat of the same post is still
 * recognised.
 */
export function dedupeKeyOf(draft: Draft): string {
  return namesOf(draft).key;
}

/**
 * Shared by all happenings of a repeatable type about one object. Two channels' reports with the same key,
 * near in time, are one event. Null: the type is not repeatable, or the signer is not named, since two
 * signers' happenings are never one.
 */
export function coalesceKeyOf(draft: Draft): string | null {
  return namesOf(draft).coalesceKey;
}

interface Names {
  key: string;
  coalesceKey: string | null;
}

/** The keys of a draft are asked for several times, and each costs a digest. */
const names = new WeakMap<Draft, Names>();

function namesOf(draft: Draft): Names {
  const known = names.get(draft);
  if (known) return known;
  if (draft.id) {
    const given = { key: keyOfId(draft, draft.id), coalesceKey: null };
    names.set(draft, given);
    return given;
  }
  const identity = happeningOf(draft);
  const hasNoSigner = draft.signer === null && (identity.object === "signer" || draft.type === "unknown");
  const coalesceKey = identity.distinct === "" || hasNoSigner ? null : eventId({ ...identity, distinct: "" });
  const found = { key: eventId(identity), coalesceKey };
  names.set(draft, found);
  return found;
}

function keyOfId(draft: Draft, { value, keep }: GivenId): string {
  return keep && isEventId(value) ? value : eventId(happeningOf(draft));
}

/**
 * What distinguishes the draft's happening from all others. An id that the sender gave comes before the
 * contents.
 */
export function happeningOf(draft: Draft): Happening {
  const { source, type, code, document, signer, time, digest, id } = draft;
  if (id) return { source, object: "message", objectId: id.value, type, distinct: "" };
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
    // Without an object, only the digest distinguishes two happenings of one type and second.
    distinct: unique ? "" : subject ? when : `${when}/${digest}`,
  };
}

/** An unknown happening may be about its signer as well as its document: two signers make two happenings. */
function objectIdOf({ type, document, signer }: Draft, subject: { id: string }): string {
  const isOfBoth = type === "unknown" && signer && subject === document;
  return isOfBoth ? JSON.stringify([document.id, signer.id]) : subject.id;
}

/**
 * The draft, corrected by the role of its signer: a viewer or a recipient of a copy has not signed, whatever
 * the provider calls it. The role is the payload's, or else the one in `known`.
 */
export function withRole(draft: Draft, known: readonly Pick<SignerFacts, "id" | "role">[] = []): Draft {
  const { type, signer } = draft;
  if (type !== "signer.signed" || !signer) return draft;
  const roleIn = (signers: typeof known) => signers.find(({ id }) => id === signer.id)?.role ?? null;
  const role = signer.role ?? roleIn(draft.signers) ?? roleIn(known);
  return canSign(role) ? draft : { ...draft, type: "unknown", signer: { ...signer, role } };
}
