import { type Document, isSettled } from "./document.ts";
import type { Draft } from "./draft.ts";
import { meaningOf } from "./event.ts";

/**
 * Who did it, where the provider does not say: the signers whose status in the payload is what the event is about, and of whom
 * no event has told it yet. Two changes make two events. When nothing changed, or when a document is seen for the first
 * time with several to choose from, the event goes out without a signer, never with a guessed one.
 */
export function attribute(draft: Draft, known: Document | null): readonly Draft[] {
  const meaning = meaningOf(draft.type);
  if (draft.signer || meaning?.about !== "signer" || !isSettled(meaning.status)) return [draft];

  const accounted = new Set(known?.signers.filter((signer) => signer.accounted).map(({ id }) => id));
  const changed = draft.signers.filter(({ id, status }) => status === meaning.status && !accounted.has(id));
  if (changed.length === 0 || (known === null && changed.length > 1)) return [draft];
  return changed.map((signer) => ({ ...draft, signer }));
}
