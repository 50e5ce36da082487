import type { CoalesceCandidate } from "../../domain/coalesce.ts";

/** An event with its channel keys, as both databases look up the candidates of a coalesce key. */
export interface CandidateRow {
  id: string;
  happened_at: number;
  channel: string;
  /** JSON array: the reports of other channels, with their keys. */
  reports: string;
}

export function toCandidate({ id, happened_at: at, channel, reports }: CandidateRow): CoalesceCandidate {
  return { id, at, reports: [{ key: id, channel, at, origin: null }, ...JSON.parse(reports)] };
}
