import type { Subscriber } from "../domain/destination.ts";
import type { Schedule } from "../domain/retry.ts";
import type { Secret } from "./sign.ts";

/** An internal system that events are forwarded to, with all that sending needs. */
export interface Destination extends Subscriber {
  /** http or https; a user and password in it become basic authorization. */
  url: string;
  /** At least one, newest first. */
  secrets: readonly Secret[];
  schedule: Schedule;
  /** The one limit on a try, from its first moment to the last byte of the answer that is read; milliseconds. */
  timeout: number;
  /** How many tries may run side by side. */
  concurrency: number;
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
}
