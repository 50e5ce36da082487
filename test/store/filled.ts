import type { Attempt, Outcome } from "../../src/domain/delivery.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { KeptParityReport, ParityException } from "../../src/domain/parity.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { Snapshot } from "../../src/store/port/backup.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Prunable } from "../../src/store/port/retention.ts";
import { type Rows, TABLES, type Table } from "../../src/store/rows.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";

/** A store in which every table holds something, and helpers to look at all of it. */

export const DAY = 86_400_000;
const SECOND = 1_000;
const LONG_AGO = NEW_YEAR - 10 * DAY;
const ERP = { ...CRM, name: "erp", ordering: "none" as const };

export type Contents = { [T in Table]: Rows[T][] };

/** All rows of the store, in the order of a snapshot. `limit`: rows per page. */
export async function contentsOf(store: Store, limit = 3): Promise<Contents> {
  const snapshot = await store.snapshot();
  try {
    return await rowsOf(snapshot, limit);
  } finally {
    await snapshot.close();
  }
}

export async function rowsOf(snapshot: Snapshot, limit = 3): Promise<Contents> {
  const contents: Contents = {
    receipts: [],
    rejections: [],
    documents: [],
    links: [],
    events: [],
    tombstones: [],
    deliveries: [],
    destinations: [],
    audit: [],
    tallies: [],
    notes: [],
    proofs: [],
    exceptions: [],
  };
  for (const table of TABLES) await readInto(contents, table, snapshot, limit);
  return contents;
}

