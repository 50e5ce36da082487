import { type Document, isSettled } from "./document.ts";
import type { Draft, SignerFacts } from "./draft.ts";
import { meaningOf } from "./event.ts";

/**
 * Who did it, where the provider does not say: the signers whose status in the payload is what the event is about, and was
 * not known to be so before. Two changes make two events. When nothing changed, or when a document is seen for the first
 * time with several to choose from, the event goes out without a signer, never with a guessed one.
 */
export function attribute(draft: Draft, known: Document | null): readonly Draft[] {
  const meaning = meaningOf(draft.type);
  if (draft.signer || meaning?.about !== "signer" || !isSettled(meaning.status)) return [draft];

  const changed = draft.signers.filter(
    (signer) => signer.status === meaning.status && !wasSettled(known, signer),
  );
  if (changed.length === 0 || (known === null && changed.length > 1)) return [draft];
  return changed.map((signer) => ({ ...draft, signer }));
}

function wasSettled(known: Document | null, signer: SignerFacts): boolean {
  return isSettled(known?.signers.find((before) => before.id === signer.id)?.status ?? null);
}
