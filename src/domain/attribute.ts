import type { Document } from "./document.ts";
import type { Draft, SignerFacts } from "./draft.ts";
import { meaningOf } from "./event.ts";
import { type FinalEvent, hasEnded } from "./known-signer.ts";

/** The drafts with their signers. `repeats`: they are duplicates of events recorded before. */
export interface Attribution {
  drafts: readonly Draft[];
  repeats: boolean;
}

/**
 * Every event embeds the whole list of signers, so the output of a post grows as attributed × listed signers.
 * Above this product no signers are attributed.
 */
const MAX_EMBEDDED_SIGNERS = 50_000;

/**
 * Finds out who signed or declined where the provider does not say: the signers whose status in the payload
 * is that of the event, and who have no event of it yet. Two changes make two events. When nothing changed,
 * or when a document is first seen with several candidates, the event has no signer rather than a guessed
 * one. A viewer who did their part is named (`withRole` then says that it is no signing); a recipient of a
 * copy never is.
 */
export function attribute(draft: Draft, known: Document | null): Attribution {
  const meaning = meaningOf(draft.type);
  if (draft.id || draft.signer || meaning?.about !== "signer" || !hasEnded(meaning.status))
    return anonymous(draft);

  const roles = new Map(known?.signers.map(({ id, role }) => [id, role]));
  const ended = draft.signers.filter(
    ({ id, role, status }) => status === meaning.status && (role ?? roles.get(id)) !== "copy",
  );
  if (!known) return ended.length === 1 ? attributed(draft, ended) : anonymous(draft);
  const finalEvents = new Map(known.signers.map(({ id, finalEvent }) => [id, finalEvent]));
  const withFinalEvent = (one: FinalEvent | null) =>
    ended.filter(({ id }) => (finalEvents.get(id) ?? null) === one);

  const due = withFinalEvent(null);
  if (due.length * draft.signers.length > MAX_EMBEDDED_SIGNERS) return anonymous(draft);
  if (due.length > 0) return attributed(draft, due);
  return isLate(draft, known)
    ? attributeLate(draft, withFinalEvent("predates"), withFinalEvent("emitted"))
    : anonymous(draft);
}

/**
 * A post that arrives after newer ones. Its signing is either one that predates the first post about the
 * document, or one whose event a newer post has caused already.
 */
function attributeLate(
  draft: Draft,
  predating: readonly SignerFacts[],
  emitted: readonly SignerFacts[],
): Attribution {
  if (predating.length === 1) return attributed(draft, predating);
  if (predating.length === 0 && emitted.length > 0) return { ...attributed(draft, emitted), repeats: true };
  return anonymous(draft);
}

/** A post without a time may be older than any other. */
function isLate({ time }: Draft, { newest }: Document): boolean {
  return time === null || time <= newest;
}

function attributed(draft: Draft, signers: readonly SignerFacts[]): Attribution {
  return { drafts: signers.map((signer) => ({ ...draft, signer })), repeats: false };
}

function anonymous(draft: Draft): Attribution {
  return { drafts: [draft], repeats: false };
}
