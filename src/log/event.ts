import type { LogFieldName } from "./fields.ts";

/**
 * A kind of log line. Its name, `noun.participle`, is the line's `event`: alerts depend on it, so it never
 * changes.
 */
export interface LogEvent {
  level: "info" | "warn" | "error" | "fatal";
  /** The line's `msg`. May be reworded. */
  message: string;
  fields: readonly LogFieldName[];
  /** What happened and how the program goes on. */
  meaning: string;
  /** Advice to the person on call. */
  action: string;
}
