import { createHash } from "node:crypto";
import type { AdminToken } from "../domain/rights.ts";

/** Sessions of browsers: kept in memory, gone with the process. */

export interface Session {
  /** With which it began; null: none was needed. */
  token: AdminToken | null;
  /** Until when personal data is shown, milliseconds since 1970; null: it is masked. */
  showsUntil: number | null;
}

export interface Sessions {
  /** Returns the id, which only the browser keeps. */
  begin(token: AdminToken | null): string;
  /** Null: there is none, or it has expired. `isUse` (the default): this keeps it from expiring. */
  find(id: string, isUse?: boolean): Session | null;
  end(id: string): void;
}

interface Kept {
  session: Session;
  beganAt: number;
  usedAt: number;
}

const HOUR_MS = 3_600_000;
const MAX_IDLE_MS = 4 * HOUR_MS;
const MAX_AGE_MS = 12 * HOUR_MS;
/** The oldest ends when one more begins. */
const MAX_SESSIONS = 1_000;
/** 256 bits cannot be guessed. */
const ID_BYTES = 32;

export interface SessionParts {
  now(): number;
  randomBytes(length: number): Uint8Array;
}

export function createSessions({ now, randomBytes }: SessionParts): Sessions {
  /** By the digest of the id: a copy of the memory opens no session. */
  const kept = new Map<string, Kept>();

  const isOver = ({ beganAt, usedAt }: Kept) => now() - beganAt > MAX_AGE_MS || now() - usedAt > MAX_IDLE_MS;

  function removeOld(): void {
    for (const [key, one] of kept) if (isOver(one)) kept.delete(key);
    for (const key of kept.keys()) {
      if (kept.size < MAX_SESSIONS) break;
      kept.delete(key);
    }
  }

  return {
    begin(token) {
      removeOld();
      const id = Buffer.from(randomBytes(ID_BYTES)).toString("base64url");
      kept.set(digest(id), { session: { token, showsUntil: null }, beganAt: now(), usedAt: now() });
      return id;
    },
    find(id, isUse = true) {
      const found = kept.get(digest(id));
      if (!found || isOver(found)) return null;
      if (isUse) found.usedAt = now();
      return found.session;
    },
    end(id) {
      kept.delete(digest(id));
    },
  };
}

function digest(id: string): string {
  return createHash("sha256").update(id).digest("base64");
}
