import { PassThrough } from "node:stream";
import type Koa from "koa";
import { type Clock, pause } from "../domain/clock.ts";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import type { Html } from "./html.ts";

/**
 * Server-sent events of a page (https://html.spec.whatwg.org/multipage/server-sent-events.html): its content
 * again whenever it has changed. The browser ends the stream while the page is hidden.
 */

/** A page is rendered at most this often for each stream. */
const INTERVAL_MS = 2_000;
/** After this long without a change a comment keeps proxies from closing the stream. */
const HEARTBEAT_MS = 20_000;
/** Each costs a rendering in two seconds at most. */
const MAX_STREAMS = 50;

export interface LiveParts {
  clock: Clock;
  failed(error: unknown): void;
}

export function createLive({ clock, failed }: LiveParts) {
  let streams = 0;

  /**
   * Answers with a stream that has what `render` gives, each time that it differs. Null: the visitor may not
   * see the page any more, and the stream ends.
   */
  return function stream(context: Koa.Context, render: () => Promise<Html | null>): void {
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
    write(out, render, end.signal)
      .catch((error) => {
        // A page that is not found any more is no fault of ours.
        if (!(error instanceof CountersignError) || HTTP_STATUS[error.code] >= 500) failed(error);
      })
      .finally(() => out.end());
  };

  async function write(
    out: PassThrough,
    render: () => Promise<Html | null>,
    signal: AbortSignal,
  ): Promise<void> {
    let shown = String(await render());
    let sentAt = clock.now();
    out.write(": the page follows\n\n");
    for (;;) {
      await pause(clock, INTERVAL_MS, signal);
      if (signal.aborted) return;
      // Nothing is rendered for a reader who does not keep up.
      if (out.writableNeedDrain) continue;
      const next = await render();
      if (next === null || signal.aborted) return;
      const text = String(next);
      const isNew = withoutTimes(text) !== withoutTimes(shown);
      if (isNew)
        out.write(
          `${text
            .split(/\r\n|\r|\n/)
            .map((line) => `data: ${line}`)
            .join("\n")}\n\n`,
        );
      else if (clock.now() - sentAt >= HEARTBEAT_MS) out.write(": nothing has changed\n\n");
      else continue;
      shown = text;
      sentAt = clock.now();
    }
  }
}

/** The page without how long ago things were, which the browser tells by itself. */
function withoutTimes(text: string): string {
  return text.replace(/(<time [^>]*data-relative>)[^<]*/g, "$1");
}
