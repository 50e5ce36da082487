import type { Resolution } from "../domain/resolve.ts";
import type { RecordRequest } from "./port/inbox.ts";
import type { ReceiptSummary } from "./port/reads.ts";

/** What a receipt says of its shadow once a request is recorded. `before`: the receipt as it was. */
export function shadowAfter(
  request: Pick<RecordRequest, "shadow">,
  made: Resolution["shadow"],
  before: Pick<ReceiptSummary, "shadow"> = {},
): readonly string[] | null {
  if (!request.shadow) return null;
  return [...new Set([...(before.shadow ?? []), ...made])];
}
