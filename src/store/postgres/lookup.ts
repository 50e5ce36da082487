import { type CoalesceCandidate, documentsIn } from "../../domain/coalesce.ts";
import { documentLane, signerLane } from "../../domain/destination.ts";
import type { Document } from "../../domain/document.ts";
import type { Known, Resolution } from "../../domain/resolve.ts";
import { storableText } from "../../domain/text.ts";
import type { RecordRequest } from "../port/inbox.ts";
import { type CandidateRow, toCandidate } from "../sql/candidate.ts";
import { DOCUMENT } from "../tables.ts";
import { columns } from "./given.ts";
import { tryLanes } from "./lanes.ts";
import type { Session } from "./session.ts";

/**
 * The stored rows that bear on requests which share a transaction: as the database had them once the lanes
 * were locked, and then as each request leaves them to the next.
 */
export interface Knowledge {
  /**
   * Calls the request's `resolve` and remembers its result for the next. When it throws, nothing is
   * remembered.
   */
  resolve(request: RecordRequest): Resolution;
  /** The lanes locked until the transaction ends. */
  lanes: ReadonlySet<string>;
  /** Whether the key was asked for, and neither an event nor the tombstone of one was there. */
  isMissing(key: string): boolean;
}

export async function lookUp(session: Session, requests: readonly RecordRequest[]): Promise<Knowledge> {
  const links = await lookUpLinks(session, requests);
  const documents = requests.flatMap(({ receipt: { source }, lookup }) => {
    const linked = lookup.signers.flatMap((signer) => links.get(named(source, signer)) ?? []);
    return [...lookup.documents, ...linked].map((id) => [source, id] as const);
  });
  const signers = requests.flatMap(({ receipt: { source }, lookup }) =>
    [...lookup.signers, ...lookup.placedSigners].map((signer) => signerLane(source, signer)),
  );
  const lanes = new Set([...documents.map(([source, id]) => documentLane(source, id)), ...signers]);
  // Sent one behind the other in one round trip, so that rows are read after the lanes are locked. Repeated
  // when a lane was missing, or when candidates name a document that no request asks for.
  for (;;) {
    const [locked, known, events, merged, candidates] = await Promise.all([
      tryLanes(session, lanes),
      lookUpDocuments(session, documents),
      lookUpEvents(session, requests),
      lookUpMerged(session, requests),
      lookUpCandidates(session, requests),
    ]);
    const more = placesIn(candidates).filter(([source, id]) => !lanes.has(documentLane(source, id)));
    for (const [source, id] of more) {
      documents.push([source, id]);
      lanes.add(documentLane(source, id));
    }
    if (locked && more.length === 0)
      return createKnowledge(requests, { documents: known, links, events, merged, candidates, lanes });
  }
}

/** The documents that the candidates' reports name. */
function placesIn(candidates: Stored["candidates"]): [source: string, document: string][] {
  return [...candidates.values()]
    .flat()
    .flatMap(({ reports }) =>
      reports.flatMap(({ origin }): [string, string][] =>
        origin?.draft.document ? [[origin.draft.source, origin.draft.document.id]] : [],
      ),
    );
}

interface Stored {
  documents: Map<string, Document>;
  links: Map<string, string>;
  events: Map<string, readonly string[]>;
  /** By channel and key. */
  merged: Map<string, string>;
  candidates: Map<string, readonly CoalesceCandidate[]>;
  lanes: ReadonlySet<string>;
}

function createKnowledge(requests: readonly RecordRequest[], stored: Stored): Knowledge {
  const asked = requests.flatMap(({ lookup }) => lookup.dedupeKeys);
  const missing = new Set(asked.filter((key) => !stored.events.has(key)));
  return {
    lanes: stored.lanes,
    isMissing: (key) => missing.has(key),
    resolve(request) {
      const resolved = request.resolve(knownTo(request, stored));
      remember(request, resolved, stored);
      return resolved;
    },
  };
}

function knownTo({ receipt: { source, channel }, lookup }: RecordRequest, stored: Stored): Known {
  const pick = <T>(from: ReadonlyMap<string, T>, names: Iterable<string>, nameOf = (name: string) => name) =>
    new Map(
      [...names].flatMap((name) => {
        const found = from.get(nameOf(name));
        return found === undefined ? [] : [[name, found] as const];
      }),
    );
  const inSource = (name: string) => named(source, name);
  const links = pick(stored.links, lookup.signers, inSource);
  const candidates = new Map(
    lookup.coalesce.map(({ coalesceKey, from, to }) => [
      coalesceKey,
      (stored.candidates.get(coalesceKey) ?? []).filter(({ at }) => at >= from && at <= to),
    ]),
  );
  const matched = [...candidates.values()].flatMap(documentsIn);
  return {
    links,
    documents: pick(
      stored.documents,
      new Set([...lookup.documents, ...links.values(), ...matched]),
      inSource,
    ),
    events: pick(stored.events, lookup.dedupeKeys),
    merged: pick(stored.merged, lookup.nearKeys, (key) => named(channel, key)),
    candidates,
  };
}

