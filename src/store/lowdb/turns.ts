/**
 * Reads and writes of one connection by turns, so that no read sees what a write may take back: any number of reads at
 * once, or one write. A read that is asked for during a write runs after it, before the next.
 */
export interface Turns {
  read<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work`, which must not reject, once the reads under way have ended. One at a time. */
  write(work: () => Promise<void>): Promise<void>;
}

export function createTurns(): Turns {
  const reads = new Set<Promise<unknown>>();
  let waiting: (() => void)[] = [];
  let writing = false;

  function begin<T>(work: () => Promise<T>): Promise<T> {
    const read = work();
    const forget = () => void reads.delete(read);
    reads.add(read);
    read.then(forget, forget);
    return read;
  }

  return {
    read(work) {
      if (!writing) return begin(work);
      return new Promise((resolve) => void waiting.push(() => resolve(begin(work))));
    },
    async write(work) {
      writing = true;
      await Promise.allSettled(reads);
      await work();
      writing = false;
      const next = waiting;
      waiting = [];
      for (const read of next) read();
    },
  };
}
