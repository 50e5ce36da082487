import type { Event } from "../domain/event.ts";
import { type Rejection, summarize } from "../domain/receipt.ts";
import type { Duplicate, EventHistory, ReceiptSummary } from "../store/port/reads.ts";
import { type DeliveryParts, type FindBlocking, sentencesOfUnsupported } from "./explain-advice.ts";
import { describeCheck } from "./explain-closing.ts";
import { accountForDelivery, type Sentence } from "./explain-delivery.ts";
import { nameSigner } from "./explain-words.ts";

/** The full account of requests and events: provenance, code, sequence and duplicates, a sentence each. */

/** An event from the receipt it was read from on, without its deliveries. */
export function accountForOrigin(history: EventHistory): Sentence[] {
  const { event, receipt } = history;
  return [
    ...accountForShadow(history.shadow),
    ...(receipt ? accountForReceipt(receipt) : []),
    accountForEvent(event),
    ...accountForDuplicates(history),
  ];
}

export function accountForReceipt(receipt: ReceiptSummary): Sentence[] {
  const { id, source, channel, receivedAt: at, verified, problems, size } = receipt;
  const came = `${size} bytes came from ${source} over ${channel}`;
  const problem = summarize(problems);
  const isEmpty = receipt.events.length + receipt.duplicates.length === 0;
  return [
    { at, text: `Receipt ${id}: ${came}, and the request was ${describeCheck(verified)}.` },
    ...(problem === null ? [] : [{ at, text: `Not all of it could be read: ${problem}.` }]),
    ...(receipt.shadow ? [{ at, text: describeShadow(receipt.shadow) }] : []),
    ...(isEmpty && !receipt.shadow ? [{ at, text: "No event came of it." }] : []),
  ];
}

/** What a receipt in shadow says of itself. `made`: ids of the events that it would have made. */
export function describeShadow(made: readonly string[]): string {
  const alone =
    made.length === 0
      ? "it reported nothing new"
      : `what it reported first (${made.join(", ")}) is not recorded`;
  return `Its channel is in shadow, so that nothing is forwarded for it: ${alone}.`;
}

/** The reports of an event by channels in shadow, which came before any other. */
export function accountForShadow(shadow: readonly Duplicate[]): Sentence[] {
  return shadow.map(({ at, channel, receipt }) => ({
    at,
    text: `Reported over ${channel}, in shadow, by receipt ${receipt}; nothing was forwarded for that.`,
  }));
}

export function accountForRejection(rejection: Rejection): Sentence[] {
  const { id, source, channel, receivedAt: at, reason } = rejection;
  const length = lengthOf(rejection);
  const size = length === undefined ? "" : `, with ${length} bytes,`;
  return [
    { at, text: `Request ${id} came from ${source} over ${channel}${size} and was refused: ${reason}.` },
    { at: null, text: adviseOnRejection(rejection) },
  ];
}

/** How long the body was, in bytes; undefined: nobody said. */
export function lengthOf({ body, shown }: Rejection): number | undefined {
  return shown.cutFrom ?? body?.length;
}

export function adviseOnRejection({ body, shown }: Rejection): string {
  return body === null || shown.cutFrom !== undefined
    ? "Not all of its body is kept, so it cannot be checked again: only the provider can send it once more."
    : "It is kept whole: once the fault is fixed, `countersign reprocess --rejected` takes it in.";
}

export function accountForEvent(event: Event): Sentence {
  const { code, signer, document, sequence, late, provenance, time } = event;
  const said = [code.object, code.value].filter((part) => part !== null).join(" ");
  const meaning = code.meaning === null ? "" : ` (${code.meaning})`;
  const status = document?.status ?? "in no known status";
  const about = document
    ? `number ${sequence} of document ${document.id}, which was then ${status}`
    : "of no known document";
  const who = signer ? `, about ${nameSigner(signer)}` : "";
  const lateness = late ? ", reported late: something newer was known" : "";
  const what = `by ${provenance.mapping} that is ${nameEvent(event)}, ${about}${who}${lateness}`;
  const when = `it happened at ${time}, says receipt ${provenance.receipt}`;
  return { at: Date.parse(event.recordedAt), text: `It said “${said}”${meaning}; ${what}; ${when}.` };
}

export function nameEvent({ id, type }: Event): string {
  return `${type} (${id})`;
}

export function accountForDuplicates({ duplicates }: EventHistory): Sentence[] {
  return duplicates.map(({ at, channel, receipt }) => ({
    at,
    text: `Reported again over ${channel} by receipt ${receipt}; nothing was forwarded for that.`,
  }));
}

export async function accountForDeliveries(
  history: EventHistory,
  parts: DeliveryParts,
  findBlocking: FindBlocking,
): Promise<Sentence[]> {
  const { event, deliveries } = history;
  const unsent = sentencesOfUnsupported(history, parts).map((text) => ({ at: null, text }));
  if (deliveries.length + unsent.length === 0)
    return [{ at: null, text: `No destination asked for ${nameEvent(event)}.` }];
  const accounts = await Promise.all(
    deliveries.map((delivery) => accountForDelivery(delivery, parts, findBlocking)),
  );
  return [...accounts.flat(), ...unsent];
}

/** Oldest first; what is so now comes last. */
export function inOrder(sentences: readonly Sentence[]): Sentence[] {
  return sentences.toSorted(
    (a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY) || 0,
  );
}
