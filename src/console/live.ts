import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import type Koa from "koa";
import { type Clock, pause } from "../domain/clock.ts";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import type { Html } from "./html.ts";
import { createRendering } from "./rendering.ts";

/**
 * Server-sent events of a page (https://html.spec.whatwg.org/multipage/server-sent-events.html): its content
 * again whenever it has changed. The browser ends the stream while the page is hidden.
 */

/** A page is sent at most this often. */
const INTERVAL_MS = 2_000;
/** After this long without a change a comment keeps proxies from closing the stream. */
const HEARTBEAT_MS = 20_000;
const MAX_STREAMS = 50;

export interface LiveParts {
  clock: Clock;
  failed(error: unknown): void;
}

/** A page as one visitor sees it at the moment. */
export interface LivePage {
  /** The same for all who would see the same. */
  key: string;
  render(): Promise<Html>;
}

export function createLive({ clock, failed }: LiveParts) {
  const rendering = createRendering(clock, INTERVAL_MS);
  let streams = 0;

  /**
   * Answers with a stream that has the page each time that it differs from the one before. `shown`: the
   * digest of what the visitor sees already. `current` gives null once the visitor may not see the page any
   * more: then the stream ends.
   */
  return function stream(context: Koa.Context, shown: string, current: () => LivePage | null): void {
    if (streams >= MAX_STREAMS)
      throw new CountersignError("overloaded", `${MAX_STREAMS} pages are live already: this one is not`);
    streams += 1;
    const out = new PassThrough();
    const end = new AbortController();
    out.once("close", () => {
      streams -= 1;
      end.abort();
    });
    context.set("content-type", "text/event-stream");
    context.set("cache-control", "no-store");
    // A proxy of the kind of nginx would otherwise keep the events until a buffer is full.
    context.set("x-accel-buffering", "no");
    context.body = out;
    write(out, shown, current, end.signal)
      .catch((error) => {
        // A page that is not found any more is no fault of ours.
        if (!(error instanceof CountersignError) || HTTP_STATUS[error.code] >= 500) failed(error);
      })
      .finally(() => out.end());
  };

  async function write(
    out: PassThrough,
    known: string,
    current: () => LivePage | null,
    signal: AbortSignal,
  ): Promise<void> {
    let shown = known;
    let sentAt = clock.now();
    out.write(": the page follows\n\n");
    for (;;) {
      await pause(clock, INTERVAL_MS, signal);
      if (signal.aborted) return;
      // Nothing is rendered for a reader who does not keep up.
      if (out.writableNeedDrain) continue;
      const page = current();
      if (page === null) return;
      const text = await rendering.of(page, signal);
      if (text === null) return;
      const digest = digestOf(text);
      if (digest !== shown) out.write(eventOf(text));
      else if (clock.now() - sentAt >= HEARTBEAT_MS) out.write(": nothing has changed\n\n");
      else continue;
      shown = digest;
      sentAt = clock.now();
    }
  }
}

function eventOf(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return `${lines.join("\n")}\n\n`;
}

/** Tells contents apart, but for how long ago things were, which the browser tells by itself. */
export function digestOf(content: Html | string): string {
  const text = String(content).replace(/(<time [^>]*data-relative>)[^<]*/g, "$1");
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
