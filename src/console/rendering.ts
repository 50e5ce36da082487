import { type Clock, pause } from "../domain/clock.ts";
import type { LivePage } from "./live.ts";

/**
 * Renders live pages, of which there may be many, beside webhooks that must not wait: one after the other,
 * the same page once for all who see the same, and each followed by a rest that is two hundred times as long.
 * So all of them together take half a hundredth of a processor, and the more there are, the less often each
 * is new.
 */
export function createRendering(clock: Clock, freshMs: number) {
  const recent = new Map<string, { text: string; at: number }>();
  let last = Promise.resolve();

  function recentOf(key: string): string | null {
    const found = recent.get(key);
    return found && clock.elapsed() - found.at < freshMs ? found.text : null;
  }

  function keep(key: string, text: string): void {
    for (const [other, { at }] of recent) if (clock.elapsed() - at >= freshMs) recent.delete(other);
    recent.set(key, { text, at: clock.elapsed() });
  }

  return {
    /** The page as it was less than `freshMs` ago, or is now. Null: aborted. Rejects as `render` does. */
    of({ key, render }: LivePage, signal: AbortSignal): Promise<string | null> {
      const turn = last.then(async () => {
        if (signal.aborted) return { text: null, rest: 0 };
        const known = recentOf(key);
        if (known !== null) return { text: known, rest: 0 };
        const begun = clock.elapsed();
        const text = String(await render());
        keep(key, text);
        return { text, rest: REST * (clock.elapsed() - begun) };
      });
      // The rest is of all: it does not end with this page.
      last = turn.then(
        ({ rest }) => (rest > 0 ? pause(clock, Math.min(rest, MAX_REST_MS), NEVER) : undefined),
        () => {},
      );
      return turn.then(({ text }) => text);
    },
  };
}

const REST = 200;
/** Where a database is slow, the time was not spent here. */
const MAX_REST_MS = 2_000;
const NEVER = new AbortController().signal;
