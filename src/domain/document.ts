import type { Draft, SignerFacts } from "./draft.ts";
import {
  DOCUMENT_STATUSES,
  type DocumentStatus,
  type DocumentView,
  meaningOf,
  SIGNER_STATUSES,
  type SignerStatus,
  type SignerView,
} from "./event.ts";

/** What is known of a signer, and as of when. */
export interface KnownSigner {
  id: string;
  name: string | null;
  email: string | null;
  status: SignerStatus | null;
  /** When the status was true, milliseconds since 1970. */
  statusAt: number;
}

/** What Countersign knows of a document so far. */
export interface Document {
  source: string;
  id: string;
  title: string | null;
  status: DocumentStatus | null;
  downloadable: boolean;
  tags: readonly string[];
  expiresAt: number | null;
  signers: readonly KnownSigner[];
  /** How many events of it there are. */
  sequence: number;
  /** The time of the newest of them, milliseconds since 1970. */
  newest: number;
}

const TERMINAL: ReadonlySet<string> = new Set([
  "completed",
  "declined",
  "canceled",
  "expired",
  "failed",
  "signed",
]);

/** The document before anything is known of it. */
export function unknownDocument(source: string, id: string): Document {
  return {
    source,
    id,
    title: null,
    status: null,
    downloadable: false,
    tags: [],
    expiresAt: null,
    signers: [],
    sequence: 0,
    newest: 0,
  };
}

export interface Evolution {
  document: Document;
  /** The event is older than what was known, or would have moved a status back. */
  late: boolean;
}

/**
 * The document after an event. A status never moves back and a terminal one is never left; what an older event says fills
 * only what is not known yet. `at` is when the event happened, milliseconds since 1970.
 */
export function evolve(before: Document, draft: Draft, at: number): Evolution {
  const stale = at < before.newest;
  const meaning = meaningOf(draft.type);
  const moves = meaning?.about === "document" ? meaning.status : null;
  const status = moves === null ? before.status : further(before.status, moves);
  const retreats = moves !== null && status !== moves;
  const facts = draft.document;

  const document: Document = {
    ...before,
    status,
    downloadable: before.downloadable || draft.type === "document.downloadable",
    title: newer(before.title, facts?.title ?? null, stale),
    tags: facts?.tags && (!stale || before.tags.length === 0) ? facts.tags : before.tags,
    expiresAt: newer(before.expiresAt, facts?.expiresAt ?? null, stale),
    signers: seenSigners(draft).reduce((known, signer) => withSigner(known, signer, at), before.signers),
    sequence: before.sequence + 1,
    newest: Math.max(before.newest, at),
  };
  return { document, late: stale || retreats };
}

function newer<T>(known: T | null, told: T | null, stale: boolean): T | null {
  return stale ? (known ?? told) : (told ?? known);
}

/** The later of two document statuses; a terminal one stays. */
function further(known: DocumentStatus | null, told: DocumentStatus): DocumentStatus {
  if (known === null) return told;
  if (TERMINAL.has(known)) return known;
  return DOCUMENT_STATUSES.indexOf(told) > DOCUMENT_STATUSES.indexOf(known) ? told : known;
}

/** Every signer the event speaks of, with the one it is about last and in the status its type gives. */
function seenSigners(draft: Draft): readonly SignerFacts[] {
  const { signer } = draft;
  if (!signer) return draft.signers;
  const meaning = meaningOf(draft.type);
  const status = meaning?.about === "signer" ? (meaning.status ?? null) : null;
  const others = draft.signers.filter((other) => other.id !== signer.id);
  return [...others, { ...signer, status: status ?? signer.status }];
}

function withSigner(known: readonly KnownSigner[], told: SignerFacts, at: number): readonly KnownSigner[] {
  const before = known.find((signer) => signer.id === told.id);
  if (!before) return [...known, { ...told, statusAt: told.status === null ? 0 : at }];

  const stale = at < before.statusAt;
  const moved = told.status !== null && supersedes(before, told.status, at);
  const after: KnownSigner = {
    id: before.id,
    name: newer(before.name, told.name, stale),
    email: newer(before.email, told.email, stale),
    status: moved ? told.status : before.status,
    statusAt: moved ? at : before.statusAt,
  };
  return known.map((signer) => (signer === before ? after : signer));
}

/** A terminal status stays; a terminal one always wins; otherwise the later counts, and of two at the same time the further. */
function supersedes(before: KnownSigner, status: SignerStatus, at: number): boolean {
  if (before.status === null) return true;
  if (isSettled(before.status)) return false;
  if (isSettled(status)) return true;
  if (at !== before.statusAt) return at > before.statusAt;
  return SIGNER_STATUSES.indexOf(status) > SIGNER_STATUSES.indexOf(before.status);
}

/** Whether a signer has signed or declined: neither is taken back. */
export function isSettled(status: SignerStatus | null): boolean {
  return status !== null && TERMINAL.has(status);
}

/** The document as events show it. */
export function viewDocument(document: Document): DocumentView {
  return {
    id: document.id,
    title: document.title,
    status: document.status,
    downloadable: document.downloadable,
    tags: [...document.tags],
    expiresAt: document.expiresAt === null ? null : new Date(document.expiresAt).toISOString(),
  };
}

/** A signer as events show it. */
export function viewSigner(signer: SignerFacts): SignerView {
  return { id: signer.id, name: signer.name, email: signer.email, status: signer.status };
}
