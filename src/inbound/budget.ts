/** How many bytes of requests may be in memory at a time, over all connections of the process. */
export interface Budget {
  /**
   * Makes room for a request whose headers came. Null: there is none, for what is held by requests that came whole and wait
   * to be answered cannot be given up.
   */
  admit(request: Arrival): Charge | null;
  /** Takes another number of bytes in all; what is in flight stays charged. */
  resize(maxBytes: number): void;
}

/** What is known of a request before its body is read. */
export interface Arrival {
  /** Bytes that are held of it already: its headers. */
  held: number;
  /** How long its body is said to be, in bytes; 0 where it does not say. */
  announced: number;
  /** Whether it has shown a token or password; one that has not is given up first. */
  trusted: boolean;
  /** Called at most once, when the request must be given up for others while its body is still coming. */
  shed(): void;
}

/** The room that one request takes. */
export interface Charge {
  /** Takes room for bytes that came, or were decompressed. False: there is none, and the request must be given up. */
  add(bytes: number): boolean;
  /** The body came whole: from now on the request is not given up for others. */
  complete(): void;
  /** The request is answered. Called again it does nothing. */
  release(): void;
}

export interface BudgetParts {
  /** Bytes in all. */
  maxBytes: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A request of at most so many bytes is small. */
const SMALL_BYTES = 64 * 1_024;

/** The share of the budget that large requests leave to small ones, however many there are. */
const RESERVED_SHARE = 1 / 8;
const MAX_RESERVE_BYTES = 8 * 1_024 ** 2;

/** A body of which nothing came for so long is given up before any that is still coming. */
const STALLED_MS = 1_000;

interface Entry {
  arrival: Arrival;
  size: number;
  large: boolean;
  complete: boolean;
  lastAt: number;
}

/**
 * Announcing costs the bridge nothing, so only bytes that came are charged. When they have filled the budget, an unfinished
 * body is given up for the newcomer: one that has stalled, or else the largest, so that senders who never end make room for
 * those who do; and unfinished large ones take half of it at most. Small requests have a reserve that large ones never take.
 */
export function createBudget({ maxBytes, now }: BudgetParts): Budget {
  let limits = limitsOf(maxBytes);
  /** Bodies that are still coming. */
  const unfinished = new Set<Entry>();
  const used = { all: 0, large: 0 };
  /** Of requests that came whole: what cannot be given up. */
  const settled = { all: 0, large: 0 };

  function count(sums: typeof used, { size, large }: Entry, sign: 1 | -1): void {
    sums.all += sign * size;
    if (large) sums.large += sign * size;
  }

  function setSize(entry: Entry, size: number): void {
    count(used, entry, -1);
    if (entry.complete) count(settled, entry, -1);
    entry.size = size;
    entry.large ||= size > SMALL_BYTES;
    count(used, entry, 1);
    if (entry.complete) count(settled, entry, 1);
  }

  function remove(entry: Entry): void {
    setSize(entry, 0);
    unfinished.delete(entry);
  }

  /** Gives up others until what is used fits. False: `entry` is the one that has to go. */
  function makeRoom(entry: Entry): boolean {
    for (;;) {
      const coming = used.large - settled.large;
      const tooLarge = entry.large && (used.large > limits.large || coming > limits.coming);
      if (!tooLarge && used.all <= limits.all) return true;
      // A request that is alone is let in whatever it unpacks to: nothing else could ever be given up for it.
      if (used.all === entry.size) return true;
      const victim = weakest(tooLarge ? [...unfinished].filter(({ large }) => large) : unfinished, now());
      if (!victim || victim === entry) return false;
      remove(victim);
      victim.arrival.shed();
    }
  }

  return {
    resize(bytes) {
      limits = limitsOf(bytes);
    },
    admit(arrival) {
      const { held, announced } = arrival;
      const large = announced > SMALL_BYTES;
      const free = Math.min(limits.all - settled.all, large ? limits.large - settled.large : limits.all);
      if (held + announced > free && settled.all > 0) return null;
      const entry: Entry = { arrival, size: 0, large, complete: false, lastAt: now() };
      unfinished.add(entry);
      setSize(entry, held);
      let over = false;
      const charge: Charge = {
        add(bytes) {
          if (over || !(entry.complete || unfinished.has(entry))) return false;
          entry.lastAt = now();
          setSize(entry, entry.size + bytes);
          return makeRoom(entry);
        },
        complete() {
          if (!unfinished.delete(entry)) return;
          entry.complete = true;
          count(settled, entry, 1);
        },
        release() {
          over = true;
          remove(entry);
        },
      };
      if (makeRoom(entry)) return charge;
      charge.release();
      return null;
    },
  };
}

/** What all requests may take, what large ones may, and what those may that are still coming: half of all, and a body of half of it fits. */
function limitsOf(maxBytes: number): { all: number; large: number; coming: number } {
  const reserve = Math.min(Math.floor(maxBytes * RESERVED_SHARE), MAX_RESERVE_BYTES);
  return { all: maxBytes, large: maxBytes - reserve, coming: maxBytes / 2 + SMALL_BYTES };
}

/** Who is given up first: whoever showed no credentials, of those who has stalled for longest, or else holds most. */
function weakest(candidates: Iterable<Entry>, now: number): Entry | null {
  let found: Entry | null = null;
  for (const entry of candidates) if (!found || isWeaker(entry, found, now)) found = entry;
  return found;
}

function isWeaker(a: Entry, b: Entry, now: number): boolean {
  if (a.arrival.trusted !== b.arrival.trusted) return b.arrival.trusted;
  const [stalledA, stalledB] = [now - a.lastAt, now - b.lastAt];
  if (Math.max(stalledA, stalledB) >= STALLED_MS) return stalledA > stalledB;
  return a.size > b.size;
}
