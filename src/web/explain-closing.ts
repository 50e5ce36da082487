import { VERIFIED_BY_BRIDGE } from "../domain/event.ts";
import { summarize } from "../domain/receipt.ts";
import type { EventHistory } from "../store/port/reads.ts";
import type { Subject } from "./explain-rows.ts";
import { formatRanges, shorten } from "./explain-words.ts";

/** The lines below a summary: what many events have in common, each said once. */

const MAX_IDS = 10;
const MAX_PROBLEMS = 5;

export interface Closing {
  /** Sentences. */
  lines: readonly string[];
  /** Ids, each with the labels of the events that it belongs to where there are several. */
  lists: readonly { name: string; items: readonly string[]; more: number }[];
}

/** How the events were read, with which problems, and their ids; `known` is in the heading already. */
export function closingOf(subjects: readonly Subject[], known: string): Closing {
  const isOne = subjects.length === 1;
  const events = subjects.map(({ label, history }) => `${label} ${history.event.id}`);
  return {
    lines: [...readingsOf(subjects), ...problemsOf(subjects, known)],
    lists: [
      listOf("Receipts", receiptsOf(subjects, known)),
      isOne ? listOf("Deliveries", subjects.flatMap(deliveriesOf)) : listOf("Events", events),
    ].filter(({ items }) => items.length > 0),
  };
}

function readingsOf(subjects: readonly Subject[]): string[] {
  const groups = groupBy(subjects, readingOf);
  return groups.map(([reading, labels]) => `${reading}${groups.length > 1 ? ` (${labels})` : ""}.`);
}

function readingOf({ history }: Subject): string {
  const { mapping, verified } = history.event.provenance;
  return `Read by ${mapping}, ${describeCheck(verified)}`;
}

export function describeCheck(verified: string): string {
  if (verified === VERIFIED_BY_BRIDGE) return "made by the bridge itself";
  return verified === "none"
    ? "not checked, as the configuration says"
    : `found genuine by ${verified.replaceAll("+", " and ")}`;
}

function deliveriesOf({ history, showsDeliveries }: Subject): string[] {
  return showsDeliveries ? history.deliveries.map(({ id, destination }) => `${destination} ${id}`) : [];
}

function receiptsOf(subjects: readonly Subject[], known: string): string[] {
  const reports = subjects.flatMap(({ history, label }) => [
    { receipt: history.event.provenance.receipt, label },
    ...history.duplicates.map(({ receipt }) => ({ receipt, label })),
  ]);
  const gone = new Set(subjects.flatMap(({ history }) => goneReceiptOf(history)));
  const isOne = subjects.length === 1;
  return groupBy(reports, ({ receipt }) => receipt)
    .filter(([receipt]) => receipt !== known)
    .map(([receipt, labels]) => {
      const details = [...(isOne ? [] : [labels]), ...(gone.has(receipt) ? ["not kept any more"] : [])];
      return details.length === 0 ? receipt : `${receipt} (${details.join("; ")})`;
    });
}

function goneReceiptOf({ event, receipt }: EventHistory): string[] {
  return receipt === null ? [event.provenance.receipt] : [];
}

function problemsOf(subjects: readonly Subject[], known: string): string[] {
  const receipts = new Map(
    subjects.flatMap(({ history: { receipt } }) => (receipt ? [[receipt.id, receipt]] : [])),
  );
  receipts.delete(known);
  const texts = [...receipts.values()].flatMap(({ id, problems }) => {
    const problem = summarize(problems);
    return problem === null ? [] : [`Not all of ${id} could be read: ${shorten(problem, 200)}.`];
  });
  const more = texts.length - MAX_PROBLEMS;
  return more > 0 ? [...texts.slice(0, MAX_PROBLEMS), `${more} more receipts have problems.`] : texts;
}

/** The labels of those that have a key in common, by key. */
function groupBy<T extends { label: number }>(
  items: readonly T[],
  keyOf: (item: T) => string,
): [key: string, labels: string][] {
  const groups = Map.groupBy(items, keyOf);
  return [...groups].map(([key, group]) => [key, formatRanges(group.map(({ label }) => label))]);
}

function listOf(name: string, items: readonly string[]): Closing["lists"][number] {
  return { name, items: items.slice(0, MAX_IDS), more: Math.max(0, items.length - MAX_IDS) };
}
