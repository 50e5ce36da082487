/**
 * Reads and writes of one connection take turns, so that no read sees a change that is rolled back later: any
 * number of reads at once, or one write. A read that is asked for during a write runs before the next write.
 */
export interface Turns {
  read<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` once the reads under way have ended. One at a time: the caller waits for the write before.
   */
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
      try {
        await work();
      } finally {
        writing = false;
        const next = waiting;
        waiting = [];
        for (const read of next) read();
      }
    },
  };
}
