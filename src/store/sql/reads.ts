import type { Control } from "../port/control.ts";
import type { Inbox } from "../port/inbox.ts";
import type { Reads } from "../port/reads.ts";
import {
  countProblems,
  destinations,
  findAudit,
  findBlocking,
  findDeliveries,
  findDelivery,
  findDocument,
  findDocuments,
  findEvent,
  findEvents,
  findReceipt,
  findReceipts,
  findRejection,
  findRejections,
  listRejections,
} from "./find.ts";
import type { Session } from "./session.ts";

/** The part of a store that both databases read by the same statements. */
type SharedReads = Omit<Reads, "backlog"> &
  Pick<Inbox, "listRejections" | "findRejections" | "findRejection"> &
  Pick<Control, "destinations" | "findAudit">;

export function createReads(session: Session): SharedReads {
  return {
    findEvents: (filter, page) => findEvents(session, filter, page),
    findEvent: (id) => findEvent(session, id),
    findReceipts: (filter, page) => findReceipts(session, filter, page),
    findReceipt: (id) => findReceipt(session, id),
    countProblems: () => countProblems(session),
    findDocuments: (filter, page) => findDocuments(session, filter, page),
    findDocument: (source, id) => findDocument(session, source, id),
    findDeliveries: (filter, page) => findDeliveries(session, filter, page),
    findDelivery: (id) => findDelivery(session, id),
    findBlocking: (id) => findBlocking(session, id),
    listRejections: (filter, page) => listRejections(session, filter, page),
    findRejections: (filter, page) => findRejections(session, filter, page),
    findRejection: (id) => findRejection(session, id),
    destinations: () => destinations(session),
    findAudit: (page) => findAudit(session, page),
  };
}
