import { auditDownload } from "./audit.ts";
import { deliveriesDownload } from "./deliveries.ts";
import { documentsDownload } from "./documents.ts";
import type { Download } from "./download.ts";
import { eventsDownload } from "./events.ts";
import { refusedDownload, requestsDownload } from "./requests.ts";

/** Every list of the console that can be had as a file. */
export const DOWNLOADS: readonly Download[] = [
  documentsDownload,
  eventsDownload,
  deliveriesDownload,
  requestsDownload,
  refusedDownload,
  auditDownload,
];
