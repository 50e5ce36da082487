import type { AttemptCause } from "./delivery.ts";

/** Headers by name, each as one text. */
export type TextHeaders = Readonly<Record<string, string>>;

/** What was said while an event was sent to a destination once. Credentials are not in it. */
export interface Conversation {
  destination: string;
  /** The id of the event. */
  event: string;
  /** Whether the answer was 2xx. */
  accepted: boolean;
  /** As of an attempt. */
  cause: AttemptCause;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Milliseconds. */
  duration: number;
  /**
   * What was sent, or would have been where no connection came about; null: it could not be made. The
   * address is without query, user and password.
   */
  request: { url: string; headers: TextHeaders; body: string } | null;
  /** Null: no answer began. The body is its beginning; null: it was empty, or did not come to its end. */
  response: { status: number; headers: TextHeaders; body: string | null } | null;
  /** Why there was no whole answer; null: there was one. */
  error: string | null;
}
