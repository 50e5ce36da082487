import type { Journal } from "./journal.ts";

/** The key of a row within its table: its position, or its names as JSON. */
export type Key = number | string;

/** The rows of one table as lines of the file: in the order of positions, where rows have them. */
export interface TableLines extends Iterable<Buffer> {
  readonly size: number;
  /** Their length in the file. */
  readonly bytes: number;
  /** Null: the row is gone. */
  put(key: Key, line: Buffer | null): void;
}

/**
 * A row is turned into bytes when it changes, not whenever the file is written: most rows never change again.
 * Every change is noted in the journal.
 */
export function createTableLines(journal: Journal): TableLines {
  const lines = new Map<Key, Buffer>();
  let bytes = 0;
  let newest = 0;
  let ordered = true;

  function place(key: Key, line: Buffer | null): void {
    const before = lines.get(key);
    if (before) bytes -= before.length;
    if (!line) {
      lines.delete(key);
      return;
    }
    bytes += line.length;
    lines.set(key, line);
    if (before || typeof key === "string") return;
    ordered &&= key >= newest;
    newest = key;
  }

  /** A row may come back when its removal failed, or be restored between others. */
  function inOrder(): Map<Key, Buffer> {
    if (ordered) return lines;
    const sorted = [...lines].sort(([a], [b]) => Number(a) - Number(b));
    lines.clear();
    for (const [key, line] of sorted) lines.set(key, line);
    newest = Number(sorted.at(-1)?.[0] ?? 0);
    ordered = true;
    return lines;
  }

  return {
    get size() {
      return lines.size;
    },
    get bytes() {
      return bytes;
    },
    [Symbol.iterator]: () => inOrder().values(),
    put(key, line) {
      const before = lines.get(key) ?? null;
      place(key, line);
      journal.note(() => place(key, before));
    },
  };
}
