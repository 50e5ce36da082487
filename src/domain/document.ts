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
  /** Of their signing or declining: `told` by an event, `before` anything was heard of the document; null: an event is owed for it. */
  accounted: "told" | "before" | null;
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
 * only what is not known yet. `now` stands for the time of an event whose provider gives none: such an event is never
 * older than another, and makes no other older. Milliseconds since 1970.
 */
export function evolve(before: Document, draft: Draft, now: number): Evolution {
  const meaning = meaningOf(draft.type);
  const moves = meaning?.about === "document" ? meaning.status : null;
  const status = moves === null ? before.status : further(before.status, moves);
  const retreats = moves !== null && status !== moves;
  const document: Document = {
    ...learn(before, draft, now),
    status,
    downloadable: before.downloadable || draft.type === "document.downloadable",
    sequence: before.sequence + 1,
    newest: Math.max(before.newest, draft.time ?? 0),
  };
  return { document, late: isStale(before, draft) || retreats };
}

/** What a payload says beside the event itself: title, tags, signers. All that a repeat can add. */
export function learn(before: Document, draft: Draft, now: number): Document {
  const stale = isStale(before, draft);
  const facts = draft.document;
  const tags = facts?.tags && (!stale || before.tags.length === 0) ? facts.tags : before.tags;
  return {
    ...before,
    title: newer(before.title, facts?.title ?? null, stale),
    tags,
    expiresAt: newer(before.expiresAt, facts?.expiresAt ?? null, stale),
    signers: withSigners(before, draft, now),
  };
}

function isStale(before: Document, { time }: Draft): boolean {
  return time !== null && time < before.newest;
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

function withSigners(before: Document, draft: Draft, now: number): readonly KnownSigner[] {
  const { signer } = draft;
  if (!signer && draft.signers.length === 0) return before.signers;
  const at = draft.time ?? now;
  const isFirst = before.sequence === 0;
  const signers = new Map(before.signers.map((known) => [known.id, known]));
  const listed = isFirst ? "before" : null;
  for (const told of draft.signers) signers.set(told.id, withNews(signers.get(told.id), told, at, listed));
  if (signer) signers.set(signer.id, withNews(signers.get(signer.id), asTold(signer, draft), at, "told"));
  return [...signers.values()];
}

/** The signer whom the event is about, in the status that its type gives. */
function asTold(signer: SignerFacts, { type }: Draft): SignerFacts {
  const meaning = meaningOf(type);
  const status = meaning?.about === "signer" ? meaning.status : null;
  return { ...signer, status: status ?? signer.status };
}

/** `account`: what is known of their signing or declining, if that is what the news is. */
function withNews(
  before: KnownSigner | undefined,
  told: SignerFacts,
  at: number,
  account: KnownSigner["accounted"],
): KnownSigner {
  const known = before ?? { ...told, status: null, statusAt: 0, accounted: null };
  const stale = at < known.statusAt;
  const moved = told.status !== null && supersedes(known, told.status, at);
  return {
    id: known.id,
    name: newer(known.name, told.name, stale),
    email: newer(known.email, told.email, stale),
    status: moved ? told.status : known.status,
    statusAt: moved ? at : known.statusAt,
    accounted: isSettled(told.status) ? (account ?? known.accounted) : known.accounted,
  };
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
