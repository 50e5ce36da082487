import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer that does not wait for the body. */
export interface EarlyAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  /** How many bytes are read and thrown away at most, so that the sender comes to read the answer. */
  maxDrain?: number;
}

/** What is still coming is thrown away up to so many bytes, ... */
const MAX_DRAIN_BYTES = 64 * 1_024 ** 2;
/** ... for so long without a byte of it, ... */
const DRAIN_STALL_MS = 5_000;
/** ... and for so long in all, in milliseconds. */
const MAX_DRAIN_MS = 120_000;

/**
 * Answers while the body is still coming, and closes the connection. The whole answer is sent at once; the connection is
 * closed only when the sender has ended, or was given time to: a socket that is closed with bytes unread is reset, and the
 * sender would lose the answer (RFC 9112, section 9.6).
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

/** Throws away what still comes, within bounds; then calls `done` once. */
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
