import type { IncomingMessage } from "node:http";
import type { Clock } from "../domain/clock.ts";
import { CountersignError } from "../domain/errors.ts";
import { formatDuration, formatSize } from "../domain/quantity.ts";
import type { Charge } from "./budget.ts";

/** How long a body may take, in milliseconds. */
export interface BodyTimeouts {
  /** Without a single byte. */
  stall: number;
  /** In total. */
  whole: number;
}

export interface BodyRules {
  /** Bytes. */
  maxBody: number;
  timeouts: BodyTimeouts;
  charge: Charge;
  /** Registers what to do when the budget sheds this body for others. */
  whenShed(onShed: () => void): void;
  clock: Clock;
}

type UntakenCode = "too_large" | "request_timeout" | "overloaded" | "bad_request";

/** A body that is not taken, with what had arrived by then. */
export class UntakenBody extends CountersignError {
  /** Its first bytes. */
  readonly beginning: Uint8Array;
  /** Bytes that arrived. */
  readonly length: number;

  constructor(code: UntakenCode, message: string, pieces: Pick<Pieces, "beginning" | "length">) {
    super(code, message);
    this.beginning = pieces.beginning();
    this.length = pieces.length();
  }
}

/** Bytes that are kept of a body that is not taken. */
export const BEGINNING_BYTES = 1_024;

/**
 * Reads the whole body, of which nothing may have been read before. After a rejection the caller drains the
 * rest or closes the connection.
 *
 * @throws UntakenBody `too_large` beyond `maxBody`, as soon as that is known; `request_timeout` when a
 * timeout passed; `overloaded` when the budget has no room; `bad_request` when the sender gave up.
 */
export async function readBody(request: IncomingMessage, rules: BodyRules): Promise<Buffer> {
  const { maxBody, timeouts, charge, whenShed, clock } = rules;
  const pieces = gather();
  const untaken = (code: UntakenCode, message: string) => new UntakenBody(code, message, pieces);
  const tooLarge = () => untaken("too_large", `the body is longer than ${formatSize(maxBody)}`);

  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const startedAt = clock.now();
  let lastAt = startedAt;
  let cancelTimer = () => {};

  const onData = (piece: Buffer) => {
    lastAt = clock.now();
    pieces.add(piece);
    if (pieces.length() > maxBody) reject(tooLarge());
    else if (!charge.add(piece.length)) onShed();
  };
  const onEnd = () => {
    // The stream's `close` follows at once, and would reject a promise that nothing awaits any more.
    stop();
    charge.complete();
    resolve(pieces.whole());
  };
  const onShed = () =>
    reject(untaken("overloaded", "too much is coming in at this moment; please send it again"));
  const onGone = () => reject(untaken("bad_request", "the sender gave up before the body was at its end"));
  const watch = () => {
    const now = clock.now();
    const [stallEnd, wholeEnd] = [lastAt + timeouts.stall, startedAt + timeouts.whole];
    if (now >= stallEnd)
      return reject(
        untaken("request_timeout", `nothing came of the body for ${formatDuration(timeouts.stall)}`),
      );
    if (now >= wholeEnd)
      return reject(
        untaken("request_timeout", `the body took longer than ${formatDuration(timeouts.whole)}`),
      );
    cancelTimer = clock.after(Math.min(stallEnd, wholeEnd) - now, watch);
  };

  const stop = () => {
    cancelTimer();
    request.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
  };

  request.on("data", onData).once("end", onEnd).once("error", onGone).once("close", onGone);
  whenShed(onShed);
  watch();
  try {
    return await promise;
  } finally {
    stop();
  }
}

/** The announced length of the body in bytes; 0 where there is none. Node has checked that it is a number. */
export function announcedLength({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}

/** Whether a body follows the headers. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || announcedLength(request) > 0;
}

/** The pieces of a body as they arrive. */
interface Pieces {
  add(piece: Buffer): void;
  length(): number;
  beginning(): Buffer;
  whole(): Buffer;
}

/** Pieces that are joined into a page: each costs some hundred bytes, and a sender may send single bytes. */
const MAX_PIECES = 256;

function gather(): Pieces {
  const pages: Buffer[] = [];
  let pieces: Buffer[] = [];
  let length = 0;
  return {
    add(piece) {
      length += piece.length;
      pieces.push(piece);
      if (pieces.length < MAX_PIECES) return;
      pages.push(Buffer.concat(pieces));
      pieces = [];
    },
    length: () => length,
    beginning() {
      const bytes = Buffer.alloc(Math.min(length, BEGINNING_BYTES));
      let filled = 0;
      for (const piece of [...pages, ...pieces]) {
        if (filled === bytes.length) break;
        filled += piece.copy(bytes, filled);
      }
      return bytes;
    },
    whole() {
      const all = pages.length === 0 ? pieces : [...pages, ...pieces];
      return all.length === 1 && all[0] ? all[0] : Buffer.concat(all, length);
    },
  };
}
