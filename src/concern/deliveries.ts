import { PAUSED_BY_CONFIGURATION } from "../domain/destination.ts";
import { maskAddresses } from "../domain/mask.ts";
import { formatMoment } from "../domain/moment.ts";
import { formatDuration, plural } from "../domain/quantity.ts";
import type { Concern } from "./concern.ts";
import { PARKED } from "./delivery-kinds.ts";
import { raise } from "./raise.ts";
import type { DestinationSituation, NeverTaken, Parked, Situation } from "./situation.ts";
import { deliveriesOf, HOUR_MS, inWords, waitingOf } from "./words.ts";

/** What each destination does not get. */
export function deliveryConcerns({ destinations, now }: Situation): Concern[] {
  return destinations.flatMap((destination) => {
    const held = [breakerOpen(destination, now), paused(destination, now)].filter((one) => one !== null);
    return [
      ...destination.parked.filter(({ count }) => count > 0).map((one) => parked(destination, one)),
      ...held,
      ...(held.length > 0 ? [] : waiting(destination, now)),
      ...destination.neverTaken
        .filter((one) => isRefused(one, destination, now))
        .map((one) => typeRefused(destination, one)),
    ];
  });
}

function parked({ name }: DestinationSituation, { reason, count, oldest, newest }: Parked): Concern {
  return raise("parked", {
    subject: { destination: name, detail: reason },
    since: oldest,
    count,
    otherwise: reason === "skipped",
    facts: {
      destination: name,
      reason,
      since: formatMoment(oldest),
      last: formatMoment(newest),
      deliveries: deliveriesOf(count),
      ...PARKED[reason],
    },
  });
}

const LONG_MS = HOUR_MS;

function breakerOpen({ name, breaker, open }: DestinationSituation, now: number): Concern | null {
  if (breaker === null || now - breaker.since <= LONG_MS) return null;
  const isTokenless = breaker.failing === "token_endpoint";
  return raise("breaker_open", {
    subject: { destination: name },
    since: breaker.since,
    count: open,
    facts: {
      destination: name,
      since: formatMoment(breaker.since),
      length: inWords(now - breaker.since),
      failures: plural(breaker.failures, "failure"),
      waiting: waitingOf(open),
      what: isTokenless ? `The token endpoint of ${name}` : name,
      advice: isTokenless
        ? "Restore it, or correct `auth.oauth2` and run `countersign reload`. What waits is sent as soon as there is a token."
        : "Restore the destination. It gets what waits as soon as it answers a probe.",
    },
  });
}

function paused({ name, paused, open }: DestinationSituation, now: number): Concern | null {
  if (paused === null || now - paused.at <= LONG_MS) return null;
  const isConfigured = paused.reason === PAUSED_BY_CONFIGURATION;
  return raise("paused", {
    subject: { destination: name },
    since: paused.at,
    count: open,
    otherwise: open === 0,
    facts: {
      destination: name,
      since: formatMoment(paused.at),
      length: inWords(now - paused.at),
      reason: maskAddresses(paused.reason),
      waiting: waitingOf(open),
      advice: isConfigured
        ? "Remove `paused: true` from the configuration; then the command lets it go on."
        : "Once the reason is gone, the command lets it go on.",
      command: isConfigured ? "countersign reload" : `countersign resume ${name} --reason back`,
    },
  });
}

function waiting({ name, open, oldest, waitingLimit }: DestinationSituation, now: number): Concern[] {
  if (oldest === null || waitingLimit === null || now - oldest <= waitingLimit) return [];
  return [
    raise("waiting", {
      subject: { destination: name },
      since: oldest,
      count: open,
      facts: {
        destination: name,
        since: formatMoment(oldest),
        length: inWords(now - oldest),
        limit: formatDuration(waitingLimit),
        waiting: waitingOf(open),
      },
    }),
  ];
}

const MIN_ATTEMPTS = 5;

/** A destination that takes nothing at all is down: then the type is not what it refuses. */
function isRefused({ attempts, since }: NeverTaken, { tallies }: DestinationSituation, now: number): boolean {
  const takesOthers = tallies.some(({ outcome, newest }) => outcome === "delivered" && newest >= since);
  return attempts >= MIN_ATTEMPTS && now - since >= LONG_MS && takesOthers;
}

function typeRefused({ name }: DestinationSituation, { type, attempts, since, newest }: NeverTaken): Concern {
  return raise("event_type_refused", {
    subject: { destination: name, detail: type },
    since,
    count: attempts,
    facts: {
      destination: name,
      type,
      attempts: plural(attempts, "attempt"),
      since: formatMoment(since),
      last: formatMoment(newest),
    },
  });
}
