import { mustSign } from "../domain/known-signer.ts";
import { formatMoment } from "../domain/moment.ts";
import { isTerminal } from "../domain/newest.ts";
import { plural } from "../domain/quantity.ts";
import { isShellWord } from "../domain/text.ts";
import type { Concern } from "./concern.ts";
import type { Rule } from "./context.ts";
import type { DOCUMENT_KINDS } from "./document-kinds.ts";
import { raise } from "./raise.ts";
import type { DocumentSituation, Situation, SourceSituation } from "./situation.ts";
import { DAY_MS, fewOf, inWords, shownId } from "./words.ts";

type DocumentKind = keyof typeof DOCUMENT_KINDS;

/** A document that one of the rules found. */
interface Found {
  id: string;
  /** When the state began that lasts too long. */
  since: number;
}

/** Of each kind and source. */
type Findings = Map<string, { kind: DocumentKind; source: string; found: Found[] }>;

const STEP_DOCUMENTS = 1_000;

/** Documents that are stuck, and events that are missing. */
export const documentRule: Rule = function* ({ situation, sourceOf }) {
  const findings: Findings = new Map();
  for (const [index, document] of situation.documents.entries()) {
    const source = sourceOf(document.source);
    if (source) judge(document, source, situation, findings);
    if (index % STEP_DOCUMENTS === STEP_DOCUMENTS - 1) yield;
  }
  const concerns: Concern[] = [];
  for (const { kind, source, found } of findings.values()) {
    yield;
    concerns.push(gathered(kind, source, found, situation));
  }
  return concerns;
};

function judge(
  document: DocumentSituation,
  source: SourceSituation,
  situation: Situation,
  findings: Findings,
) {
  const rules = isTerminal(document.status) ? ENDED_RULES : OPEN_RULES;
  const isOlderThanSource = document.firstAt < source.since + situation.stuckAfter;
  for (const { kind, since, after, needsWhole } of rules) {
    if (needsWhole && (isOlderThanSource || document.told === null)) continue;
    const began = since(document, source, situation);
    if (began === null || situation.now - began < (after ?? situation.stuckAfter)) continue;
    add(findings, kind, document, began);
    if (!needsWhole) break;
  }
}

function add(findings: Findings, kind: DocumentKind, { source, id }: DocumentSituation, since: number) {
  const key = `${kind}:${source}`;
  const entry = findings.get(key) ?? { kind, source, found: [] };
  entry.found.push({ id, since });
  findings.set(key, entry);
}

interface DocumentTest {
  kind: DocumentKind;
  /** When the state began that must not last; null: the document is not in it. */
  since(document: DocumentSituation, source: SourceSituation, situation: Situation): number | null;
  /** How long it may last, milliseconds; null: `stuckAfter`. */
  after: number | null;
  /** Only of documents whose beginning the bridge has seen. */
  needsWhole: boolean;
}

/** Longer than most providers repeat a post, so that a short outage is over. */
const SETTLED_MS = 2 * DAY_MS;

const test = (kind: DocumentKind, since: DocumentTest["since"], given: Partial<DocumentTest> = {}) => ({
  kind,
  since,
  after: SETTLED_MS,
  needsWhole: false,
  ...given,
});

/** Of a document that has not ended. The first that is not about missing events counts, and no later one. */
const OPEN_RULES: readonly DocumentTest[] = [
  test("sent_missing", signedUnsent, { needsWhole: true }),
  test("document_not_completed", signedByAll),
  test("document_expired", expired),
  test("document_stuck", sent, { after: null }),
];

const ENDED_RULES: readonly DocumentTest[] = [
  test("sent_missing", signedUnsent, { needsWhole: true }),
  test("signature_missing", completedUnsigned, { needsWhole: true }),
  test("final_pdf_missing", completedWithoutPdf),
];

function signedUnsent({ told, signers, status, statusAt }: DocumentSituation, { tells }: SourceSituation) {
  if (!tells.has("document.sent") && !tells.has("signer.sent")) return null;
  if (told === null || told.includes("document.sent") || told.includes("signer.sent")) return null;
  const signed = signers.filter((signer) => signer.status === "signed").map((signer) => signer.statusAt);
  if (signed.length > 0) return Math.min(...signed);
  return status === "completed" ? statusAt : null;
}

function completedUnsigned({ status, statusAt, signers }: DocumentSituation, { tells }: SourceSituation) {
  if (status !== "completed" || !tells.has("signer.signed")) return null;
  return signers.some((one) => mustSign(one) && one.status !== "signed") ? statusAt : null;
}

function completedWithoutPdf(
  { status, statusAt, downloadable }: DocumentSituation,
  { tells }: SourceSituation,
) {
  return status === "completed" && !downloadable && tells.has("document.downloadable") ? statusAt : null;
}

/** Only where every signer was in a list: others may still be to come. */
function signedByAll({ signers }: DocumentSituation, { tells }: SourceSituation): number | null {
  if (!tells.has("document.completed") && !tells.has("document.downloadable")) return null;
  const signing = signers.filter(mustSign);
  const isDone = signing.every(({ status, listed }) => status === "signed" && listed === true);
  return signing.length > 0 && isDone ? Math.max(...signing.map(({ statusAt }) => statusAt)) : null;
}

function expired({ expiresAt }: DocumentSituation, { tells }: SourceSituation): number | null {
  return tells.has("document.expired") ? expiresAt : null;
}

/**
 * A draft is not sent yet; where the provider does not tell of the sending, whatever was made counts as sent.
 * Where it does not tell of the expiry either, an expired document has ended.
 */
function sent(document: DocumentSituation, { tells }: SourceSituation, { now }: Situation): number | null {
  const { status, sentAt, firstAt, expiresAt } = document;
  if (!tells.has("document.expired") && expiresAt !== null && expiresAt < now) return null;
  if (sentAt !== null) return sentAt;
  const isDraft = (status === null || status === "created") && tells.has("document.sent");
  return isDraft ? null : firstAt;
}

const SHOWN_DOCUMENTS = 3;

function gathered(
  kind: DocumentKind,
  source: string,
  found: readonly Found[],
  situation: Situation,
): Concern {
  const oldestFirst = found.toSorted((one, other) => one.since - other.since);
  const worst = oldestFirst.slice(0, SHOWN_DOCUMENTS).map(({ id }) => id);
  const [first] = oldestFirst;
  const since = first?.since ?? situation.now;
  const concern = raise(kind, {
    subject: { source, documents: worst },
    since,
    count: found.length,
    facts: {
      limit: inWords(situation.stuckAfter),
      documents: plural(found.length, "document"),
      source,
      since: formatMoment(since),
      ids: fewOf(worst.map(shownId), found.length),
      worst: first && isShellWord(first.id) ? first.id : "",
    },
  });
  const command =
    first && isShellWord(first.id) ? concern.command : `countersign documents --source ${source}`;
  return { ...concern, command };
}
