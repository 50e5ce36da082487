import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../domain/clock.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { formatSize } from "../domain/quantity.ts";
import {
  announcedLength,
  BEGINNING_BYTES,
  type BodyRules,
  type BodyTimeouts,
  hasBody,
  readBody,
  UntakenBody,
} from "./body.ts";
import type { Arrival, Budget } from "./budget.ts";
import type { Channel } from "./channel.ts";
import { ACCEPTED_CODINGS, isCoded, refuseCodings, unpack } from "./content.ts";
import { refuseCredentials } from "./credentials.ts";
import type { RefusedBody, Reject } from "./reject.ts";
import type { RawRequest, RequestHead } from "./request.ts";

/** A request that came whole. Its bytes stay charged until `release`, which is called once it is answered. */
export interface Taken {
  request: RawRequest;
  release(): void;
}

/** The answer to a request that is not taken. */
export interface TurnedAway {
  code: ErrorCode;
  reason: string;
  headers?: Readonly<Record<string, string>>;
}

export interface IntakeParts {
  budget: Budget;
  reject: Reject;
  timeouts: BodyTimeouts;
  clock: Clock;
}

/** The charge of one request, and how the budget takes it back. */
type Room = Pick<BodyRules, "charge" | "whenShed">;

export type Intake = (exchange: Exchange, head: RequestHead, channel: Channel) => Promise<Taken | TurnedAway>;

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** How long senders are asked to wait before they repeat a request. */
export const RETRY_AFTER_SECONDS = "10";

const OVERLOADED: TurnedAway = {
  code: "overloaded",
  reason: "too much is coming in at this moment; please send it again",
  headers: { "retry-after": RETRY_AFTER_SECONDS },
};

/**
 * A request with wrong credentials is kept with a body up to this length, to be reprocessed once they are
 * right.
 */
const SHORT_BYTES = 64 * 1_024;
/**
 * Timeouts for the body of a request that is refused by its headers: the body nearly always follows at once.
 */
const GLANCE_MS: BodyTimeouts = { stall: 250, whole: 1_000 };

/**
 * Takes a request in: judges its headers, makes room for it, and reads its body. A request that its headers
 * refuse is refused before the body is asked for.
 */
export function createIntake({ budget, reject, timeouts, clock }: IntakeParts): Intake {
  return async (exchange, head, channel) => {
    const refusal = refuseHead(exchange.request, head, channel);
    if (refusal) {
      await keepGlance(exchange.request, { head, channel }, refusal);
      return refusal;
    }
    const room = admit({
      held: sizeOf(head),
      announced: announcedLength(exchange.request),
      trusted: channel.checks.some(({ kind }) => kind === "token" || kind === "basic"),
    });
    if (!room) return OVERLOADED;
    try {
      const taken = await takeWhole(exchange, head, channel, room);
      if ("code" in taken) room.charge.release();
      return taken;
    } catch (error) {
      room.charge.release();
      throw error;
    }
  };

  /** Null: there is no room. Until its body is read, a request that is shed has nothing to stop. */
  function admit(arrival: Omit<Arrival, "shed">): Room | null {
    let shed = () => {};
    const charge = budget.admit({ ...arrival, shed: () => shed() });
    const whenShed = (onShed: () => void) => {
      shed = onShed;
    };
    return charge && { charge, whenShed };
  }

  async function takeWhole(
    { request, response }: Exchange,
    head: RequestHead,
    channel: Channel,
    { charge, whenShed }: Room,
  ): Promise<Taken | TurnedAway> {
    const { maxBody, maxValues } = channel;
    if (isAsking(request)) response.writeContinue();
    let body: Buffer;
    try {
      body = await readBody(request, { maxBody, timeouts, charge, whenShed, clock });
    } catch (error) {
      if (!(error instanceof UntakenBody)) throw error;
      if (error.code === "overloaded") return OVERLOADED;
      const { beginning, length } = error;
      if (error.code === "too_large")
        await reject({ head, channel, reason: error.message, body: { beginning, length } });
      return { code: error.code, reason: error.message };
    }
    const release = () => charge.release();
    const raw = { ...head, body, maxValues };
    if (!isCoded(head)) return { request: raw, release };

    const content = await unpack(raw, { maxBody, charge: (bytes) => charge.add(bytes) });
    if (!("refused" in content)) return { request: { ...raw, content }, release };
    if (content.refused === "overloaded") return OVERLOADED;
    const reason = `the body is longer than ${formatSize(maxBody)} when it is decompressed`;
    await reject({ head, channel, reason, body: { bytes: body } });
    return { code: "too_large", reason };
  }

  /** Stores a request that its headers refuse, with as much of its body as comes at once. */
  async function keepGlance(
    request: IncomingMessage,
    { head, channel }: { head: RequestHead; channel: Channel },
    { code, reason }: TurnedAway,
  ): Promise<void> {
    const keep = (body: RefusedBody) => reject({ head, channel, reason, body });
    const announced = announcedLength(request);
    const most = code !== "bad_signature" ? BEGINNING_BYTES : announced > SHORT_BYTES ? 0 : SHORT_BYTES;
    const unread = { beginning: Buffer.alloc(0), length: announced };
    if (!hasBody(request)) return keep({ bytes: Buffer.alloc(0) });
    if (most === 0 || isAsking(request)) return keep(unread);
    const room = admit({ held: sizeOf(head), announced: 0, trusted: false });
    if (!room) return keep(unread);
    try {
      await keep(await glance(request, { maxBody: most, timeouts: GLANCE_MS, clock, ...room }));
    } finally {
      room.charge.release();
    }
  }
}

async function glance(request: IncomingMessage, rules: BodyRules): Promise<RefusedBody> {
  try {
    return { bytes: await readBody(request, rules) };
  } catch (error) {
    if (!(error instanceof UntakenBody)) throw error;
    const { beginning, length } = error;
    return { beginning, length: Math.max(length, announcedLength(request)) };
  }
}

/** Judges a request without a byte of its body: by credentials, by coding, by length. */
function refuseHead(request: IncomingMessage, head: RequestHead, channel: Channel): TurnedAway | null {
  const refusal = refuseCredentials(head, channel);
  if (refusal) return { code: "bad_signature", reason: refusal.refused };
  const unread = refuseCodings(head);
  if (unread !== null) {
    return {
      code: "unsupported_media_type",
      reason: unread,
      headers: { "accept-encoding": ACCEPTED_CODINGS },
    };
  }
  const announced = announcedLength(request);
  if (announced <= channel.maxBody) return null;
  const reason = `the body is longer than ${formatSize(channel.maxBody)}: ${announced} bytes were announced`;
  return { code: "too_large", reason };
}

/**
 * Whether the sender waits for `100 Continue` (RFC 9110, section 10.1.1). Node answers other expectations
 * with 417.
 */
function isAsking({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor > 0;
}

/** Roughly the bytes that the headers take. */
function sizeOf({ headers }: RequestHead): number {
  let bytes = 1_024;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0);
  return bytes;
}
