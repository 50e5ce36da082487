import type { EventType } from "../../domain/event.ts";
import {
  LEGALESIGN_BATCH,
  LEGALESIGN_UPON,
  LEGALESIGN_UPON_OTHER,
  LUMIN_FORGED,
  LUMIN_SENT,
  type ProviderPayload,
} from "./posts.ts";

/** One post of a provider and its expected result. */
export interface DemoStep {
  title: string;
  /** What the step shows, for a newcomer; printed line by line. */
  lesson: readonly string[];
  /** The channel that it is posted to: `<source>/<channel>`. */
  to: string;
  /** True: the URL has the bridge's token, for channels that do not sign. */
  token: boolean;
  payload: ProviderPayload;
  /** How many requests of this step the receiver answers with 503 before it recovers. */
  outages: number;
  expected: ExpectedResult;
}

export interface ExpectedResult {
  status: number;
  /** The new events in the order of the post, in which those of one subject are forwarded. */
  events: readonly ExpectedEvent[];
  /** How many events it repeats. */
  duplicates: number;
}

interface ExpectedEvent {
  /** As forwarded: `documents/<id>` or `signers/<id>`. */
  subject: string;
  type: EventType;
}

const REQUEST = "documents/fa5c8a0b0f492d768749333ad6fcc214c111e967";
const AGREEMENT = "documents/6619179c-95da-4d5c-b7be-7bac0bac4088";
const SIGNER = "signers/656926a1-a9e9-434b-91cc-9f9769254e99";
const LEASE = "documents/0c5d1f7e-2b86-4f0e-9d0a-6d1a4be1c2f3";

export const DEMO_STEPS: readonly DemoStep[] = [
  {
    title: "Lumin says that a document was sent",
    lesson: ["The example of Lumin's documentation, byte for byte, with the signature printed there."],
    to: "lumin/account",
    token: false,
    payload: LUMIN_SENT,
    outages: 0,
    expected: { status: 200, events: [{ subject: REQUEST, type: "document.sent" }], duplicates: 0 },
  },
  {
    title: "A stranger says that it was approved",
    lesson: ["The same post with another event in it, and the signature left as it was: not genuine."],
    to: "lumin/account",
    token: false,
    payload: LUMIN_FORGED,
    outages: 0,
    expected: { status: 401, events: [], duplicates: 0 },
  },
  {
    title: "Legalesign posts its six-minute batch",
    lesson: [
      "Eight items in one form, signer and document mixed, all as bare numbers: 30 is a document",
      "completed, but a signer who has filled in the fields. Each becomes an event of its own.",
    ],
    to: "legalesign/batch",
    token: true,
    payload: LEGALESIGN_BATCH,
    outages: 0,
    expected: {
      status: 200,
      events: [
        { subject: SIGNER, type: "signer.scheduled" },
        { subject: SIGNER, type: "signer.sent" },
        { subject: SIGNER, type: "signer.viewed" },
        { subject: AGREEMENT, type: "document.fields_completed" },
        { subject: SIGNER, type: "signer.fields_completed" },
        { subject: SIGNER, type: "signer.signed" },
        { subject: AGREEMENT, type: "document.completed" },
        { subject: AGREEMENT, type: "document.downloadable" },
      ],
      duplicates: 0,
    },
  },
  {
    title: "Legalesign posts the same batch again",
    lesson: ["Providers repeat themselves. The bridge recognises each item and forwards none twice."],
    to: "legalesign/batch",
    token: true,
    payload: LEGALESIGN_BATCH,
    outages: 0,
    expected: { status: 200, events: [], duplicates: 8 },
  },
  {
    title: "Legalesign reports the end of it over another channel",
    lesson: ["An upon-signing post says what the batch said: one happening is one event."],
    to: "legalesign/upon",
    token: true,
    payload: LEGALESIGN_UPON,
    outages: 0,
    expected: { status: 200, events: [], duplicates: 2 },
  },
  {
    title: "A second document is signed, and the receiver is down for a moment",
    lesson: [
      "It answers 503 once. The bridge retries with the same webhook-id and a new signature;",
      "the document's next event waits its turn, so that the order is kept.",
    ],
    to: "legalesign/upon",
    token: true,
    payload: LEGALESIGN_UPON_OTHER,
    outages: 1,
    expected: {
      status: 200,
      events: [
        { subject: LEASE, type: "document.completed" },
        { subject: LEASE, type: "document.downloadable" },
      ],
      duplicates: 0,
    },
  },
];
