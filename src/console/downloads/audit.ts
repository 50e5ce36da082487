import type { AuditEntry } from "../../store/port/control.ts";
import { auditAsked } from "../screens/audit.ts";
import { download, isoOf } from "./download.ts";

export const auditDownload = download<AuditEntry>({
  path: "/audit.csv",
  name: "audit",
  async find({ store, now }, asked) {
    const { filter, page, isAsked } = auditAsked(asked, now);
    const { items, next } = await store.findAudit(filter, page);
    return { next, items: items.filter(isAsked) };
  },
  columns: [
    { heading: "time", cell: ({ at }) => isoOf(at) },
    { heading: "action", cell: ({ action }) => action },
    { heading: "who", cell: ({ caller }) => caller },
    { heading: "why", cell: ({ reason }) => reason },
    { heading: "details", cell: ({ details }) => JSON.stringify(details) },
  ],
});
