import type { Document } from "./document.ts";
import { isSettled } from "./document.ts";
import type { Draft, SignerFacts } from "./draft.ts";
import { meaningOf } from "./event.ts";

/** Either events to be made, or, where newer posts have told all that this one tells, the drafts of the events that it repeats. */
export interface Attribution {
  drafts: readonly Draft[];
  repeats: boolean;
}

/** Each event shows all signers: so many signers shown in all are the most that one post may cause. Thousands at once is no story. */
const MAX_SHOWN = 50_000;

/**
 * Who did it, where the provider does not say: the signers whose status in the payload is what the event is about, and of whom
 * no event has told it yet. Two changes make two events. When nothing changed, or when a document is seen for the first
 * time with several to choose from, the event goes out without a signer, never with a guessed one. Who only looks has done their part as
 * well, and is named (`withRole` makes it no signing); who gets a copy does nothing.
 */
export function attribute(draft: Draft, known: Document | null): Attribution {
  const meaning = meaningOf(draft.type);
  if (draft.id || draft.signer || meaning?.about !== "signer" || !isSettled(meaning.status))
    return unnamed(draft);

  const roles = new Map(known?.signers.map(({ id, role }) => [id, role]));
  const settled = draft.signers.filter(
    ({ id, role, status }) => status === meaning.status && (role ?? roles.get(id)) !== "copy",
  );
  if (!known) return settled.length === 1 ? named(draft, settled) : unnamed(draft);
  const accounts = new Map(known.signers.map(({ id, finalEvent }) => [id, finalEvent]));
  const those = (account: "told" | "before" | null) =>
    settled.filter(({ id }) => (accounts.get(id) ?? null) === account);

  const owed = those(null);
  if (owed.length * draft.signers.length > MAX_SHOWN) return unnamed(draft);
  if (owed.length > 0) return named(draft, owed);
  return isLate(draft, known) ? attributeLate(draft, those("before"), those("told")) : unnamed(draft);
}

/**
 * A post that comes after newer ones: the signing it tells either lay before the first that was heard of the document, or was told
 * when a newer post showed it as well.
 */
function attributeLate(
  draft: Draft,
  before: readonly SignerFacts[],
  told: readonly SignerFacts[],
): Attribution {
  if (before.length === 1) return named(draft, before);
  if (before.length === 0 && told.length > 0) return { ...named(draft, told), repeats: true };
  return unnamed(draft);
}

/** A post without a time may be older than any other. */
function isLate({ time }: Draft, { newest }: Document): boolean {
  return time === null || time <= newest;
}

function named(draft: Draft, signers: readonly SignerFacts[]): Attribution {
  return { drafts: signers.map((signer) => ({ ...draft, signer })), repeats: false };
}

function unnamed(draft: Draft): Attribution {
  return { drafts: [draft], repeats: false };
}
