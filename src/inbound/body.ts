import type { IncomingMessage } from "node:http";
import type { Clock } from "../domain/clock.ts";
import { CountersignError } from "../domain/errors.ts";
import { formatDuration, formatSize } from "../domain/quantity.ts";
import type { Charge } from "./budget.ts";

/** How long a body may take to come in, in milliseconds. */
export interface Patience {
  /** Without a single byte of it. */
  stall: number;
  /** As a whole. */
  whole: number;
}

export interface BodyRules {
  /** Bytes. */
  maxBody: number;
  patience: Patience;
  charge: Charge;
  /** Told what to do when the budget gives this body up for others. */
  whenShed(give: () => void): void;
  clock: Clock;
}

type UntakenCode = "too_large" | "request_timeout" | "overloaded" | "bad_request";

/** A body that is not taken, with what had come of it by then. */
export class UntakenBody extends CountersignError {
  /** The first of its bytes. */
  readonly beginning: Uint8Array;
  /** How many came. */
  readonly length: number;

  constructor(code: UntakenCode, message: string, came: Pick<Came, "beginning" | "length">) {
    super(code, message);
    this.beginning = came.beginning();
    this.length = came.length();
  }
}

/** So many bytes are kept of a body that is not taken. */
export const BEGINNING_BYTES = 1_024;

/**
 * The bytes of the body. Nobody may have read any of it before. When it rejects, the rest is still to be read, or the
 * connection to be closed.
 *
 * @throws UntakenBody `too_large` beyond `maxBody`, as soon as that is known; `request_timeout` when it came too slowly;
 * `overloaded` when the budget has no room for it; `bad_request` when the sender gave up.
 */
export async function readBody(request: IncomingMessage, rules: BodyRules): Promise<Buffer> {
  const { maxBody, patience, charge, whenShed, clock } = rules;
  const came = gather();
  const untaken = (code: UntakenCode, message: string) => new UntakenBody(code, message, came);
  const tooLarge = () => untaken("too_large", `the body is longer than ${formatSize(maxBody)}`);

  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const startedAt = clock.now();
  let lastAt = startedAt;
  let cancelTimer = () => {};

  const onData = (piece: Buffer) => {
    lastAt = clock.now();
    came.add(piece);
    if (came.length() > maxBody) reject(tooLarge());
    else if (!charge.add(piece.length)) onShed();
  };
  const onEnd = () => {
    // What follows at once is the stream's `close`, which would make an error of it that nobody sees.
    stop();
    charge.complete();
    resolve(came.whole());
  };
  const onShed = () =>
    reject(untaken("overloaded", "too much is coming in at this moment; please send it again"));
  const onGone = () => reject(untaken("bad_request", "the sender gave up before the body was at its end"));
  const watch = () => {
    const now = clock.now();
    const [stallEnd, wholeEnd] = [lastAt + patience.stall, startedAt + patience.whole];
    if (now >= stallEnd)
      return reject(
        untaken("request_timeout", `nothing came of the body for ${formatDuration(patience.stall)}`),
      );
    if (now >= wholeEnd)
      return reject(
        untaken("request_timeout", `the body took longer than ${formatDuration(patience.whole)}`),
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

/** How long the body is said to be, in bytes; 0 where the request does not say. Node has checked that it is a number. */
export function announcedLength({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}

/** Whether anything can follow the headers. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || announcedLength(request) > 0;
}

/** Pieces as they came. */
interface Came {
  add(piece: Buffer): void;
  length(): number;
  beginning(): Buffer;
  whole(): Buffer;
}

/** So many pieces are put together: each costs some hundred bytes, and a sender may send single ones. */
const MAX_PIECES = 256;

function gather(): Came {
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