async function readInto<T extends Table>(contents: Contents, table: T, snapshot: Snapshot, limit: number) {
  let cursor: string | undefined;
  do {
    const page = await snapshot.rows(table, { cursor, limit });
    contents[table].push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** Returns the number of rows added to all tables together. */
export async function restoreAll(store: Store, contents: Contents): Promise<number> {
  let added = 0;
  for (const table of TABLES) added += await restoreTable(store, table, contents);
  return added;
}

export function restoreTable<T extends Table>(store: Store, table: T, contents: Contents): Promise<number> {
  return store.restore<T>(table, contents[table]);
}

/** Walks the table to its end, step by step. Returns the number of rows removed. */
export async function pruneAll(store: Store, table: Prunable, before: number, limit = 2): Promise<number> {
  let pruned = 0;
  let cursor: string | undefined;
  do {
    const step = await store.prune({ table, before, cursor, limit });
    pruned += step.pruned;
    cursor = step.next ?? undefined;
  } while (cursor !== undefined);
  return pruned;
}

export function anAttempt(given: Partial<Attempt> = {}): Attempt {
  const answered = { duration: 12, cause: "answered", status: 200, answer: "ok", retryAfter: null } as const;
  return { number: 1, startedAt: NEW_YEAR, ...answered, ...given };
}

/** Settles the lease with one attempt. */
export function settle(
  store: Store,
  { delivery, token }: Lease,
  outcome: Outcome = { status: "delivered" },
  given: Partial<Attempt> = {},
): Promise<boolean> {
  const attempt = anAttempt({ number: delivery.attempts + 1, ...given });
  return store.settle({ token, attempt, outcome, at: NEW_YEAR });
}

export function claim(store: Store, now = NEW_YEAR, { destination = "crm", limit = 100 } = {}) {
  return store.claim({ destination, limit, now, until: now + 60 * SECOND });
}

/** Delivers everything that is due. */
export async function deliverAll(store: Store, now = NEW_YEAR, destination = "crm"): Promise<void> {
  for (
    let leases = await claim(store, now, { destination });
    leases.length > 0;
    leases = await claim(store, now, { destination })
  )
    for (const lease of leases) await settle(store, lease);
}

/**
 * Requests that do not name the signer who signed. The store infers the signer by comparing, and stores the
 * request's own dedupe key beside the event's id: once the document is pruned too, only that key shows a
 * repeat.
 */
export function signings(document: string, receipt: Partial<Receipt> = {}) {
  const [ann, bob] = [aSigner("ann"), aSigner("bob")] as const;
  const [annSigned, bobSigned] = [aSigner("ann", { status: "signed" }), aSigner("bob", { status: "signed" })];
  const about = { document: aDocument(document) };
  const of = (draft: Partial<Draft>) =>
    aRecordRequest([aDraft({ ...about, ...draft })], { receipt: aReceipt(receipt) });
  return {
    sent: () => of({ signers: [ann, bob] }),
    first: () => of({ type: "signer.signed", signers: [annSigned, bob], time: NEW_YEAR + SECOND }),
    second: () => of({ type: "signer.signed", signers: [annSigned, bobSigned], time: NEW_YEAR + 2 * SECOND }),
  };
}

/**
 * Puts rows into every table. Returns an unsettled lease of document `a`, which crm receives in order, with
 * other deliveries of its lane waiting; and repeats of events of which only tombstones are left.
 */
export async function fillStore(store: Store) {
  const past = signings("past", { receivedAt: LONG_AGO });
  await fillPast(store, past);
  await fillReplayed(store);
  await fillFailed(store);
  await fillOdd(store);
  const lease = await fillOpen(store);
  return { lease, past };
}

/** Events of which only tombstones are left. */
async function fillPast(store: Store, past: ReturnType<typeof signings>): Promise<void> {
  for (const request of [past.sent(), past.first(), past.second(), past.sent()]) await store.record(request);
  await deliverAll(store);
  await pruneAll(store, "events", LONG_AGO + DAY);
}

/** Two delivered deliveries of one document, the first of which is replayed. */
async function fillReplayed(store: Store): Promise<void> {
  const document = aDocument("b");
  await store.record(
    aRecordRequest([
      aDraft({ type: "document.created", document }),
      aDraft({ type: "document.sent", document }),
    ]),
  );
  await deliverAll(store);
  const again = { destination: "crm", status: "all", type: "document.created" } as const;
  await store.replay(again, { limit: 10 }, { now: NEW_YEAR + SECOND, spacing: 0 });
}

async function fillFailed(store: Store): Promise<void> {
  await store.record(aRecordRequest([aDraft({ document: aDocument("c") })]));
  const unavailable = { status: 503, answer: "später 🙏", retryAfter: 30_000 };
  const outcome = { status: "pending", dueAt: NEW_YEAR + 300 * SECOND } as const;
  await settle(store, only(await claim(store)), outcome, unavailable);
}

/** Receipts without events, rejections, destinations and audit entries. */
async function fillOdd(store: Store): Promise<void> {
  const problems = [{ kind: "undecodable" as const, item: null, field: "body", message: "no JSON" }];
  const body = Buffer.from([0xff, 0x00, 0xfe, 0x2b, 0x0d, 0x0a]);
  await store.record(aRecordRequest([], { receipt: aReceipt({ body, problems, query: "a=ü&b=%00" }) }));
  await store.record(aRecordRequest([], { receipt: aReceipt({ body: new Uint8Array(), headers: {} }) }));
  await store.record(aRecordRequest([aDraft({ document: aDocument("shy") })], { shadow: true }));
  const refused = { source: "lumin", channel: "account", receivedAt: NEW_YEAR, query: "" };
  const why = { headers: { "x-signature": "ab" }, reason: "the signature does not match" };
  const shown = { token: "fingerprint", authorization: null };
  await store.reject({ id: "rej_1", ...refused, ...why, body, shown }, 10);
  await store.reject({ id: "rej_2", ...refused, ...why, body: null, shown }, 10);
  const breaker = { failures: 12, probeAt: NEW_YEAR + 10 * SECOND, probes: 2 };
  await store.saveDestination("old", { paused: { at: NEW_YEAR, reason: "moving house" } });
  await store.saveDestination("archive", { breaker });
  const entry = { at: NEW_YEAR, caller: "127.0.0.1", reason: "moving" };
  await store.addAudit({ ...entry, action: "pause", details: { destination: "erp", until: null } });
  await store.addAudit({ ...entry, at: NEW_YEAR + 1, action: "replay", details: { count: 1 } });
  const [kind, key, value] = ["run", "2026", { from: NEW_YEAR, until: NEW_YEAR + 1 }];
  await store.changeNotes([
    { kind, key, version: 0, value },
    { kind: "concern", key: "parked:crm", version: 0, value: { told: null, texts: ["später 🙏"] } },
  ]);
  await store.changeNotes([{ kind, key, version: 1, value: { ...value, until: NEW_YEAR + 2 } }]);
  await store.keepProof(aProof());
  await store.addParityException(anException());
}

export function aProof(given: Partial<KeptParityReport> = {}): KeptParityReport {
  const figures = { result: "failed", unexplained: 2 } as const;
  return { id: "prf_1", at: NEW_YEAR, source: "legalesign", ...figures, report: { format: "a" }, ...given };
}

export function anException(given: Partial<ParityException> = {}): ParityException {
  const who = { at: NEW_YEAR, by: "127.0.0.1", reason: "the legacy channel lost it", source: "legalesign" };
  return { id: "pex_1", ...who, finding: "par_1", type: null, missing: null, ...given };
}

/** A document whose events wait for two destinations, reported by channels whose clocks differ. */
async function fillOpen(store: Store): Promise<Lease> {
  const document = { ...aDocument("a"), title: "Vertrag 🖋", tags: ["büro"], expiresAt: NEW_YEAR + DAY };
  const signers = [aSigner("ann"), aSigner("séb", { name: "Sébastien", email: "s@example.org" })];
  const viewed = (channel: string, seconds: number) =>
    aDraft({
      type: "signer.viewed",
      document,
      channel,
      signer: aSigner("séb"),
      time: NEW_YEAR + seconds * SECOND,
    });
  const drafts = [aDraft({ type: "document.created", document }), aDraft({ document, signers })];
  const record = (receipt: Receipt, ...reported: Draft[]) =>
    store.record(aRecordRequest(reported, { receipt, subscribers: [CRM, ERP], coalesce: 600 * SECOND }));
  // The last receipts have the first ids.
  const [last, third, second, first] = ["upon", "other", "realtime", "batch"].map((channel) =>
    aReceipt({ channel }),
  );
  if (!first || !second || !third || !last) throw new Error("no receipt");
  await record(first, ...drafts, viewed("batch", 0));
  await record(second, viewed("realtime", 4), ...drafts);
  await record(third, viewed("other", 7));
  await record(last, viewed("upon", 9), ...drafts);
  await record(aReceipt(), aDraft({ type: "document.completed", document }));
  await attemptAll(store);
  return only(await claim(store, NEW_YEAR, { limit: 1 }));
}

/** One delivery arrives at the second attempt, one is parked, one is leased, and one waits. */
async function attemptAll(store: Store): Promise<void> {
  const silent = { cause: "timeout", status: null, answer: null } as const;
  const claimOne = async () => only(await claim(store, NEW_YEAR, { destination: "erp", limit: 1 }));
  const [first, second] = [await claimOne(), await claimOne()];
  await settle(store, first, { status: "pending", dueAt: NEW_YEAR }, silent);
  await settle(store, second, { status: "parked", reason: "gone" }, { status: 410 });
  await store.acknowledgeOne(second.delivery.id, NEW_YEAR + SECOND);
  await settle(store, await claimOne());
  await claimOne();
}
