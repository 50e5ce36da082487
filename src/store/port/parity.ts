import type { KeptParityReport, ParityException } from "../../domain/parity.ts";
import type { ListRequest, SearchedPage, TimeRange } from "./paging.ts";

/** A kept report without the report itself. */
export type KeptParitySummary = Omit<KeptParityReport, "report">;

/** The range is of the time of the report. */
export interface ProofFilter extends TimeRange {
  source?: string | undefined;
}

/** Parity reports that were made, and what operators accepted of their findings. */
export interface Parity {
  /** Keeps a report. One with the same id stays as it is. */
  keepProof(report: KeptParityReport): Promise<void>;
  findProofs(filter: ProofFilter, page: ListRequest): Promise<SearchedPage<KeptParitySummary>>;
  findProof(id: string): Promise<KeptParityReport | null>;
  /** The newest report of each source that has one, by source. */
  newestProofs(): Promise<readonly KeptParitySummary[]>;

  addParityException(exception: ParityException): Promise<void>;
  /** False: there is no exception with this id. */
  dropParityException(id: string): Promise<boolean>;
  /** All of them, in the order recorded. */
  parityExceptions(): Promise<readonly ParityException[]>;
}
