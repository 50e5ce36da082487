/** Limits the bytes of requests in memory, over all connections of the process. */
export interface Budget {
  /**
   * Makes room for a request whose headers came. Null: there is none, since requests that came whole and wait
   * for their answer are never shed.
   */
  admit(request: Arrival): Charge | null;
  /** Sets another limit; charges in flight stay. */
  resize(maxBytes: number): void;
}

/** A request as the budget sees it before its body is read. */
export interface Arrival {
  /** Bytes in memory already: its headers. */
  held: number;
  /** The announced length of its body in bytes; 0 where there is none. */
  announced: number;
  /** Whether it has shown a token or password; requests without are shed first. */
  trusted: boolean;
  /** Called at most once, when the request is shed for others while its body is still coming. */
  shed(): void;
}

/** The bytes that one request holds of the budget. */
export interface Charge {
  /**
   * Charges bytes that came, or were decompressed. False: there is no room, and the request must be given up.
   */
  add(bytes: number): boolean;
  /** The body came whole: from now on the request is never shed. */
  complete(): void;
  /** The request is answered. Idempotent. */
  release(): void;
}

export interface BudgetParts {
  /** Bytes in all. */
  maxBytes: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The longest small request. */
const SMALL_BYTES = 64 * 1_024;

/** The share of the budget that is reserved for small requests. */
const RESERVED_SHARE = 1 / 8;
const MAX_RESERVE_BYTES = 8 * 1_024 ** 2;

/** A body without a byte for this long has stalled, and is shed before any that is still coming. */
const STALLED_MS = 1_000;

interface Entry {
  arrival: Arrival;
  size: number;
  large: boolean;
  complete: boolean;
  lastAt: number;
}

/**
 * Charges the bytes that came, since an announced length costs nothing. When the budget is full, an
 * unfinished body is shed for the newcomer: one that has stalled, or else the largest, so that senders that
 * never finish make room for those that do. Unfinished large requests take half of the budget at most, and
 * small ones have a reserve of their own.
 */
export function createBudget({ maxBytes, now }: BudgetParts): Budget {
  let limits = limitsOf(maxBytes);
  /** Bodies that are still coming. */
  const unfinished = new Set<Entry>();
  const used = { all: 0, large: 0 };
  /** The bytes of requests that came whole, which cannot be shed. */
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

  /** Sheds others until the used bytes fit. False: `entry` itself has to go. */
  function makeRoom(entry: Entry): boolean {
    for (;;) {
      const coming = used.large - settled.large;
      const tooLarge = entry.large && (used.large > limits.large || coming > limits.coming);
      if (!tooLarge && used.all <= limits.all) return true;
      // A request that is alone is let in whatever it unpacks to: no other could ever be shed for it.
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

/**
 * The limits of all requests, of large ones, and of large ones that are still coming: half, and one body of
 * half fits.
 */
function limitsOf(maxBytes: number): { all: number; large: number; coming: number } {
  const reserve = Math.min(Math.floor(maxBytes * RESERVED_SHARE), MAX_RESERVE_BYTES);
  return { all: maxBytes, large: maxBytes - reserve, coming: maxBytes / 2 + SMALL_BYTES };
}

/**
 * The request to shed first: one without credentials; among equals one that has stalled longest, or else
 * holds most.
 */
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
