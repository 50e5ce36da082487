import type { Document } from "../domain/document.ts";
import { canSign } from "../domain/event.ts";
import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import { type Rejection, summarize } from "../domain/receipt.ts";
import { isShellWord } from "../domain/text.ts";
import { viewSigners } from "../domain/view.ts";
import type { Duplicate, EventHistory, ReceiptSummary } from "../store/port/reads.ts";
import { type Closing, closingOf, describeCheck } from "./explain-closing.ts";
import type { LineParts } from "./explain-line.ts";
import { type Row, rowsOf, type Subject } from "./explain-rows.ts";
import { adviseOnRejection, describeShadow, lengthOf } from "./explain-sentences.ts";
import { nameDocument, shorten } from "./explain-words.ts";

/** What an id names and what happened to it, in short lines. Times are UTC; addresses are masked. */
export interface Summary {
  /** What the id names. */
  heading: readonly string[];
  rows: readonly Row[];
  /** The footnotes: `[1]` in a row stands for the first. */
  notes: readonly string[];
  /** Digests, ids and problems, each once. */
  closing: Closing;
}

export type SummaryParts = Omit<LineParts, "labelOf">;

export async function summarizeEvent(history: EventHistory, parts: SummaryParts): Promise<Summary> {
  const { id, type } = history.event;
  const heading = [`Event ${id} (${type}) ${describePlace(history)}.`];
  return summarizeSubjects({ id, heading }, [subjectOf(history)], parts);
}

/** `history` has no delivery but that one. */
export async function summarizeDelivery(
  id: string,
  history: EventHistory,
  parts: SummaryParts,
): Promise<Summary> {
  const to = history.deliveries.map(({ destination }) => destination).join(", ");
  const { event } = history;
  const heading = [
    `Delivery ${id} to ${to}.`,
    `Event ${event.id} (${event.type}) ${describePlace(history)}.`,
  ];
  return summarizeSubjects({ id, heading }, [subjectOf(history)], parts);
}

function subjectOf(history: EventHistory): Subject {
  return { history, label: history.event.sequence ?? 1, group: null, showsDeliveries: true, notes: [] };
}

function describePlace({ event: { document, source } }: EventHistory): string {
  return document ? `of ${nameDocument(document)}, from ${source}` : `of no known document, from ${source}`;
}

/** `more` are events that were left out of `histories`. */
export async function summarizeReceipt(
  receipt: ReceiptSummary,
  { histories, more }: { histories: readonly EventHistory[]; more: number },
  parts: SummaryParts,
): Promise<Summary> {
  const { id, source, channel, receivedAt, verified, size } = receipt;
  const came = `${size} bytes from ${source} over ${channel}, received ${formatMoment(receivedAt)}`;
  const fresh = new Set(receipt.events);
  const ofEachDocument = [...Map.groupBy(histories, groupOf).values()].flat();
  const subjects = ofEachDocument.map((history, index) => {
    const isFresh = fresh.has(history.event.id);
    return {
      history,
      label: index + 1,
      group: groupOf(history),
      showsDeliveries: isFresh,
      notes: isFresh ? [] : ["Reported before: nothing was forwarded for this receipt."],
    };
  });
  const isEmpty = receipt.events.length + receipt.duplicates.length === 0;
  const problem = summarize(receipt.problems);
  const heading = [
    `Receipt ${id}: ${came}, ${describeCheck(verified)}.`,
    ...(problem === null ? [] : [`Not all of it could be read: ${shorten(problem, 200)}.`]),
    ...(receipt.shadow ? [describeShadow(receipt.shadow)] : []),
    ...(isEmpty && !receipt.shadow ? ["No event came of it."] : []),
    ...(more > 0 ? [`${plural(more, "more event")} of it are left out here.`] : []),
  ];
  return summarizeSubjects({ id, heading }, subjects, parts);
}

function groupOf({ event: { document, source } }: EventHistory): string {
  return document
    ? `${capitalized(nameDocument(document))}, from ${source}`
    : `No known document, from ${source}`;
}

/** The newest events of a document, or of the documents of several sources that have the same id. */
export interface DocumentEvents {
  id: string;
  documents: readonly Document[];
  histories: readonly EventHistory[];
  /** How many older ones were left out. */
  older: number;
}

export async function summarizeDocument(found: DocumentEvents, parts: SummaryParts): Promise<Summary> {
  const { id, documents, histories, older } = found;
  const sources = new Set(histories.map(({ event }) => event.source));
  const isShared = sources.size > 1;
  const ofEachSource = [...Map.groupBy(histories, ({ event }) => event.source).values()].flat();
  const subjects = ofEachSource.map((history, index) => ({
    ...subjectOf(history),
    label: isShared ? older + index + 1 : (history.event.sequence ?? older + index + 1),
    group: isShared ? `From ${history.event.source}` : null,
  }));
  const heading = [
    ...(documents.length > 0
      ? documents.map(describeDocument)
      : histories.slice(-1).map((one) => `${groupOf(one)}.`)),
    ...(histories.length === 0 ? ["None of its events is kept any more."] : []),
    ...(older > 0 ? [adviseOnOlder(id, older, histories.length)] : []),
  ];
  return summarizeSubjects({ id, heading }, subjects, parts);
}

/** The sentence that says that a document's list is bounded. */
export function adviseOnOlder(id: string, older: number, shown: number): string {
  const all = isShellWord(id)
    ? `\`countersign events --document ${id} --limit ${older + shown}\``
    : "`countersign events --document`";
  return `The newest ${shown} events are shown; ${all} lists the ${older} before them, too.`;
}

function describeDocument(document: Document): string {
  const { source, status, downloadable, sequence } = document;
  const signers = viewSigners(document).filter(({ role }) => canSign(role));
  const signed = signers.filter((signer) => signer.status === "signed").length;
  return `${[
    `${capitalized(nameDocument(document))}, from ${source}: ${status?.replace("_", " ") ?? "status unknown"}`,
    ...(downloadable ? ["PDF ready"] : []),
    ...(signers.length > 0 ? [`${signed} of ${signers.length} signed`] : []),
    plural(sequence, "event"),
  ].join(", ")}.`;
}

/** An event that only channels in shadow have reported. */
export function summarizeShadow(id: string, shadow: readonly Duplicate[]): Summary {
  const reports = shadow.map(
    ({ channel, receipt, at }) =>
      `Reported over ${channel} by receipt ${receipt}, received ${formatMoment(at)}.`,
  );
  const heading = [`Event ${id} is known from channels in shadow alone. ${NOT_RECORDED}`, ...reports];
  return { heading, rows: [], notes: [], closing: { lines: [], lists: [] } };
}

const NOT_RECORDED =
  "It is recorded and forwarded when another channel reports it, or when `shadow: true` is taken away.";

export function summarizeRejection(rejection: Rejection): Summary {
  const { id, source, channel, receivedAt, reason } = rejection;
  const length = lengthOf(rejection);
  const size = length === undefined ? "" : `${plural(length, "byte")} `;
  const heading = [
    `Refused request ${id}: ${size}from ${source} over ${channel}, received ${formatMoment(receivedAt)}.`,
    `It was refused: ${asSentence(shorten(reason, 400))}`,
    adviseOnRejection(rejection),
  ];
  return { heading, rows: [], notes: [], closing: { lines: [], lists: [] } };
}

async function summarizeSubjects(
  { id, heading }: { id: string; heading: readonly string[] },
  subjects: readonly Subject[],
  parts: SummaryParts,
): Promise<Summary> {
  return { heading, ...(await rowsOf(subjects, parts)), closing: closingOf(subjects, id) };
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function asSentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
