import { viewSigners } from "../../domain/view.ts";
import type { DocumentProgress, ListedDocument } from "../../store/port/reads.ts";
import { countSigned, documentsAsked } from "../screens/documents.ts";
import { download, isoOf } from "./download.ts";

interface Row {
  document: ListedDocument;
  progress: DocumentProgress | undefined;
}

export const documentsDownload = download<Row>({
  path: "/documents.csv",
  name: "documents",
  async find({ store, now }, asked) {
    const { filter, page } = documentsAsked(asked, now);
    const { items, next } = await store.findDocuments(filter, page);
    const progress = await store.progressOf(items);
    return { next, items: items.map((document, index) => ({ document, progress: progress[index] })) };
  },
  columns: [
    { heading: "source", cell: ({ document }) => document.source },
    { heading: "id", cell: ({ document }) => document.id },
    { heading: "title", cell: ({ document }) => document.title },
    { heading: "status", cell: ({ document }) => document.status },
    {
      heading: "status since",
      cell: ({ document: { statusAt } }) => (statusAt > 0 ? isoOf(statusAt) : null),
    },
    { heading: "signed", cell: ({ document }) => countSigned(document).signed },
    { heading: "who can sign", cell: ({ document }) => countSigned(document).of },
    { heading: "signers", cell: ({ document }) => viewSigners(document).map(nameOf).join("; ") },
    { heading: "last event", cell: ({ progress }) => progress?.lastType },
    { heading: "last report", cell: ({ document }) => isoOf(document.changedAt) },
    { heading: "events", cell: ({ document }) => document.sequence },
    { heading: "deliveries on the way", cell: ({ progress }) => progress?.open },
    { heading: "deliveries parked", cell: ({ progress }) => progress?.parked },
    { heading: "signing ends", cell: ({ document }) => isoOf(document.expiresAt) },
    { heading: "tags", cell: ({ document }) => document.tags.join("; ") },
    { heading: "references", cell: ({ document }) => referencesOf(document) },
  ],
});

function nameOf({ name, email, id, status }: ReturnType<typeof viewSigners>[number]): string {
  const address = name !== null && email !== null ? ` <${email}>` : "";
  return `${name ?? email ?? id}${address}${status === null ? "" : ` (${status})`}`;
}

function referencesOf({ references }: ListedDocument): string {
  return Object.entries(references)
    .map(([name, value]) => `${name}: ${value}`)
    .join("; ");
}
