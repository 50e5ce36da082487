import type { Subscriber } from "../src/domain/destination.ts";
import type { Draft } from "../src/domain/draft.ts";
import type { EventType } from "../src/domain/event.ts";
import { receiptId } from "../src/domain/identity.ts";
import { lookupOf } from "../src/domain/lookup.ts";
import type { Receipt } from "../src/domain/receipt.ts";
import { resolve } from "../src/domain/resolve.ts";
import type { RecordRequest } from "../src/store/port/inbox.ts";
import { CHANNEL, SOURCE } from "./posts.ts";

/** The happenings of a document, in order. */
const HAPPENINGS = [
  ["document.created", "WAITING_FOR_OTHERS"],
  ["document.sent", "WAITING_FOR_OTHERS"],
  ["signer.sent", "NEED_TO_SIGN"],
  ["signer.email_opened", "NEED_TO_SIGN"],
  ["signer.viewed", "NEED_TO_SIGN"],
  ["signer.signed", "APPROVED"],
  ["document.completed", "APPROVED"],
  ["document.downloadable", "APPROVED"],
] as const satisfies readonly (readonly [EventType, string])[];

export const EVENTS_PER_DOCUMENT = HAPPENINGS.length;

/** An hour ago: all deliveries are due, and no row is old enough to be pruned during a measurement. */
const START = Date.now() - 3_600_000;

/** Happenings per request: a batch costs less than single posts, and fills the store alike. */
const BATCH = 8;

/**
 * Record requests for `documents` documents: the first event of each, then the second of each, and so on.
 * Each batch arrives a millisecond after the one before.
 */
export function requestsOf(documents: number, subscribers: readonly Subscriber[]): (() => RecordRequest)[] {
  const count = Math.ceil((documents * HAPPENINGS.length) / BATCH);
  return Array.from({ length: count }, (_, number) => () => {
    const first = number * BATCH;
    const length = Math.min(BATCH, documents * HAPPENINGS.length - first);
    const at = START + number;
    const drafts = Array.from({ length }, (_, index) => {
      const happening = first + index;
      return draftOf(happening % documents, Math.floor(happening / documents), at);
    });
    return recordRequestOf(receiptOf(number, at, Buffer.from(JSON.stringify(drafts))), drafts, subscribers);
  });
}

function recordRequestOf(
  receipt: Receipt,
  drafts: readonly Draft[],
  subscribers: readonly Subscriber[],
): RecordRequest {
  const rules = { subscribers, coalesce: 0 };
  return {
    receipt,
    lookup: lookupOf(receipt, drafts, rules),
    resolve: (known) => resolve(receipt, drafts, known, rules),
  };
}

function receiptOf(number: number, receivedAt: number, body: Buffer): Receipt {
  const random = Buffer.alloc(10);
  random.writeUInt32BE(number);
  return {
    id: receiptId(receivedAt, random),
    source: SOURCE,
    channel: CHANNEL,
    receivedAt,
    query: "",
    headers: { "content-type": "application/json", "user-agent": "Lumin Sign API" },
    body,
    verified: "hmac",
    mapping: "lumin@sha256:000000000000",
    problems: [],
  };
}

function draftOf(document: number, step: number, time: number): Draft {
  const [type, value] = HAPPENINGS[step] ?? HAPPENINGS[0];
  const signer = {
    id: `signer-${document}`,
    name: "John Doe",
    email: "john.doe@example.com",
    role: null,
    status: null,
  };
  return {
    source: SOURCE,
    provider: "lumin",
    channel: CHANNEL,
    type,
    time,
    document: {
      id: `document-${document}`,
      title: `Agreement number ${document}`,
      tags: ["sales"],
      references: null,
      test: null,
      expiresAt: null,
    },
    signer: type.startsWith("signer.") ? signer : null,
    signers: [signer],
    id: null,
    reason: null,
    reopens: null,
    reopenable: false,
    code: { object: "signature_request", value, name: "status", meaning: value },
    digest: `${document}/${step}`,
  };
}
