import type { Document } from "./document.ts";
import type { Draft, SignerFacts } from "./draft.ts";
import { canSign, meaningOf, SIGNER_STATUSES, type SignerRole, type SignerStatus } from "./event.ts";
import { isTerminal, latest } from "./newest.ts";

/** What is known of a signer, and as of when. */
export interface KnownSigner {
  id: string;
  name: string | null;
  email: string | null;
  role: SignerRole | null;
  status: SignerStatus | null;
  /** Since when the status holds, milliseconds since 1970. */
  statusAt: number;
  /**
   * Whether the newest list of signers has this one: false: replaced or removed; null: no list ever had it.
   */
  listed: boolean | null;
  /**
   * The event of the signer's end (signed, declined). `emitted`: there is one; `predates`: the signer had
   * ended when the document was first seen, so there is none; null: not ended, or an event is due.
   */
  finalEvent: FinalEvent | null;
}

export const FINAL_EVENTS = ["emitted", "predates"] as const;
export type FinalEvent = (typeof FINAL_EVENTS)[number];

/** Whether this person must sign, and was not replaced or removed. */
export function mustSign({ role, listed }: Pick<KnownSigner, "role" | "listed">): boolean {
  return listed !== false && canSign(role);
}

/**
 * The signers after a payload, in whichever order lists come. A signer whom the newest list leaves out, and
 * who has not ended, is marked as no longer listed.
 */
export function signersAfter(before: Document, draft: Draft, now: number): readonly KnownSigner[] {
  const { signer } = draft;
  if (!signer && draft.signers.length === 0) return before.signers;
  const isNewest = draft.time === null || draft.time >= listedAtOf(before);
  const finalEvent = before.sequence === 0 ? "predates" : null;
  const signers = new Map(before.signers.map((known) => [known.id, known]));
  const update = (facts: SignerFacts, finalEvent: FinalEvent | null): KnownSigner =>
    updated(signers.get(facts.id), withinStart(before, facts, draft.time ?? now), finalEvent);
  for (const facts of draft.signers) {
    const known = signers.get(facts.id);
    const next = update(facts, finalEvent);
    signers.set(facts.id, { ...next, listed: isNewest || hasEnded(next.status) || known?.listed === true });
  }
  if (signer) signers.set(signer.id, update(withEventStatus(signer, draft), "emitted"));
  if (draft.signers.length === 0 || !isNewest) return [...signers.values()];
  const listed = new Set([...draft.signers.map(({ id }) => id), signer?.id]);
  return [...signers.values()].map((known) =>
    listed.has(known.id) || known.listed === null || hasEnded(known.status)
      ? known
      : { ...known, listed: false },
  );
}

/**
 * The time of the newest list. Documents recorded before these times were kept may have had one at their
 * newest event.
 */
export function listedAtOf({ listedAt, signers, newest }: Document): number {
  return listedAt ?? (signers.some(({ listed }) => listed !== null) ? newest : 0);
}

/** A signer after the signatures were taken back at that moment. */
export function withoutSignature(signer: KnownSigner, at: number): KnownSigner {
  return signer.statusAt > at ? signer : { ...signer, status: null, statusAt: at, finalEvent: null };
}

/** Whether a signer has signed or declined: neither is taken back. */
export function hasEnded(status: SignerStatus | null): boolean {
  return isTerminal(status);
}

/** What a payload says of a signer, at a time in milliseconds since 1970. */
interface DatedFacts extends SignerFacts {
  at: number;
}

/** A status of before signatures were last taken back says nothing about the present. */
function withinStart({ restartedAt }: Document, facts: SignerFacts, at: number): DatedFacts {
  const isOfThisStart = restartedAt === null || at >= restartedAt;
  return { ...facts, status: isOfThisStart ? facts.status : null, at };
}

/** The signer of the event, in the status that the event's type gives. */
function withEventStatus(signer: SignerFacts, { type }: Draft): SignerFacts {
  const meaning = meaningOf(type);
  const status = meaning?.about === "signer" ? meaning.status : null;
  return { ...signer, status: status ?? signer.status };
}

const NEVER_SEEN = { role: null, status: null, statusAt: 0, listed: null, finalEvent: null } as const;

/** `finalEvent`: set where the facts end the signer. A signer whose role cannot sign has not signed. */
function updated(
  before: KnownSigner | undefined,
  facts: DatedFacts,
  finalEvent: FinalEvent | null,
): KnownSigner {
  const { at, ...stated } = facts;
  const known = before ?? { ...stated, ...NEVER_SEEN };
  const stale = at < known.statusAt;
  const role = latest(known.role, facts.role, stale);
  const status = facts.status === "signed" && !canSign(role) ? null : facts.status;
  const moved = status !== null && supersedes(known, status, at);
  return {
    id: known.id,
    name: latest(known.name, facts.name, stale),
    email: latest(known.email, facts.email, stale),
    role,
    status: moved ? status : known.status,
    statusAt: moved ? at : known.statusAt,
    listed: known.listed,
    finalEvent: hasEnded(facts.status) ? (finalEvent ?? known.finalEvent) : known.finalEvent,
  };
}

/**
 * A terminal status stays, and replaces any other. Otherwise the later one counts; of one moment, the further
 * one.
 */
function supersedes(before: KnownSigner, status: SignerStatus, at: number): boolean {
  if (before.status === null) return true;
  if (hasEnded(before.status)) return false;
  if (hasEnded(status)) return true;
  if (at !== before.statusAt) return at > before.statusAt;
  return SIGNER_STATUSES.indexOf(status) > SIGNER_STATUSES.indexOf(before.status);
}
