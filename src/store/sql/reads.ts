import type { Control } from "../port/control.ts";
import type { Inbox } from "../port/inbox.ts";
import type { Notes } from "../port/notes.ts";
import type { Parity } from "../port/parity.ts";
import type { Reads } from "../port/reads.ts";
import { countUndelivered, findDeliveries, findDelivery } from "./deliveries.ts";
import { findDocuments, progressOf } from "./documents.ts";
import {
  countProblems,
  destinations,
  findBlocking,
  findDocument,
  findEvent,
  findReceipt,
  findRejection,
  findShadow,
} from "./find.ts";
import { findAudit, findEvents, findReceipts, findRejections, listRejections } from "./lists.ts";
import { notes } from "./notes.ts";
import { exceptions, findProof, findProofs, newestProofs } from "./parity.ts";
import { readReceipts } from "./receipts.ts";
import type { Session } from "./session.ts";
import { tallies } from "./tallies.ts";

/** The part of a store that both databases read by the same statements. */
type SharedReads = Omit<Reads, "backlog"> &
  Pick<Inbox, "listRejections" | "findRejections" | "findRejection"> &
  Pick<Control, "destinations" | "findAudit"> &
  Pick<Notes, "notes"> &
  Pick<Parity, "findProofs" | "findProof" | "newestProofs" | "parityExceptions">;

/** `read` carries out each of them: at once, unless it is given. */
export function createReads(
  session: Session,
  read: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): SharedReads {
  return {
    findEvents: (filter, page) => read(() => findEvents(session, filter, page)),
    findEvent: (id) => read(() => findEvent(session, id)),
    findShadow: (event) => read(() => findShadow(session, event)),
    findReceipts: (filter, page) => read(() => findReceipts(session, filter, page)),
    findReceipt: (id) => read(() => findReceipt(session, id)),
    readReceipts: (range, page) => read(() => readReceipts(session, range, page)),
    countProblems: () => read(() => countProblems(session)),
    findDocuments: (filter, page) => read(() => findDocuments(session, filter, page)),
    progressOf: (documents) => read(() => progressOf(session, documents)),
    findDocument: (source, id) => read(() => findDocument(session, source, id)),
    findDeliveries: (filter, page) => read(() => findDeliveries(session, filter, page)),
    findDelivery: (id) => read(() => findDelivery(session, id)),
    findBlocking: (id) => read(() => findBlocking(session, id)),
    countUndelivered: (groups, filter, page) => read(() => countUndelivered(session, groups, filter, page)),
    listRejections: (filter, page) => read(() => listRejections(session, filter, page)),
    findRejections: (filter, page) => read(() => findRejections(session, filter, page)),
    findRejection: (id) => read(() => findRejection(session, id)),
    destinations: () => read(() => destinations(session)),
    findAudit: (range, page) => read(() => findAudit(session, range, page)),
    findProofs: (filter, page) => read(() => findProofs(session, filter, page)),
    findProof: (id) => read(() => findProof(session, id)),
    newestProofs: () => read(() => newestProofs(session)),
    parityExceptions: () => read(() => exceptions(session)),
    tallies: (span) => read(() => tallies(session, span)),
    notes: (kind) => read(() => notes(session, kind)),
  };
}
