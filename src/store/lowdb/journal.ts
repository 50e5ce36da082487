/** Takes back changes since the file was last written, so that a write that fails has changed nothing. */
export interface Journal {
  readonly length: number;
  note(undo: () => void): void;
  /** Takes back all but the first `length` changes, the newest first. */
  undoTo(length: number): void;
  /** The changes stay. */
  clear(): void;
}

export function createJournal(): Journal {
  const steps: (() => void)[] = [];
  return {
    get length() {
      return steps.length;
    },
    note: (undo) => void steps.push(undo),
    undoTo(length) {
      for (const undo of steps.splice(length).reverse()) undo();
    },
    clear: () => void steps.splice(0),
  };
}
