import type { Clock } from "../domain/clock.ts";
import type { Store } from "../store/store.ts";
import type { SavedState } from "./gate.ts";
import type { Observer } from "./observe.ts";
import { retryStoreWrite } from "./retry-store-write.ts";

type Field = keyof SavedState;

/**
 * Persists one destination's state, and keeps older notifications from overwriting what is not persisted yet.
 */
export interface StateWriter {
  /** The field has changed; `flush` persists it. */
  mark(field: Field): void;
  /** Persists the marked fields, with retries until `signal` is aborted. */
  flush(signal: AbortSignal): Promise<void>;
  /** Persists the fields' current values without a retry; then calls `onSaved`. Rejects as the store does. */
  write(fields: readonly Field[], onSaved?: () => void): Promise<void>;
  /** Applies a state that was read from the store: at once, or after the own changes are persisted. */
  receive(saved: SavedState): void;
}

interface Parts {
  destination: string;
  store: Pick<Store, "saveDestination">;
  clock: Clock;
  observe: Pick<Observer, "keepFailed">;
  /** The current values. */
  current(): SavedState;
  apply(saved: SavedState): void;
}

export function createStateWriter({
  destination,
  store,
  clock,
  observe,
  current,
  apply,
}: Parts): StateWriter {
  const dirty = new Set<Field>();
  let writing = 0;
  /** The last state that was received while a field was dirty or a write was in progress. */
  let postponed: SavedState | null = null;

  function receive(saved: SavedState): void {
    const busy = writing > 0 || dirty.size > 0;
    postponed = busy ? saved : null;
    if (!busy) apply(saved);
  }

  function save(fields: ReadonlySet<Field>): Promise<void> {
    // The store announces this write too, with all that was written before it: what came so far is outdated.
    postponed = null;
    return store.saveDestination(destination, pick(current(), fields));
  }

  async function whileWriting(write: () => Promise<unknown>): Promise<void> {
    writing += 1;
    try {
      await write();
    } finally {
      writing -= 1;
      if (postponed !== null) receive(postponed);
    }
  }

  return {
    mark: (field) => void dirty.add(field),
    async flush(signal) {
      if (dirty.size === 0) return;
      const fields = new Set(dirty);
      dirty.clear();
      const onFailure = (error: unknown, failures: number) =>
        observe.keepFailed({ destination, error, failures });
      await whileWriting(() => retryStoreWrite(() => save(fields), { clock, signal, onFailure }));
    },
    write: (fields, onSaved) => whileWriting(() => save(new Set(fields)).then(onSaved)),
    receive,
  };
}

function pick({ paused, breaker }: SavedState, fields: ReadonlySet<Field>): Partial<SavedState> {
  return { ...(fields.has("paused") && { paused }), ...(fields.has("breaker") && { breaker }) };
}
