import type { Event } from "../../domain/event.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { EventQuery } from "../../web/queries.ts";
import { download } from "./download.ts";

export const eventsDownload = download<Event>({
  path: "/events.csv",
  name: "events",
  find({ store, now }, asked) {
    const { filter, page } = splitList(parseInput(EventQuery(now), asked));
    return store.findEvents(filter, page);
  },
  columns: [
    { heading: "id", cell: ({ id }) => id },
    { heading: "type", cell: ({ type }) => type },
    { heading: "time", cell: ({ time }) => time },
    { heading: "recorded", cell: ({ recordedAt }) => recordedAt },
    { heading: "late", cell: ({ late }) => (late ? "yes" : "no") },
    { heading: "source", cell: ({ source }) => source },
    { heading: "channel", cell: ({ channel }) => channel },
    { heading: "document", cell: ({ document }) => document?.id },
    { heading: "title", cell: ({ document }) => document?.title },
    { heading: "number in the document", cell: ({ sequence }) => sequence },
    { heading: "signer", cell: ({ signer }) => signer?.name },
    { heading: "address of the signer", cell: ({ signer }) => signer?.email },
    { heading: "code of the provider", cell: ({ code }) => code.value },
    { heading: "reason", cell: ({ reason }) => reason },
    { heading: "request", cell: ({ provenance }) => provenance.receipt },
  ],
});
