import type { Resolution } from "./resolve.ts";

/**
 * A channel in shadow is tried beside the others: its requests are verified, kept and read, and change
 * nothing else. What they report is compared with what is recorded.
 */

/** A resolution that changes nothing. */
export const NO_CHANGES: Resolution = {
  events: [],
  documents: [],
  deliveries: [],
  duplicates: [],
  links: [],
  candidates: new Map(),
  channelKeys: { added: [], removed: [] },
  moved: { from: [], to: [] },
  shadow: [],
};

/**
 * What is left of a resolution in shadow: which recorded events the request reports again, and which events
 * it would have made.
 */
export function inShadow({ events, duplicates }: Resolution): Resolution {
  const made = new Set(events.map(({ event }) => event.id));
  const recorded = new Set(duplicates.map(({ event }) => event).filter((id) => !made.has(id)));
  return {
    ...NO_CHANGES,
    duplicates: [...recorded].map((event) => ({ event, key: event })),
    shadow: [...made],
  };
}
