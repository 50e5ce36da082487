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

/** Of a test that was sent to a destination. */
export function testPage(destination: string, event: string): string {
  return `${destinationPage(destination)}/tests/${encodeURIComponent(event)}`;
}

/** Of a receipt or a refused request. */
export function requestPage(id: string): string {
  return `/requests/${encodeURIComponent(id.toWellFormed())}`;
}

/** Which deliveries of a destination are meant, as parameters of a page that asks before it does. */
interface Chosen {
  destination: string;
  document?: string;
  type?: string;
  reason?: string;
  cause?: string;
  since?: string;
}

/** Asks how many deliveries would be sent again, before they are. */
export function replayPage(filter: Chosen & { status?: string }): string {
  return addressOf("/replay", { ...filter, reason: null, parked: filter.reason });
}

/** Asks how many parked deliveries would be acknowledged, before they are. */
export function acknowledgePage({ reason, ...filter }: Chosen): string {
  return addressOf("/acknowledge", { ...filter, parked: reason });
}

export function deliveryPage(id: string): string {
  return `/deliveries/${encodeURIComponent(id)}`;
}

export function jobPage(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}

/** Of a parity report. */
export function parityPage(id: string): string {
  return `/parity/${encodeURIComponent(id)}`;
}

/** The mapping bench with a stored request on it. */
export function benchPage(request: string): string {
  return addressOf("/bench", { request });
}
