import { addressOf } from "./form.ts";

/**
 * The addresses of the pages about one thing. Ids of providers may be any text, so they stand in the query.
 */

export function documentPage(source: string, id: string): string {
  return addressOf("/document", { source, id });
}

export function eventPage(id: string): string {
  return `/events/${encodeURIComponent(id.toWellFormed())}`;
}

export function destinationPage(name: string): string {
  return `/destinations/${encodeURIComponent(name)}`;
}

/** Of a receipt or a refused request. */
export function requestPage(id: string): string {
  return `/requests/${encodeURIComponent(id.toWellFormed())}`;
}

/** Asks how many deliveries would be sent again, before they are. */
export function replayPage(filter: { destination: string; status?: string; document?: string }): string {
  return addressOf("/replay", { ...filter });
}

/** The mapping bench with a stored request on it. */
export function benchPage(request: string): string {
  return addressOf("/bench", { request });
}
