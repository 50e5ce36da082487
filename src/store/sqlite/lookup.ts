import { documentsIn } from "../../domain/coalesce.ts";
import type { Document } from "../../domain/document.ts";
import type { Lookup } from "../../domain/lookup.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { Known } from "../../domain/resolve.ts";
import { toCandidate } from "../sql/candidate.ts";
import { DOCUMENT } from "../tables.ts";
import type { Statements } from "./statements.ts";

/** Answers a request's `Lookup`. Runs inside the transaction that records the request. */
export function lookUp(
  sql: Statements,
  { source, channel }: Receipt,
  { documents, signers, dedupeKeys, nearKeys, coalesce }: Lookup,
): Known {
  const links = new Map(
    signers.flatMap((signer) => {
      const row = sql.link.one(source, signer);
      return row ? [[signer, row.document_id] as const] : [];
    }),
  );
  const candidates = new Map(
    coalesce.map(({ coalesceKey, from, to }) => [
      coalesceKey,
      sql.candidates.all(coalesceKey, from, to).map(toCandidate),
    ]),
  );
  const ids = new Set([...documents, ...links.values(), ...[...candidates.values()].flatMap(documentsIn)]);
  return {
    documents: new Map([...ids].flatMap((id) => knownDocument(sql, source, id))),
    links,
    events: new Map(dedupeKeys.flatMap((key) => knownEvents(sql, key))),
    merged: new Map(nearKeys.flatMap((key) => mergedInto(sql, key, channel))),
    candidates,
  };
}

function knownDocument(sql: Statements, source: string, id: string): [string, Document][] {
  const row = sql.document.one(source, id);
  return row ? [[id, DOCUMENT.decode(row)]] : [];
}

function knownEvents(sql: Statements, key: string): [string, string[]][] {
  if (isKnown(sql, key)) return [[key, [key]]];
  const recorded = sql.eventsByDedupeKey.all(key);
  return recorded.length > 0 ? [[key, recorded.map(({ id }) => id)]] : [];
}

function mergedInto(sql: Statements, key: string, channel: string): [string, string][] {
  const row = sql.merged.one(key, channel);
  return row ? [[key, row.event_id]] : [];
}

/**
 * Whether the event is recorded, or was. Asked apart: one statement for both tables takes longer than two.
 */
export function isKnown(sql: Statements, id: string): boolean {
  return sql.eventById.one(id) !== undefined || sql.tombstoneById.one(id) !== undefined;
}
