import { createHmac } from "node:crypto";
import { eventId } from "../src/domain/identity.ts";

/** The channel and the key of the posts. */
export const SOURCE = "lumin";
export const CHANNEL = "account";
export const PATH = `/in/${SOURCE}/${CHANNEL}`;
export const KEY = "the-primary-api-key-of-a-workspace";

/** Lumin's reports about a document, in order. Each type happens once, so every post is one new event. */
const REPORTS = [
  ["signature_request_created", "document.created", "WAITING_FOR_OTHERS"],
  ["signature_request_sent", "document.sent", "WAITING_FOR_OTHERS"],
  ["signature_request_approved", "document.completed", "APPROVED"],
  ["signature_request_downloadable", "document.downloadable", "APPROVED"],
] as const;

export const EVENTS_PER_DOCUMENT = REPORTS.length;

/** The id of the event of the post with this number. */
export function eventIdOf(number: number): string {
  const [, type] = stepOf(number);
  return eventId({ source: SOURCE, object: "document", objectId: documentOf(number), type, distinct: "" });
}

/** The body and its signature, as Lumin would make them. Each number is another event. */
export function createPost(number: number): { body: Buffer; signature: string } {
  const [word, , status] = stepOf(number);
  const at = 1_758_812_586_180 + number;
  const body = Buffer.from(
    JSON.stringify({
      event: {
        event_time: at,
        event_type: word,
        event_metadata: { workspace_id: "68d417dcdeaecfae84872de8" },
      },
      signature_request: {
        signature_request_id: documentOf(number),
        title: `Agreement number ${number}`,
        created_at: 1_758_812_378_277,
        updated_at: at,
        expires_at: 1_827_510_980_694,
        status,
        signers: [
          { name: "John Doe", email: "john.doe@example.com", status, is_approved: status === "APPROVED" },
        ],
      },
      details_url: "https://sign.luminpdf.com/auth?mode=view-contract&token=not-a-real-token",
    }),
  );
  return { body, signature: createHmac("sha256", KEY).update(body).digest("hex") };
}

/** The bytes of `count` requests from number `first` on, signed before any clock starts. */
export function createRequests(first: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => createRequest(first + index));
}

function createRequest(number: number): Buffer {
  const { body, signature } = createPost(number);
  const head = [
    `POST ${PATH} HTTP/1.1`,
    "host: 127.0.0.1",
    "user-agent: Lumin Sign API",
    "accept: */*",
    "content-type: application/json",
    `content-length: ${body.length}`,
    `x-signature: ${signature}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

function stepOf(number: number) {
  return REPORTS[number % REPORTS.length] ?? REPORTS[0];
}

function documentOf(number: number): string {
  return `68d558da${Math.floor(number / REPORTS.length)
    .toString(16)
    .padStart(16, "0")}`;
}