function remember({ receipt: { source } }: RecordRequest, resolved: Resolution, stored: Stored): void {
  for (const document of resolved.documents) stored.documents.set(named(source, document.id), document);
  for (const { signer, document } of resolved.links) stored.links.set(named(source, signer), document);
  for (const { event, dedupeKey, coalesceKey, at } of resolved.events) {
    addEventKey(stored, event.id, event.id);
    addEventKey(stored, dedupeKey, event.id);
    if (coalesceKey !== null && !resolved.candidates.has(coalesceKey)) {
      const own = { key: event.id, channel: event.channel, at, origin: null };
      addCandidates(stored, coalesceKey, [{ id: event.id, at, reports: [own] }]);
    }
  }
  for (const [coalesceKey, candidates] of resolved.candidates) addCandidates(stored, coalesceKey, candidates);
  for (const { event, key } of resolved.duplicates) addEventKey(stored, key, event);
  const { added, removed } = resolved.channelKeys;
  for (const { key, channel } of removed) stored.merged.delete(named(channel, key));
  for (const { event, key, channel } of added)
    if (event !== key) stored.merged.set(named(channel, key), event);
}

function addCandidates(stored: Stored, coalesceKey: string, candidates: readonly CoalesceCandidate[]): void {
  const known = new Map((stored.candidates.get(coalesceKey) ?? []).map((one) => [one.id, one]));
  for (const one of candidates) known.set(one.id, one);
  stored.candidates.set(coalesceKey, [...known.values()]);
}

/** An event with that id goes before events with it as a dedupe key. */
function addEventKey(stored: Stored, key: string, event: string): void {
  const recorded = stored.events.get(key) ?? [];
  if (event === key) stored.events.set(key, [event]);
  else if (!recorded.includes(key)) stored.events.set(key, [...new Set([...recorded, event])]);
}

function named(source: string, id: string): string {
  return JSON.stringify([source, storableText(id)]);
}

async function lookUpLinks(session: Session, requests: readonly RecordRequest[]): Promise<Stored["links"]> {
  const asked = requests.flatMap(({ receipt: { source }, lookup }) =>
    lookup.signers.map((signer) => [source, signer]),
  );
  if (asked.length === 0) return new Map();
  const rows = await session.rows<{ source: string; signer_id: string; document_id: string }>(
    `select l.source, l.signer_id, l.document_id
     from unnest($1::text[], $2::text[]) asked (source, signer_id) join links l using (source, signer_id)`,
    columns(asked, 2),
  );
  return new Map(rows.map((row) => [named(row.source, row.signer_id), row.document_id]));
}

async function lookUpDocuments(
  session: Session,
  asked: readonly (readonly [string, string])[],
): Promise<Stored["documents"]> {
  if (asked.length === 0) return new Map();
  const rows = await session.rows<{ source: string; id: string; state: string }>(
    `select d.source, d.id, d.state
     from unnest($1::text[], $2::text[]) asked (source, id) join documents d using (source, id)`,
    columns(asked, 2),
  );
  return new Map(rows.map((row) => [named(row.source, row.id), DOCUMENT.decode(row)]));
}

async function lookUpEvents(session: Session, requests: readonly RecordRequest[]): Promise<Stored["events"]> {
  const keys = [...new Set(requests.flatMap(({ lookup }) => lookup.dedupeKeys))];
  if (keys.length === 0) return new Map();
  const rows = await session.rows<{ key: string; id: string }>(
    `select id as key, id from events where id = any($1::text[])
     union all select id, id from tombstones where id = any($1::text[])
     union all select key, event_id from dedupe_keys where key = any($1::text[])`,
    [keys],
  );
  const stored = new Map<string, readonly string[]>();
  for (const { key, id } of rows) {
    if (key === id) stored.set(key, [id]);
    else if (!stored.get(key)?.includes(key)) stored.set(key, [...(stored.get(key) ?? []), id]);
  }
  return stored;
}

/** The events that reports were matched to by nearness. */
async function lookUpMerged(session: Session, requests: readonly RecordRequest[]): Promise<Stored["merged"]> {
  const asked = requests.flatMap(({ receipt: { channel }, lookup }) =>
    lookup.nearKeys.map((key) => [key, channel]),
  );
  if (asked.length === 0) return new Map();
  const rows = await session.rows<{ key: string; channel: string; event_id: string }>(
    `select key, channel, event_id
     from unnest($1::text[], $2::text[]) asked (key, channel) join channel_keys using (key, channel)
     where event_id <> key`,
    columns(asked, 2),
  );
  return new Map(rows.map((row) => [named(row.channel, row.key), row.event_id]));
}

async function lookUpCandidates(
  session: Session,
  requests: readonly RecordRequest[],
): Promise<Stored["candidates"]> {
  const coalesceQueries = requests.flatMap(({ lookup }) => lookup.coalesce);
  if (coalesceQueries.length === 0) return new Map();
  const rows = await session.rows<CandidateRow & { coalesce_key: string }>(
    `select e.coalesce_key, e.id, e.happened_at, e.channel,
       (select coalesce(json_agg(json_build_object(
                 'key', k.key, 'channel', k.channel, 'at', k.at, 'origin', k.origin::json)), '[]')
        from channel_keys k where k.event_id = e.id)::text as reports
     from (select coalesce_key, min(low) as low, max(high) as high
           from unnest($1::text[], $2::bigint[], $3::bigint[]) asked (coalesce_key, low, high)
           group by coalesce_key) asked
       join events e on e.coalesce_key = asked.coalesce_key and e.happened_at between asked.low and asked.high
     order by e.position`,
    columns(
      coalesceQueries.map(({ coalesceKey, from, to }) => [coalesceKey, from, to]),
      3,
    ),
  );
  const stored = new Map<string, readonly CoalesceCandidate[]>();
  for (const row of rows)
    stored.set(row.coalesce_key, [...(stored.get(row.coalesce_key) ?? []), toCandidate(row)]);
  return stored;
}
