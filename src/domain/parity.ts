import type { EventType } from "./event.ts";

/** What an operator accepted of a parity report's findings, for good: it no longer fails the report. */
export interface ParityException {
  /** `pex_` and 26 letters and digits. */
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The address that the call came from. */
  by: string;
  reason: string;
  /** The source that it holds for. */
  source: string;
  /** A single finding of a report, `par_…`; null: all that `type` and `missing` say. */
  finding: string | null;
  /** Losses of this type; null: the exception names a finding. */
  type: EventType | null;
  /** The side that does not tell them: `old` or `new`. */
  missing: "old" | "new" | null;
}

/** A report as it is kept, with what is asked of it without reading it whole. */
export interface KeptParityReport {
  id: string;
  /** When it was made, milliseconds since 1970. */
  at: number;
  /** The source of the old side. */
  source: string;
  result: "passed" | "failed" | "not_evaluated";
  /** Unexplained losses and unsafe disagreements. */
  unexplained: number;
  /** As src/parity/report.ts describes it. */
  report: object;
}
