import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer that is sent while the body is still coming. */
export interface EarlyAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  /** The most bytes that are read and dropped, so that the sender gets to read the answer. */
  maxDrain?: number;
}

/** The rest of a body is read and dropped up to this length, ... */
const MAX_DRAIN_BYTES = 64 * 1_024 ** 2;
/** ... for this long without a byte, ... */
const DRAIN_STALL_MS = 5_000;
/** ... and for this long in total. */
const MAX_DRAIN_MS = 120_000;

/**
 * Answers while the body is still coming, and closes the connection once the body has ended or a limit is
 * reached. A socket that is closed with unread bytes is reset, and the sender would lose the answer (RFC
 * 9112, section 9.6).
 */
export function answerEarly(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, text, maxDrain = MAX_DRAIN_BYTES }: EarlyAnswer,
): void {
  if (response.destroyed) return; // the sender is gone
  response.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(text),
    connection: "close",
  });
  if (request.method !== "HEAD") response.write(text);
  drain(request, maxDrain, () => response.end());
}

/** Reads and drops the rest of the body, within the limits; then calls `done` once. */
function drain(request: IncomingMessage, maxBytes: number, done: () => void): void {
  if (request.complete || request.destroyed) {
    done();
    return;
  }
  let bytes = 0;
  const idle = setTimeout(end, DRAIN_STALL_MS);
  const late = setTimeout(end, MAX_DRAIN_MS);
  function end(): void {
    clearTimeout(idle);
    clearTimeout(late);
    request.off("data", onData).off("end", end).off("close", end);
    done();
  }
  function onData(piece: Buffer): void {
    bytes += piece.length;
    if (bytes > maxBytes) end();
    else idle.refresh();
  }
  request.on("data", onData).once("end", end).once("close", end);
}
