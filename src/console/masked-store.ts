import type { Attempt } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { Event } from "../domain/event.ts";
import { maskAddress, maskAddresses, maskName } from "../domain/mask.ts";
import type { EventHistory } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";

/**
 * The store with personal data masked: names and addresses of signers, addresses in titles, tags, reasons and
 * receivers' answers. Searching finds the same. Bodies and headers of requests are not masked.
 */
export function maskedStore(store: Store): Store {
  return {
    ...store,
    async findEvents(filter, page) {
      const { items, ...rest } = await store.findEvents(filter, page);
      return { ...rest, items: items.map(maskEvent) };
    },
    async findEvent(id) {
      const history = await store.findEvent(id);
      return history && maskHistory(history);
    },
    async findDocuments(filter, page) {
      const { items, ...rest } = await store.findDocuments(filter, page);
      return { ...rest, items: items.map(maskDocument) };
    },
    async findDocument(source, id) {
      const document = await store.findDocument(source, id);
      return document && maskDocument(document);
    },
  };
}

interface Person {
  name: string | null;
  email: string | null;
}

function maskPerson<P extends Person>(person: P): P {
  const { name, email } = person;
  return {
    ...person,
    name: name === null ? null : maskName(name),
    email: email === null ? null : maskAddress(email),
  };
}

function maskEvent(event: Event): Event {
  const { document, signer, signers, reason } = event;
  return {
    ...event,
    document: document && maskTexts(document),
    signer: signer && maskPerson(signer),
    signers: signers.map(maskPerson),
    reason: reason && maskAddresses(reason),
  };
}

function maskDocument<D extends Document>(document: D): D {
  return { ...maskTexts(document), signers: document.signers.map(maskPerson) };
}

interface Texts {
  title: string | null;
  tags: readonly string[];
  references: Readonly<Record<string, string>>;
}

function maskTexts<T extends Texts>(document: T): T {
  const { title, tags, references } = document;
  return {
    ...document,
    title: title && maskAddresses(title),
    tags: tags.map(maskAddresses),
    references: Object.fromEntries(
      Object.entries(references).map(([name, value]) => [name, maskAddresses(value)]),
    ),
  };
}

function maskHistory({ event, deliveries, ...rest }: EventHistory): EventHistory {
  return {
    ...rest,
    event: maskEvent(event),
    deliveries: deliveries.map(({ history, ...delivery }) => ({
      ...delivery,
      history: history.map(maskAttempt),
    })),
  };
}

function maskAttempt(attempt: Attempt): Attempt {
  return { ...attempt, answer: attempt.answer && maskAddresses(attempt.answer) };
}
