import type { Draft } from "./draft.ts";
import { isOwnSignerId } from "./identity.ts";

/** The document that a signer belongs to. */
export interface SignerLink {
  signer: string;
  document: string;
}

/**
 * The links that a draft states. A signer without an id of the provider's is named after its document and
 * needs none.
 */
export function linksIn({ document, signer, signers }: Draft): SignerLink[] {
  if (!document) return [];
  const named = signer ? [signer, ...signers] : signers;
  return named
    .filter(({ id }) => !isOwnSignerId(id))
    .map(({ id }) => ({ signer: id, document: document.id }));
}

/**
 * The draft with the document that its signer is linked to, where the draft names none. `links`: document by
 * signer.
 */
export function withLinkedDocument(draft: Draft, links: ReadonlyMap<string, string>): Draft {
  const id = draft.signer && !draft.document ? links.get(draft.signer.id) : undefined;
  if (id === undefined) return draft;
  const document = { id, title: null, tags: null, references: null, test: null, expiresAt: null };
  return { ...draft, document };
}
