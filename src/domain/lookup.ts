import { type Draft, keyOf, kinOf } from "./draft.ts";
import { isOwnSignerId } from "./identity.ts";
import type { Receipt } from "./receipt.ts";

/** What has to be looked up before a request can be unfolded. */
export interface Questions {
  /** Ids of the documents it names, within its source. */
  documents: readonly string[];
  /** Ids of signers whose document it does not name. */
  signers: readonly string[];
  /** Ids of signers whose document it names: another channel may tell the same of them without it, at the same moment. */
  placedSigners: readonly string[];
  /** Keys of the happenings it tells. */
  keys: readonly string[];
  /** Those of them under which this channel's telling may have been taken for an event by nearness. */
  nearKeys: readonly string[];
  /** Kins of them, each once, that may have been told over another channel at nearly the same time. */
  kins: readonly KinQuestion[];
}

/** Of which time a kin is asked for: milliseconds since 1970, both included. */
export interface KinQuestion {
  kin: string;
  from: number;
  to: number;
}

/** `coalesce`: how far apart two channels' times of one happening may be, in milliseconds; 0: never the same. */
export function questionsOf(
  receipt: Receipt,
  drafts: readonly Draft[],
  { coalesce }: { coalesce: number },
): Questions {
  const documents = drafts.flatMap(({ document }) => (document ? [document.id] : []));
  const signers = drafts.flatMap(({ document, signer }) => (signer && !document ? [signer.id] : []));
  const placedSigners = drafts.flatMap(({ document, signer }) =>
    signer && document && !isOwnSignerId(signer.id) ? [signer.id] : [],
  );
  return {
    documents: [...new Set(documents)],
    signers: [...new Set(signers)],
    placedSigners: [...new Set(placedSigners)],
    keys: drafts.map(keyOf),
    nearKeys: drafts.filter((draft) => kinOf(draft) !== null).map(keyOf),
    kins: coalesce > 0 ? kinQuestions(receipt, drafts, coalesce) : [],
  };
}

/** What lies within the window of a telling, what else was matched to that, and what else that could mean. */
const WINDOWS = 3;

/** A request may tell several of a kin, hours apart: it is asked for once, of all that time. */
function kinQuestions(receipt: Receipt, drafts: readonly Draft[], coalesce: number): KinQuestion[] {
  const questions = new Map<string, KinQuestion>();
  for (const draft of drafts) {
    const kin = kinOf(draft);
    if (kin === null) continue;
    const at = timeOf(draft, receipt);
    const far = WINDOWS * coalesce;
    const { from, to } = questions.get(kin) ?? { from: at, to: at };
    questions.set(kin, { kin, from: Math.min(from, at - far), to: Math.max(to, at + far) });
  }
  return [...questions.values()];
}

/** When it happened, or when it was received where the provider gives no time. */
export function timeOf(draft: Draft, { receivedAt }: Pick<Receipt, "receivedAt">): number {
  return draft.time ?? receivedAt;
}
