import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../../src/domain/clock.ts";
import type { Attempt } from "../../src/domain/delivery.ts";
import { listenUntilTidy } from "./bridge.ts";

/**
 * A receiver that treats each post as its script says, and keeps account of what it met and what it did about
 * it.
 */
export interface ScriptedReceiver {
  url: string;
  /** In the order in which they came. */
  met: readonly Met[];
  /** The posts that will get no answer and whose sender has not hung up yet. */
  hanging(): readonly Met[];
}

export interface Met {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** The `webhook-id`. */
  event: string;
  document: string;
  sequence: number;
  treatment: Treatment;
  /** It came over a connection that had been used before. */
  reused: boolean;
  /** It gets no answer, and its sender still waits. */
  open: boolean;
  /** By a `Retry-After`: no earlier than this, milliseconds since 1970. */
  notBefore: number | null;
}

export type Treatment = keyof typeof TREATMENTS;

/** The sender's view of a whole answer, or of none. */
type Meaning = Pick<Attempt, "cause" | "status">;

interface Exchange {
  response: ServerResponse;
  met: Met;
  clock: Clock;
}

interface Rule extends Meaning {
  treat(exchange: Exchange): void;
}

const MEGABYTE = 1_024 ** 2;
const answered = (status: number, headers: Record<string, string> = {}, body = ""): Rule => ({
  cause: "answered",
  status,
  treat: ({ response }) => response.writeHead(status, headers).end(body),
});
const unanswered = (cause: Meaning["cause"], treat: Rule["treat"]): Rule => ({ cause, status: null, treat });

/** It began with 200, and did not come to its end. */
const unfinished = (cause: Meaning["cause"], treat: Rule["treat"]): Rule => ({ cause, status: 200, treat });

/** Everything that a receiver may do, and its meaning for the sender. */
const TREATMENTS = {
  ok: answered(200, {}, "thank you"),
  "no content": answered(204),
  "a flood, but 200": answered(200, {}, "x".repeat(MEGABYTE)),
  "500": answered(500, {}, "out of order"),
  redirect: answered(302, { location: "/elsewhere" }),
  "404": answered(404, {}, "no such customer"),
  gone: answered(410),
  "429 in seconds": throttled("90", 90_000),
  "429 until a date": throttled(null, 125_000),
  "503": answered(503),
  "a flood": answered(500, {}, "x".repeat(MEGABYTE)),
  silence: unanswered("timeout", ({ met }) => hang(met)),
  drip: unfinished("timeout", ({ response, met, clock }) => {
    hang(met);
    const more = () => void (met.open && response.write(".") && clock.after(1_000, more));
    more();
  }),
  reset: unanswered("reset", ({ response }) => response.socket?.resetAndDestroy()),
  close: unanswered("reset", ({ response }) => response.socket?.destroy()),
  "half an answer": unfinished("reset", ({ response }) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setImmediate(() => response.socket?.destroy());
  }),
  garbage: unanswered("other", ({ response }) => response.socket?.end("% this is no HTTP %\r\n\r\n")),
} satisfies Record<string, Rule>;

function hang(met: Met): void {
  met.open = true;
}

/** `seconds` is null: as a date, which is whole seconds. */
function throttled(seconds: string | null, ms: number): Rule {
  return {
    ...answered(429),
    treat({ response, met, clock }) {
      const until = seconds === null ? Math.floor((clock.now() + ms) / 1_000) * 1_000 : clock.now() + ms;
      met.notBefore = until;
      response.writeHead(429, { "retry-after": seconds ?? new Date(until).toUTCString() }).end("slow down");
    },
  };
}

export const meaningOf = (treatment: Treatment): Meaning => {
  const { cause, status }: Rule = TREATMENTS[treatment];
  return { cause, status };
};

/**
 * Whether the sender took the connection for one that had just been closed: nothing was answered there, so it
 * posted again within the same try.
 */
export const isNoAttempt = ({ treatment, reused }: Met) =>
  reused && (treatment === "reset" || treatment === "close");

/** `script` says how the nth post (from 0) of an event is treated, which is the nth of all that came. */
export async function startScripted(
  clock: Clock,
  script: (met: Pick<Met, "event" | "path">, ofEvent: number, ofAll: number) => Treatment,
): Promise<ScriptedReceiver> {
  const all: Met[] = [];
  const used = new WeakSet<object>();
  const server = createServer(async (request, response) => {
    const reused = used.has(request.socket);
    used.add(request.socket);
    const seen = { ...(await read(request)), reused, open: false, notBefore: null };
    const ofEvent = all.filter(({ event }) => event === seen.event).length;
    const met: Met = { ...seen, treatment: script(seen, ofEvent, all.length) };
    all.push(met);
    response.once("close", () => {
      met.open = false;
    });
    TREATMENTS[met.treatment].treat({ response, met, clock });
  });
  const address = await listenUntilTidy(server);
  return {
    url: `${address}/hook`,
    met: all,
    hanging: () => all.filter(({ open }) => open),
  };
}

async function read(request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method = "", url: path = "", headers } = request;
  const body = Buffer.concat(chunks);
  // A request that has followed a redirect may have come without a body.
  const data = body.length === 0 ? null : JSON.parse(body.toString()).data;
  return {
    method,
    path,
    headers,
    body,
    event: String(headers["webhook-id"]),
    document: String(data?.document?.id),
    sequence: Number(data?.sequence),
  };
}
