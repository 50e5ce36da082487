import type { Concern } from "../concern/concern.ts";
import type { Acknowledgement } from "../concern/episodes.ts";
import type { Config, LoadedConfig } from "../config.ts";
import type { Opening } from "../domain/breaker.ts";
import type { Clock } from "../domain/clock.ts";
import type { AdminToken } from "../domain/rights.ts";
import type { Envelope } from "../inbound/private.ts";
import type { Store } from "../store/store.ts";
import type { DeliveryViewParts } from "../web/delivery-view.ts";
import type { ExplainParts } from "../web/explain.ts";
import type { Operations } from "../web/operations.ts";

/** What the console shows and changes: the same functions that the admin API calls. */
export interface ConsoleParts extends DeliveryViewParts, Pick<ExplainParts, "unsupporting"> {
  store: Store;
  operations: Operations;
  /** What needs a person, by harm. */
  concerns(): Promise<readonly Concern[]>;
  /** Those that were found a minute or two ago; null: none were looked for. */
  knownConcerns(): readonly Concern[] | null;
  /** The acknowledgements in force, by the id of the concern. */
  acknowledged(): Promise<ReadonlyMap<string, Acknowledgement>>;
  /** Removes from a stored request what the present configuration calls private. */
  conceal<Kept extends Envelope & { source: string; channel: string }>(kept: Kept): Kept;
  /** When the circuit breakers of destinations were open, the newest first, by destination. */
  openings(): Promise<ReadonlyMap<string, readonly Opening[]>>;
  /** Tells since when a destination has a secret, milliseconds since 1970; null: it is not noted yet. */
  secretsSince(): Promise<(destination: string, fingerprint: string) => number | null>;
  /** Of Countersign. */
  version: string;
  /** The configuration in force. */
  config(): Config;
  /** When it was loaded, milliseconds since 1970; how the last reload went, null: there was none. */
  reloads(): { loadedAt: number; last: { at: number; problem: string | null } | null };
  /** Reads the configuration's file as it is now; null: there is none. */
  load: (() => Promise<LoadedConfig>) | null;
  clock: Clock;
  randomBytes(length: number): Uint8Array;
  /** Empty: everybody who reaches the listener may do everything, without signing in. */
  tokens(): readonly AdminToken[];
  /** Called with an unexpected fault, for the log. */
  failed(error: unknown): void;
}
