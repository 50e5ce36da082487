import type { Draft, Reopening, SignerFacts } from "./draft.ts";
import {
  canSign,
  DOCUMENT_STATUSES,
  type DocumentStatus,
  type DocumentView,
  meaningOf,
  SIGNER_STATUSES,
  type SignerRole,
  type SignerStatus,
  type SignerView,
} from "./event.ts";

/** What is known of a signer, and as of when. */
export interface KnownSigner {
  id: string;
  name: string | null;
  email: string | null;
  role: SignerRole | null;
  status: SignerStatus | null;
  /** When the status was true, milliseconds since 1970. */
  statusAt: number;
  /** Whether the newest list of signers has this one: false when they were replaced or removed; null when no list ever had them. */
  listed: boolean | null;
  /** Of their signing or declining: `told` by an event, `before` anything was heard of the document; null: an event is owed for it. */
  finalEvent: "told" | "before" | null;
}

/** What Countersign knows of a document so far. */
export interface Document {
  source: string;
  id: string;
  title: string | null;
  status: DocumentStatus | null;
  /** When the status became true, milliseconds since 1970; 0 while nothing moved it. */
  statusAt: number;
  downloadable: boolean;
  tags: readonly string[];
  references: Readonly<Record<string, string>>;
  test: boolean | null;
  expiresAt: number | null;
  /** When it last started again, milliseconds since 1970; null: it never did. */
  reopenedAt: number | null;
  /** The same, counting only when the signatures were taken back. */
  restartedAt: number | null;
  signers: readonly KnownSigner[];
  /** The time of the newest list of signers, milliseconds since 1970; absent while none was told. */
  listedAt?: number | undefined;
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
    statusAt: 0,
    downloadable: false,
    tags: [],
    references: {},
    test: null,
    expiresAt: null,
    reopenedAt: null,
    restartedAt: null,
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
 * The document after an event. A status never moves back and a terminal one is never left, unless the provider lets documents
 * start again: then the newest event that moves the status decides, in whichever order they come. What an older event says fills
 * only what is not known yet. `now` stands for the time of an event whose provider gives none: such an event is never
 * older than another, and makes no other older. Milliseconds since 1970.
 */
export function evolve(before: Document, draft: Draft, now: number): Evolution {
  const meaning = meaningOf(draft.type);
  const moves = meaning?.about === "document" ? meaning.status : null;
  const at = draft.time ?? now;
  const learnt = learn(before, draft, now);
  const opened = draft.reopens === null ? learnt : reopen(learnt, draft.reopens, at);
  const moved = moves === null ? opened : move(opened, moves, at, draft.reopenable);
  const document: Document = {
    ...moved,
    downloadable: moved.downloadable || (draft.type === "document.downloadable" && isOfThisRound(moved, at)),
    sequence: before.sequence + 1,
    newest: Math.max(before.newest, plausible(draft, now)),
  };
  return { document, late: isStale(before, draft) || (moves !== null && document.status !== moves) };
}

/** So far ahead of its receipt a time can be, in milliseconds; one beyond that is a mistake, and makes nothing else old. */
const MAX_AHEAD_MS = 24 * 3_600_000;

function plausible({ time }: Draft, now: number): number {
  return time === null || time > now + MAX_AHEAD_MS ? 0 : time;
}

/** The status after an event that moves it to `status`. */
function move(known: Document, status: DocumentStatus, at: number, reopenable: boolean): Document {
  if (!reopenable) {
    const next = further(known.status, status);
    return next === known.status ? known : { ...known, status: next, statusAt: at };
  }
  if (!isOfThisRound(known, at) || at < known.statusAt) return known;
  const next = at === known.statusAt ? further(known.status, status) : status;
  const goesBack = known.status !== null && TERMINAL.has(known.status) && !TERMINAL.has(next);
  return { ...known, status: next, statusAt: at, downloadable: known.downloadable && !goesBack };
}

/** Whether something of that time happened after the document last started again. */
function isOfThisRound({ reopenedAt }: Document, at: number): boolean {
  return reopenedAt === null || at >= reopenedAt;
}

/** The document as it starts again. What was told of a later time stays. */
function reopen(known: Document, how: Reopening, at: number): Document {
  if (!isOfThisRound(known, at)) return known;
  const isNews = at >= known.statusAt;
  const restarts = how === "restart";
  return {
    ...known,
    reopenedAt: at,
    restartedAt: restarts ? at : known.restartedAt,
    ...(isNews && { status: null, statusAt: at, downloadable: false }),
    signers: restarts ? known.signers.map((signer) => withoutSignature(signer, at)) : known.signers,
  };
}

function withoutSignature(signer: KnownSigner, at: number): KnownSigner {
  return signer.statusAt > at ? signer : { ...signer, status: null, statusAt: at, finalEvent: null };
}

/** What a payload says beside the event itself: title, tags, signers. All that a repeat can add. */
export function learn(before: Document, draft: Draft, now: number): Document {
  const stale = isStale(before, draft);
  const facts = draft.document;
  const fills = <T>(known: T, told: T | null | undefined, isEmpty: boolean) =>
    told && (!stale || isEmpty) ? told : known;
  return {
    ...before,
    title: newer(before.title, facts?.title ?? null, stale),
    tags: fills(before.tags, facts?.tags, before.tags.length === 0),
    references: fills(before.references, facts?.references, Object.keys(before.references).length === 0),
    test: newer(before.test, facts?.test ?? null, stale),
    expiresAt: newer(before.expiresAt, facts?.expiresAt ?? null, stale),
    signers: withSigners(before, draft, now),
    ...(draft.signers.length > 0 && { listedAt: Math.max(listedAtOf(before), plausible(draft, now)) }),
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

/**
 * The signers after a payload, in whichever order lists come: those whom the newest list does not have, and who have not signed, are
 * marked as no longer listed.
 */
function withSigners(before: Document, draft: Draft, now: number): readonly KnownSigner[] {
  const { signer } = draft;
  if (!signer && draft.signers.length === 0) return before.signers;
  const at = draft.time ?? now;
  const isNewest = draft.time === null || draft.time >= listedAtOf(before);
  const account = before.sequence === 0 ? "before" : null;
  const newsOf = (known: KnownSigner | undefined, facts: SignerFacts, account: KnownSigner["finalEvent"]) =>
    withNews(known, isOfThisStart(before, at) ? facts : { ...facts, status: null }, at, account);
  const signers = new Map(before.signers.map((known) => [known.id, known]));
  for (const told of draft.signers) {
    const known = signers.get(told.id);
    const news = newsOf(known, told, account);
    const listed = isNewest || isSettled(news.status) || known?.listed === true;
    signers.set(told.id, { ...news, listed });
  }
  if (signer) signers.set(signer.id, newsOf(signers.get(signer.id), asTold(signer, draft), "told"));
  if (draft.signers.length === 0 || !isNewest) return [...signers.values()];
  const listed = new Set([...draft.signers.map(({ id }) => id), signer?.id]);
  return [...signers.values()].map((known) =>
    listed.has(known.id) || known.listed === null || isSettled(known.status)
      ? known
      : { ...known, listed: false },
  );
}

/** Of a document that was kept before times of lists were: its newest event may have had one. */
function listedAtOf({ listedAt, signers, newest }: Document): number {
  return listedAt ?? (signers.some(({ listed }) => listed !== null) ? newest : 0);
}

/** Whether something of that time happened after signatures were last taken back. */
function isOfThisStart({ restartedAt }: Document, at: number): boolean {
  return restartedAt === null || at >= restartedAt;
}

/** The signer whom the event is about, in the status that its type gives. */
function asTold(signer: SignerFacts, { type }: Draft): SignerFacts {
  const meaning = meaningOf(type);
  const status = meaning?.about === "signer" ? meaning.status : null;
  return { ...signer, status: status ?? signer.status };
}

const UNHEARD = { role: null, status: null, statusAt: 0, listed: null, finalEvent: null } as const;

/** `account`: what is known of their signing or declining, if that is what the news is. Who cannot sign has not signed. */
function withNews(
  before: KnownSigner | undefined,
  facts: SignerFacts,
  at: number,
  account: KnownSigner["finalEvent"],
): KnownSigner {
  const known = before ?? { ...facts, ...UNHEARD };
  const stale = at < known.statusAt;
  const role = newer(known.role, facts.role, stale);
  const told = facts.status === "signed" && !canSign(role) ? null : facts.status;
  const moved = told !== null && supersedes(known, told, at);
  return {
    id: known.id,
    name: newer(known.name, facts.name, stale),
    email: newer(known.email, facts.email, stale),
    role,
    status: moved ? told : known.status,
    statusAt: moved ? at : known.statusAt,
    listed: known.listed,
    finalEvent: isSettled(facts.status) ? (account ?? known.finalEvent) : known.finalEvent,
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
