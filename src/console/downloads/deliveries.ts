import type { ListedDelivery } from "../../store/port/reads.ts";
import { deliveriesAsked } from "../screens/deliveries.ts";
import { download, isoOf } from "./download.ts";

export const deliveriesDownload = download<ListedDelivery>({
  path: "/deliveries.csv",
  name: "deliveries",
  find({ store, now }, asked) {
    const { filter, page } = deliveriesAsked(asked, now);
    return store.findDeliveries(filter, page);
  },
  columns: [
    { heading: "id", cell: ({ id }) => id },
    { heading: "destination", cell: ({ destination }) => destination },
    { heading: "status", cell: ({ status }) => status },
    { heading: "parked because", cell: ({ reason }) => reason },
    { heading: "acknowledged", cell: ({ acknowledgedAt }) => isoOf(acknowledgedAt) },
    { heading: "tries", cell: ({ attempts }) => attempts },
    { heading: "last try", cell: ({ lastAttempt }) => isoOf(lastAttempt?.startedAt) },
    { heading: "last cause", cell: ({ lastAttempt }) => lastAttempt?.cause },
    { heading: "last status", cell: ({ lastAttempt }) => lastAttempt?.status },
    { heading: "due", cell: ({ dueAt }) => isoOf(dueAt) },
    { heading: "recorded", cell: ({ recordedAt }) => isoOf(recordedAt) },
    { heading: "event", cell: ({ event }) => event },
    { heading: "type", cell: ({ type }) => type },
    { heading: "source", cell: ({ source }) => source },
    { heading: "waits for the event", cell: ({ waitsFor }) => waitsFor },
  ],
});
