import { maskAddresses } from "../../domain/mask.ts";
import type { RejectionSummary } from "../../store/port/inbox.ts";
import type { ReceiptSummary } from "../../store/port/reads.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { ReceiptQuery, RejectionQuery } from "../../web/queries.ts";
import { type Column, download, isoOf } from "./download.ts";

/** What every kept request has. */
const ENVELOPE: readonly Column<
  Pick<RejectionSummary, "id" | "receivedAt" | "source" | "channel" | "size">
>[] = [
  { heading: "id", cell: ({ id }) => id },
  { heading: "received", cell: ({ receivedAt }) => isoOf(receivedAt) },
  { heading: "source", cell: ({ source }) => source },
  { heading: "channel", cell: ({ channel }) => channel },
  { heading: "bytes", cell: ({ size }) => size },
];

export const requestsDownload = download<ReceiptSummary>({
  path: "/requests.csv",
  name: "requests",
  find({ store, now }, asked) {
    const { filter, page } = splitList(parseInput(ReceiptQuery(now), asked));
    return store.findReceipts(filter, page);
  },
  columns: [
    ...ENVELOPE,
    { heading: "verified by", cell: ({ verified }) => verified },
    { heading: "mapping", cell: ({ mapping }) => mapping },
    { heading: "new events", cell: ({ events }) => events.length },
    { heading: "repeated events", cell: ({ duplicates }) => duplicates.length },
    { heading: "problems", cell: ({ problems }) => problems.length },
  ],
});

export const refusedDownload = download<RejectionSummary & { shownReason: string }>({
  path: "/requests/refused.csv",
  name: "refused-requests",
  async find({ store, now, showsPersonalData }, asked) {
    const { filter, page } = splitList(parseInput(RejectionQuery(now), asked));
    const { items, next } = await store.listRejections(filter, page);
    const reasonOf = showsPersonalData ? (reason: string) => reason : maskAddresses;
    return { next, items: items.map((one) => ({ ...one, shownReason: reasonOf(one.reason) })) };
  },
  columns: [...ENVELOPE, { heading: "refused because", cell: ({ shownReason }) => shownReason }],
});
