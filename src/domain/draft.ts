import { type Code, type EventType, meaningOf, type SignerStatus } from "./event.ts";
import { eventId, type Happening } from "./identity.ts";

/** What a payload says of a document. Null: it does not say. */
export interface DocumentFacts {
  id: string;
  title: string | null;
  tags: readonly string[] | null;
  /** Milliseconds since 1970. */
  expiresAt: number | null;
}

/** What a payload says of a signer. Null: it does not say. */
export interface SignerFacts {
  id: string;
  name: string | null;
  email: string | null;
  status: SignerStatus | null;
}

/** One normalized happening as a single item of a request tells it, before it is compared with what is known. */
export interface Draft {
  source: string;
  provider: string;
  channel: string;
  type: EventType;
  /** When the provider says it happened, milliseconds since 1970; null when it does not say. */
  time: number | null;
  document: DocumentFacts | null;
  /** Whom a signer event is about; null when the provider names nobody. */
  signer: SignerFacts | null;
  /** All signers of the document as the payload lists them; empty when it lists none. */
  signers: readonly SignerFacts[];
  code: Code;
  /** A digest of the item as sent: tells two happenings apart where the provider gives no time. */
  digest: string;
}

/**
 * The id that the payload alone gives a draft. It is the event's id, unless what is known adds who did it; then the event
 * keeps this one as well, so that the provider's repeat of the same post is still recognised.
 */
export function keyOf(draft: Draft): string {
  return namesOf(draft).key;
}

/**
 * Names all happenings of the same type about the same object, where there can be many; null where the key alone tells them
 * apart, or where nobody says which signer it was: two signers' happenings are never one, however near in time.
 * Two channels whose clocks differ by seconds tell the same one of them.
 */
export function kinOf(draft: Draft): string | null {
  return namesOf(draft).kin;
}

interface Names {
  key: string;
  kin: string | null;
}

/** Each draft is asked for its names several times, and a name costs a digest. */
const names = new WeakMap<Draft, Names>();

function namesOf(draft: Draft): Names {
  const known = names.get(draft);
  if (known) return known;
  const told = happening(draft);
  const isAnybodys = told.object === "signer" && draft.signer === null;
  const kin = told.distinct === "" || isAnybodys ? null : eventId({ ...told, distinct: "" });
  const found = { key: eventId(told), kin };
  names.set(draft, found);
  return found;
}

function happening(draft: Draft): Happening {
  const { source, type, code, document, signer } = draft;
  const meaning = meaningOf(type);
  const object = meaning?.about ?? code.object ?? "unknown";
  const named = object === "signer" ? signer : document;
  const objectId = (named ?? document ?? signer)?.id ?? "";
  const unique = meaning?.happens === "once" && named !== null;
  const when = draft.time === null ? draft.digest : String(draft.time);
  return {
    source,
    object,
    objectId,
    type: type === "unknown" ? `unknown:${JSON.stringify([code.name, code.value])}` : type,
    distinct: unique ? "" : when,
  };
}
