import type { DocumentSituation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import type { EventType } from "../../src/domain/event.ts";
import type { Chance } from "../../src/simulate/chance.ts";
import { busynessAt } from "./calendar.ts";
import type { Span } from "./posts.ts";

/**
 * The documents of a simulated site: each is sent, and completed, declined or expired within 10 days and an
 * hour.
 */

/** When what happens to a document, milliseconds since 1970; infinite: never. */
export interface Life {
  source: string;
  id: string;
  sentAt: number;
  /** One for each signer. */
  signedAt: readonly number[];
  declinedAt: number;
  completedAt: number;
  pdfAt: number;
  expiresAt: number;
  /** When the provider tells of the expiry. */
  expiryToldAt: number;
}

export const NEVER = Number.POSITIVE_INFINITY;
const EXPIRY_MS = 10 * DAY_MS;
/** The provider tells of an expiry so much later. */
const EXPIRY_TOLD_MS = HOUR_MS;

export function livesOf(
  { from, until }: Span,
  sources: readonly [string, ...string[]],
  chance: Chance,
): Life[] {
  const lives: Life[] = [];
  for (let hour = from; hour < until; hour += HOUR_MS)
    if (chance.happens(busynessAt(hour) * 0.6))
      lives.push(aLife(chance.pick(sources), `${lives.length}`, hour + chance.int(0, HOUR_MS - 1), chance));
  return lives;
}

function aLife(source: string, id: string, sentAt: number, chance: Chance): Life {
  const signers = chance.int(1, 3);
  const times = Array.from(
    { length: signers },
    () => sentAt + chance.int(5 * MINUTE_MS, 6 * DAY_MS) * chance.int(1, 2),
  );
  const isDeclined = chance.happens(0.05);
  const completedAt = isDeclined ? NEVER : Math.max(...times) + MINUTE_MS;
  return {
    source,
    id: `${source}-${id}`,
    sentAt,
    signedAt: isDeclined ? times.map(() => NEVER) : times,
    declinedAt: isDeclined ? Math.min(...times) : NEVER,
    completedAt,
    pdfAt: completedAt + chance.int(1, 60) * MINUTE_MS,
    expiresAt: sentAt + EXPIRY_MS,
    expiryToldAt: sentAt + EXPIRY_MS + EXPIRY_TOLD_MS,
  };
}

/** A document that is sent at that moment, to one signer who never signs. */
export function aLifeOf(given: Pick<Life, "source" | "id" | "sentAt"> & Partial<Life>): Life {
  return {
    signedAt: [NEVER],
    declinedAt: NEVER,
    completedAt: NEVER,
    pdfAt: NEVER,
    expiresAt: NEVER,
    expiryToldAt: NEVER,
    ...given,
  };
}

const LISTED_MS = 30 * DAY_MS;

/** What is known of it at that moment; null: nothing yet, or its end is long past. */
export function documentAt(life: Life, now: number): DocumentSituation | null {
  const { source, id, sentAt, expiresAt, expiryToldAt: expiredAt, completedAt, declinedAt, pdfAt } = life;
  const endedAt = Math.min(completedAt, declinedAt, expiredAt);
  if (now < sentAt || now - Math.min(endedAt, pdfAt) > LISTED_MS) return null;
  const signedAt = life.signedAt.map((time) => (time < Math.min(declinedAt, expiredAt) ? time : NEVER));
  const isCompleted = completedAt === endedAt && now >= endedAt;
  return {
    source,
    id,
    status:
      now < endedAt ? "sent" : isCompleted ? "completed" : declinedAt === endedAt ? "declined" : "expired",
    statusAt: now < endedAt ? sentAt : endedAt,
    firstAt: sentAt,
    sentAt,
    expiresAt: expiresAt === NEVER ? null : expiresAt,
    downloadable: isCompleted && now >= pdfAt,
    signers: signedAt.map((time) => ({
      status: now >= time ? "signed" : "sent",
      statusAt: now >= time ? time : sentAt,
      role: "signer",
      listed: true,
    })),
    told: ["document.created", "document.sent"] satisfies EventType[],
  };
}
