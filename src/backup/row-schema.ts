import type { z } from "zod";
import { shapeOf } from "../store/description.ts";
import type { Rows, Table } from "../store/rows.ts";
import { SCHEMA } from "../store/tables.ts";

/** What rows from outside of any store must be like. */
export const ROW_SCHEMAS: { readonly [T in Table]: z.ZodType<Rows[T]> } = {
  receipts: shapeOf(SCHEMA.receipts).refine(
    ({ receipt, body }) => Buffer.byteLength(body, "base64") === receipt.size,
    { error: "is not as long as `receipt.size` says", path: ["body"] },
  ),
  rejections: shapeOf(SCHEMA.rejections),
  documents: shapeOf(SCHEMA.documents),
  links: shapeOf(SCHEMA.links),
  events: shapeOf(SCHEMA.events),
  tombstones: shapeOf(SCHEMA.tombstones),
  deliveries: shapeOf(SCHEMA.deliveries),
  destinations: shapeOf(SCHEMA.destinations),
  audit: shapeOf(SCHEMA.audit),
  tallies: shapeOf(SCHEMA.tallies),
  notes: shapeOf(SCHEMA.notes),
  proofs: shapeOf(SCHEMA.proofs),
  exceptions: shapeOf(SCHEMA.exceptions),
};
