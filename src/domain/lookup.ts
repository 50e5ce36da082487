import { coalesceKeyOf, type Draft, dedupeKeyOf } from "./draft.ts";
import { isOwnSignerId } from "./identity.ts";
import type { Receipt } from "./receipt.ts";

/** The rows that a store must look up before a request can be resolved. */
export interface Lookup {
  /** Ids of the documents that the request names, within its source. */
  documents: readonly string[];
  /** Ids of signers whose document the request does not name. */
  signers: readonly string[];
  /**
   * Ids of signers whose document it names: another channel may report them without their document at this
   * moment.
   */
  placedSigners: readonly string[];
  /** Dedupe keys of its drafts. */
  dedupeKeys: readonly string[];
  /** Those of them that may have been matched to an event by nearness. */
  nearKeys: readonly string[];
  /**
   * Coalesce keys of its drafts, each once, that another channel may have reported at nearly the same time.
   */
  coalesce: readonly CoalesceQuery[];
}

/** The time range of a coalesce key's events, milliseconds since 1970, both ends included. */
export interface CoalesceQuery {
  coalesceKey: string;
  from: number;
  to: number;
}

/**
 * `coalesce`: how far apart two channels' times of one happening may be, in milliseconds; 0: never the same.
 */
export function lookupOf(
  receipt: Receipt,
  drafts: readonly Draft[],
  { coalesce }: { coalesce: number },
): Lookup {
  const documents = drafts.flatMap(({ document }) => (document ? [document.id] : []));
  const signers = drafts.flatMap(({ document, signer }) => (signer && !document ? [signer.id] : []));
  const placedSigners = drafts.flatMap(({ document, signer }) =>
    signer && document && !isOwnSignerId(signer.id) ? [signer.id] : [],
  );
  return {
    documents: [...new Set(documents)],
    signers: [...new Set(signers)],
    placedSigners: [...new Set(placedSigners)],
    dedupeKeys: drafts.map(dedupeKeyOf),
    nearKeys: drafts.filter((draft) => coalesceKeyOf(draft) !== null).map(dedupeKeyOf),
    coalesce: coalesce > 0 ? coalesceQueries(receipt, drafts, coalesce) : [],
  };
}

/**
 * Candidates lie within one window of the report, reports merged into them within a second, their candidates
 * a third.
 */
const WINDOWS = 3;

/** Drafts of one coalesce key, even hours apart, make one query over all their time. */
function coalesceQueries(receipt: Receipt, drafts: readonly Draft[], coalesce: number): CoalesceQuery[] {
  const questions = new Map<string, CoalesceQuery>();
  for (const draft of drafts) {
    const coalesceKey = coalesceKeyOf(draft);
    if (coalesceKey === null) continue;
    const at = timeOf(draft, receipt);
    const far = WINDOWS * coalesce;
    const { from, to } = questions.get(coalesceKey) ?? { from: at, to: at };
    questions.set(coalesceKey, { coalesceKey, from: Math.min(from, at - far), to: Math.max(to, at + far) });
  }
  return [...questions.values()];
}

/**
 * When the happening occurred; when it was received where the provider gives no time. Milliseconds since
 * 1970.
 */
export function timeOf(draft: Draft, { receivedAt }: Pick<Receipt, "receivedAt">): number {
  return draft.time ?? receivedAt;
}
