import { coalesceKeyOf, type Draft, dedupeKeyOf } from "./draft.ts";
import { isOwnSignerId } from "./identity.ts";
import type { Receipt } from "./receipt.ts";

/** What has to be looked up before a request can be resolved. */
export interface Lookup {
  /** Ids of the documents it names, within its source. */
  documents: readonly string[];
  /** Ids of signers whose document it does not name. */
  signers: readonly string[];
  /** Ids of signers whose document it names: another channel may tell the same of them without it, at the same moment. */
  placedSigners: readonly string[];
  /** Keys of the happenings it tells. */
  dedupeKeys: readonly string[];
  /** Those of them under which this channel's report may have been taken for an event by nearness. */
  nearKeys: readonly string[];
  /** Kins of them, each once, that may have been told over another channel at nearly the same time. */
  coalesce: readonly CoalesceQuery[];
}

/** Of which time a coalesceKey is asked for: milliseconds since 1970, both included. */
export interface CoalesceQuery {
  coalesceKey: string;
  from: number;
  to: number;
}

/** `coalesce`: how far apart two channels' times of one happening may be, in milliseconds; 0: never the same. */
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

/** What lies within the window of a report, what else was matched to that, and what else that could mean. */
const WINDOWS = 3;

/** A request may tell several of a coalesceKey, hours apart: it is asked for once, of all that time. */
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

/** When it happened, or when it was received where the provider gives no time. */
export function timeOf(draft: Draft, { receivedAt }: Pick<Receipt, "receivedAt">): number {
  return draft.time ?? receivedAt;
}
