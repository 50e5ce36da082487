import type { Subscriber } from "../../src/domain/destination.ts";
import type { Draft } from "../../src/domain/draft.ts";
import { lookupOf } from "../../src/domain/lookup.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { type Rules, resolve } from "../../src/domain/resolve.ts";
import type { RecordRequest } from "../../src/store/port/inbox.ts";

/** Small valid things for tests: each takes what the test is about and fills in the rest. */

/** 2026-01-01T00:00:00Z. */
export const NEW_YEAR = Date.UTC(2026, 0, 1);

export function aDraft(given: Partial<Draft> = {}): Draft {
  return {
    source: "legalesign",
    provider: "legalesign",
    channel: "batch",
    type: "document.sent",
    time: NEW_YEAR,
    document: aDocument(),
    signer: null,
    signers: [],
    id: null,
    reason: null,
    reopens: null,
    reopenable: false,
    code: { object: "document", value: "10", name: "status", meaning: "Sent" },
    digest: "item",
    ...given,
  };
}

export function aDocument(id = "doc-1"): NonNullable<Draft["document"]> {
  return { id, title: null, tags: null, references: null, test: null, expiresAt: null };
}

export function aSigner(
  id = "sig-1",
  given: Partial<NonNullable<Draft["signer"]>> = {},
): NonNullable<Draft["signer"]> {
  return { id, name: null, email: null, role: null, status: null, ...given };
}

let receipts = 0;

export function aReceipt(given: Partial<Receipt> = {}): Receipt {
  receipts += 1;
  return {
    id: `rcp_${String(receipts).padStart(26, "0")}`,
    source: "legalesign",
    channel: "batch",
    receivedAt: NEW_YEAR,
    query: "",
    headers: { "content-type": "application/json" },
    body: Buffer.from("{}"),
    verified: "token",
    mapping: "legalesign@sha256:000000000000",
    problems: [],
    ...given,
  };
}

export const CRM: Subscriber = { name: "crm", events: ["*"], ordering: "document" };

export function aRecordRequest(
  drafts: readonly Draft[],
  {
    receipt = aReceipt(),
    subscribers = [CRM],
    coalesce = 0,
    creationOf,
    shadow = false,
  }: Partial<Rules> & { receipt?: Receipt } = {},
): RecordRequest {
  const rules = { subscribers, coalesce, creationOf, shadow };
  return {
    shadow,
    receipt,
    lookup: lookupOf(receipt, drafts, rules),
    resolve: (known) => resolve(receipt, drafts, known, rules),
  };
}
