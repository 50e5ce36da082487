import type { Event } from "./event.ts";

/** Whom an event is forwarded to: the part of a destination's configuration that decides whether it gets an event, and in which order. */
export interface Subscriber {
  name: string;
  /** Event types with `*` for any run of characters, such as `document.*`. */
  events: readonly string[];
  /** `document`: one document's events go one after the other; `none`: each goes on its own. */
  ordering: "document" | "none";
}

/** Whether the destination asked for events of this type. `unknown` is asked for by name or by `*`. */
export function wants(subscriber: Pick<Subscriber, "events">, event: Pick<Event, "type">): boolean {
  return subscriber.events.some((pattern) => matches(pattern, event.type));
}

function matches(pattern: string, type: string): boolean {
  if (pattern === "*" || pattern === type) return true;
  if (!pattern.includes("*")) return false;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(type);
}

/** The lane of an event: its document's, or the signer's own while the document is not known. */
export function laneOf(subscriber: Pick<Subscriber, "ordering">, event: Event): string | null {
  if (subscriber.ordering === "none") return null;
  if (event.document) return `${event.source}/document/${event.document.id}`;
  if (event.signer) return `${event.source}/signer/${event.signer.id}`;
  return null;
}
