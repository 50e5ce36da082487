import type { Document } from "./document.ts";
import type { SignerFacts } from "./draft.ts";
import type { DocumentView, SignerView } from "./event.ts";

/** The document as events show it. */
export function viewDocument(document: Document): DocumentView {
  return {
    id: document.id,
    title: document.title,
    status: document.status,
    downloadable: document.downloadable,
    tags: [...document.tags],
    references: { ...document.references },
    test: document.test,
    expiresAt: document.expiresAt === null ? null : new Date(document.expiresAt).toISOString(),
  };
}

/** The signers as events show them: without those who were replaced or removed before they signed. */
export function viewSigners({ signers }: Document): SignerView[] {
  return signers.filter(({ listed }) => listed !== false).map(viewSigner);
}

/** A signer as events show it. */
export function viewSigner({ id, name, email, role, status }: SignerFacts): SignerView {
  return { id, name, email, role, status };
}
