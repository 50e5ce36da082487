import type { Duplex } from "node:stream";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from "node:zlib";
import { formatSize } from "../domain/quantity.ts";
import type { Content, RawRequest, RequestHead } from "./request.ts";

/** The supported content codings (RFC 9110, section 8.4.1), as `accept-encoding` lists them. */
export const ACCEPTED_CODINGS = "gzip, deflate, br";

/** Codings applied to one body; no sender needs more. */
const MAX_CODINGS = 5;

/**
 * A body of up to `SHORT_BYTES` that holds up to `SHORT_CONTENT_BYTES` is unpacked at once, in a millisecond
 * or two.
 */
const SHORT_BYTES = 64 * 1_024;
const SHORT_CONTENT_BYTES = 1_024 ** 2;

const PIECE_BYTES = 256 * 1_024;

interface Coding {
  stream(bytes: Uint8Array): Duplex;
  atOnce(bytes: Uint8Array, maxOutputLength: number): Buffer;
}

const GZIP: Coding = {
  stream: () => createGunzip({ chunkSize: PIECE_BYTES }),
  atOnce: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
};
/** The zlib format; some senders leave out its frame. */
const DEFLATE: Coding = {
  stream: (bytes) => (isFramed(bytes) ? createInflate : createInflateRaw)({ chunkSize: PIECE_BYTES }),
  atOnce: (bytes, maxOutputLength) =>
    (isFramed(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength }),
};
const BROTLI: Coding = {
  stream: () => createBrotliDecompress({ chunkSize: PIECE_BYTES }),
  atOnce: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
};
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ["gzip", GZIP],
  ["x-gzip", GZIP],
  ["deflate", DEFLATE],
  ["br", BROTLI],
]);

function isFramed([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/** Refuses a content coding that is not supported. Null: all are. */
export function refuseCodings(head: Pick<RequestHead, "headers">): string | null {
  const names = codingsOf(head);
  const unknown = names.find((name) => !CODINGS.has(name));
  if (unknown !== undefined)
    return `the content-encoding ${JSON.stringify(unknown)} is not read here: send the body plain, or with ${ACCEPTED_CODINGS}`;
  return names.length > MAX_CODINGS ? `the content-encoding has more than ${MAX_CODINGS} codings` : null;
}

/** Whether the body has a content coding. */
export function isCoded(head: Pick<RequestHead, "headers">): boolean {
  return codingsOf(head).length > 0;
}

/** In the order of their application. */
function codingsOf({ headers }: Pick<RequestHead, "headers">): string[] {
  const header = headers["content-encoding"];
  if (header === undefined) return [];
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== "" && name !== "identity");
}

/**
 * A hint for a body that looks compressed without a header, which a gateway may have removed. Null: it does
 * not.
 */
export function unsaidCoding(request: Pick<RawRequest, "headers" | "body">): string | null {
  const [first, second] = request.body;
  if (first !== 0x1f || second !== 0x8b || isCoded(request)) return null;
  return "the body looks like gzip, and no content-encoding says so";
}

export interface ContentRules {
  /** The most bytes of content. */
  maxBody: number;
  /** Charges unpacked bytes to the budget; false: there is no room. */
  charge(bytes: number): boolean;
}

/**
 * The content of a body, or why it is refused. A corrupt body is not refused: it is recorded, with a problem.
 */
export type Unpacked = Content | { refused: "too_large" | "overloaded" };

/**
 * Unpacks a body that `refuseCodings` accepts. A bomb costs `maxBody` bytes at most, in steps off the main
 * thread.
 */
export async function unpack(
  request: Pick<RawRequest, "headers" | "body">,
  { maxBody, charge }: ContentRules,
): Promise<Unpacked> {
  let bytes: Uint8Array = request.body;
  for (const name of codingsOf(request).toReversed()) {
    const coding = CODINGS.get(name);
    if (!coding) return { undecodable: refuseCodings(request) ?? name };
    const unpacked = await undo(coding, bytes, { maxBody, charge });
    if (unpacked === "corrupt") return { undecodable: corrupt(name) };
    if (typeof unpacked === "string") return { refused: unpacked };
    bytes = unpacked;
  }
  return { bytes };
}

async function undo(
  coding: Coding,
  bytes: Uint8Array,
  { maxBody, charge }: ContentRules,
): Promise<Uint8Array | "corrupt" | "too_large" | "overloaded"> {
  if (bytes.length === 0) return bytes;
  if (bytes.length <= SHORT_BYTES) {
    const short = undoAtOnce(coding, bytes, Math.min(maxBody, SHORT_CONTENT_BYTES));
    if (typeof short !== "string") return charge(short.length) ? short : "overloaded";
    if (short === "corrupt" || maxBody <= SHORT_CONTENT_BYTES) return short;
  }
  return inTurn(() => undoInSteps(coding.stream(bytes).end(bytes), { maxBody, charge }));
}

async function undoInSteps(
  stream: Duplex,
  { maxBody, charge }: ContentRules,
): Promise<Uint8Array | "corrupt" | "too_large" | "overloaded"> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop early destroys the stream.
    for await (const piece of stream as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > maxBody) return "too_large";
      if (!charge(piece.length)) return "overloaded";
      pieces.push(piece);
    }
  } catch {
    return "corrupt";
  }
  return Buffer.concat(pieces, length);
}

/** Bodies that are unpacked at a time: each has a window of up to 16 MB outside of the budget. */
const MAX_CONCURRENT = 4;
let unpacking = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (unpacking === MAX_CONCURRENT) await new Promise<void>((resolve) => waiting.push(resolve));
  else unpacking += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else unpacking -= 1;
  }
}

function undoAtOnce(
  coding: Coding,
  bytes: Uint8Array,
  maxBody: number,
): Uint8Array | "corrupt" | "too_large" {
  try {
    return coding.atOnce(bytes, maxBody);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    return code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "corrupt";
  }
}

/** The same for a stored request, where nothing is refused: a fault becomes a problem. */
export async function withContent(request: RawRequest, maxBody: number): Promise<RawRequest> {
  if (!isCoded(request)) return request;
  const unpacked = await unpack(request, { maxBody, charge: () => true });
  return { ...request, content: "refused" in unpacked ? tooLong(maxBody) : unpacked };
}

/** The same at once, for programs that do nothing else meanwhile. */
export function contentAtOnce(request: Pick<RawRequest, "headers" | "body">, maxBody: number): Content {
  let bytes: Uint8Array = request.body;
  for (const name of codingsOf(request).toReversed()) {
    const coding = CODINGS.get(name);
    if (!coding) return { undecodable: refuseCodings(request) ?? name };
    if (bytes.length === 0) break;
    const unpacked = undoAtOnce(coding, bytes, maxBody);
    if (unpacked === "corrupt") return { undecodable: corrupt(name) };
    if (unpacked === "too_large") return tooLong(maxBody);
    bytes = unpacked;
  }
  return { bytes };
}

function corrupt(name: string): string {
  return `the body is not the ${name} that its content-encoding says`;
}

function tooLong(maxBody: number): Content {
  const undecodable = `the body holds more than ${formatSize(maxBody)} when it is decompressed`;
  return { undecodable, tooLong: true };
}

/** The decompressed body; of a corrupt one the bytes that came. */
export function contentOf({ body, content }: Pick<RawRequest, "body" | "content">): Uint8Array {
  return content && "bytes" in content ? content.bytes : body;
}
