import type { Draft, Reopening } from "./draft.ts";
import { DOCUMENT_STATUSES, type DocumentStatus, type EventType, meaningOf } from "./event.ts";
import { type KnownSigner, listedAtOf, signersAfter, withoutSignature } from "./known-signer.ts";
import { isStale, isTerminal, latest, plausibleTime } from "./newest.ts";

/** What Countersign knows of a document so far. */
export interface Document {
  source: string;
  id: string;
  title: string | null;
  status: DocumentStatus | null;
  /** Since when the status holds, milliseconds since 1970; 0 while no event has set it. */
  statusAt: number;
  downloadable: boolean;
  tags: readonly string[];
  references: Readonly<Record<string, string>>;
  test: boolean | null;
  expiresAt: number | null;
  /** When the document last started again, milliseconds since 1970; null: never. */
  reopenedAt: number | null;
  /** The last of those times at which the signatures were taken back; null: never. */
  restartedAt: number | null;
  signers: readonly KnownSigner[];
  /** The time of the newest list of signers, milliseconds since 1970; absent: no list came yet. */
  listedAt?: number | undefined;
  /** The number of the document's events. */
  sequence: number;
  /** The time of the newest event, milliseconds since 1970. */
  newest: number;
  /**
   * The types of its events, in the order first recorded. Absent: an earlier version recorded the document,
   * and `firstAt` and `sentAt` are absent as well.
   */
  told?: readonly EventType[] | undefined;
  /** The time of the oldest event, milliseconds since 1970. */
  firstAt?: number | undefined;
  /** The time of the oldest event that tells of the sending; absent: there was none. */
  sentAt?: number | undefined;
}

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
    told: [],
  };
}

/** Sent, and not ended. */
const UNDER_WAY: ReadonlySet<DocumentStatus | null> = new Set(["sent", "in_progress"]);

/** Whether the document was sent and has not ended, and is where it is since before that moment. */
export function isStuck({ status, statusAt }: Document, before: number): boolean {
  return UNDER_WAY.has(status) && statusAt < before;
}

export interface Evolution {
  document: Document;
  /** The event is older than the newest known one, or would have moved a status back. */
  late: boolean;
}

/**
 * The document after an event. A status never moves back, and a terminal one is never left. Where the
 * provider lets documents start again, the newest event that moves the status decides instead, in whichever
 * order the events come. An older event fills only what is not known yet. `now`, milliseconds since 1970,
 * stands for the time of an event whose provider gives none: such an event is never older than another, and
 * makes no other older.
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
    newest: Math.max(before.newest, plausibleTime(draft, now)),
    ...toldAfter(before, draft.type, plausibleTime(draft, now) || now),
  };
  return { document, late: isStale(before, draft) || (moves !== null && document.status !== moves) };
}

const SENDINGS: ReadonlySet<EventType> = new Set(["document.sent", "signer.sent"]);

/** What was told of the document so far, with an event of that type and time. */
function toldAfter(
  { told, firstAt = Number.POSITIVE_INFINITY, sentAt = Number.POSITIVE_INFINITY }: Document,
  type: EventType,
  at: number,
): Pick<Document, "told" | "firstAt" | "sentAt"> {
  if (told === undefined) return {};
  return {
    told: told.includes(type) ? told : [...told, type],
    firstAt: Math.min(firstAt, at),
    ...(SENDINGS.has(type) && { sentAt: Math.min(sentAt, at) }),
  };
}

/** Sets the status, where the event may. */
function move(known: Document, status: DocumentStatus, at: number, reopenable: boolean): Document {
  if (!reopenable) {
    const next = further(known.status, status);
    return next === known.status ? known : { ...known, status: next, statusAt: at };
  }
  if (!isOfThisRound(known, at) || at < known.statusAt) return known;
  const next = at === known.statusAt ? further(known.status, status) : status;
  const goesBack = isTerminal(known.status) && !isTerminal(next);
  return { ...known, status: next, statusAt: at, downloadable: known.downloadable && !goesBack };
}

/** The later of two document statuses; a terminal one stays. */
function further(known: DocumentStatus | null, next: DocumentStatus): DocumentStatus {
  if (known === null) return next;
  if (isTerminal(known)) return known;
  return DOCUMENT_STATUSES.indexOf(next) > DOCUMENT_STATUSES.indexOf(known) ? next : known;
}

/** Whether that moment lies in the present round: after the document last started again. */
function isOfThisRound({ reopenedAt }: Document, at: number): boolean {
  return reopenedAt === null || at >= reopenedAt;
}

/** The document as it starts again. Reports of a later time stay. */
function reopen(known: Document, how: Reopening, at: number): Document {
  if (!isOfThisRound(known, at)) return known;
  const isNewest = at >= known.statusAt;
  const restarts = how === "restart";
  return {
    ...known,
    reopenedAt: at,
    restartedAt: restarts ? at : known.restartedAt,
    ...(isNewest && { status: null, statusAt: at, downloadable: false }),
    signers: restarts ? known.signers.map((signer) => withoutSignature(signer, at)) : known.signers,
  };
}

/**
 * Takes over the facts that a payload states beside the event: title, tags, signers. A repeat can add these,
 * too.
 */
export function learn(before: Document, draft: Draft, now: number): Document {
  const stale = isStale(before, draft);
  const facts = draft.document;
  const filled = <T>(known: T, stated: T | null | undefined, isEmpty: boolean) =>
    stated && (!stale || isEmpty) ? stated : known;
  return {
    ...before,
    title: latest(before.title, facts?.title ?? null, stale),
    tags: filled(before.tags, facts?.tags, before.tags.length === 0),
    references: filled(before.references, facts?.references, Object.keys(before.references).length === 0),
    test: latest(before.test, facts?.test ?? null, stale),
    expiresAt: latest(before.expiresAt, facts?.expiresAt ?? null, stale),
    signers: signersAfter(before, draft, now),
    ...(draft.signers.length > 0 && { listedAt: Math.max(listedAtOf(before), plausibleTime(draft, now)) }),
  };
}
