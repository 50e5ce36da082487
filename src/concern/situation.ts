import type { ParkReason } from "../domain/delivery.ts";
import type { DocumentStatus, EventType } from "../domain/event.ts";
import type { KnownSigner } from "../domain/known-signer.ts";

/**
 * Everything that the rules look at, as plain data of one moment. Instants are milliseconds since 1970,
 * durations milliseconds.
 */
export interface Situation {
  now: number;
  /** How long a document may take from sending to its end before it counts as stuck. */
  stuckAfter: number;
  sources: readonly SourceSituation[];
  /** Every configured channel. */
  channels: readonly ChannelSituation[];
  /** Every destination that is configured or has deliveries. */
  destinations: readonly DestinationSituation[];
  /**
   * Every document that has not ended, and of the completed ones those of the last month and those without
   * their final PDF.
   */
  documents: readonly DocumentSituation[];
  /** Words of providers that the present mapping does not have. */
  unknownWords: readonly UnknownWord[];
  /** Of the last days, oldest first. */
  clockJumps: readonly ClockJump[];
  /** Null: it is not known. */
  disk: Disk | null;
  /** The last time that the bridge did not run; null: none is known. */
  lastStop: Stop | null;
  /** The newest parity report of each source that has one. */
  proofs: readonly ProofSituation[];
}

export interface ProofSituation {
  source: string;
  /** When it was made. */
  at: number;
  result: "passed" | "failed" | "not_evaluated";
  /** Unexplained losses and unsafe disagreements. */
  unexplained: number;
}

export interface SourceSituation {
  name: string;
  /** The name of the mapping, such as `legalesign`. */
  provider: string;
  /**
   * Since when the bridge gets its requests: documents that are older were under way before, and are not
   * judged by what was told of them.
   */
  since: number;
  /** The event types that it usually tells: each came several times in the last weeks. */
  tells: ReadonlySet<EventType>;
  /** How the provider repeats what it could not post. */
  retries: RetrySchedule;
}

/** How a provider repeats a post that failed. */
export interface RetrySchedule {
  /** The pauses before the second and each later attempt; null: not published. */
  pauses: readonly number[] | null;
  /** From the first attempt to the last, at the shortest; null: not published. */
  givesUpAfter: number | null;
  /** What else matters then, as a sentence; null: nothing. */
  remark: string | null;
}

export interface ChannelSituation {
  source: string;
  name: string;
  provider: string;
  /** False: the configuration switched its checks off, so any sender counts as genuine. */
  verified: boolean;
  /** Since when the bridge has this channel. */
  since: number;
  /** The longest time without a request that is usual, by configuration; null: it is learned. */
  expectEvery: number | null;
  /**
   * In the order of their hours, oldest first. Those of the last eight weeks before the newest are enough.
   */
  tallies: readonly ChannelTally[];
  /** The newest genuine request (`accepted` or `problem`); null: none ever. */
  newestGenuine: number | null;
  /** Requests that were refused since then, with no genuine one among them; null: none. */
  refused: RefusedInARow | null;
  /** Two secrets are configured, and only the older one matches; null: not so. */
  olderSecret: OlderSecret | null;
  /** Kept requests that could not be read wholly; null: none. */
  problems: Problems | null;
  /** Absent: the channel is not on standby. */
  standby?: StandbySituation | undefined;
}

/** A channel from which others have taken over. */
export interface StandbySituation {
  /** How long it is kept and compared after its last request. */
  span: number;
  /** What it told in that time, but for the newest, and no channel that stays. */
  alone: readonly ToldAlone[];
}

export interface ToldAlone {
  type: EventType;
  count: number;
  /** When the first of them was recorded. */
  first: number;
  /** No channel of the source that stays has a word for the type. */
  expected: boolean;
}

export interface ChannelTally {
  /** The beginning of the hour. */
  hour: number;
  outcome: "accepted" | "problem" | "refused";
  count: number;
  /** The newest request of these. */
  newest: number;
}

export interface RefusedInARow {
  count: number;
  /** The first of them. */
  since: number;
  newest: number;
  /** The check that refused the newest, such as `hmac` or `token`, or the code of the refusal. */
  check: string;
}

export interface OlderSecret {
  /** The first request since the newer secret is configured. */
  since: number;
  newest: number;
}

export interface Problems {
  count: number;
  oldest: number;
  newest: number;
}

export interface DestinationSituation {
  name: string;
  /** How old the oldest open delivery may be; null: no limit. */
  waitingLimit: number | null;
  /** Deliveries that are pending or held. */
  open: number;
  /** When the oldest of them was recorded; null: none. */
  oldest: number | null;
  /** Parked deliveries by reason, without those that were acknowledged. */
  parked: readonly Parked[];
  /** Null: the circuit breaker is closed. */
  breaker: { since: number; failures: number; failing?: "token_endpoint" | undefined } | null;
  paused: { at: number; reason: string } | null;
  /** In the order of their hours, oldest first. */
  tallies: readonly AttemptTally[];
  /** Event types that were attempted and never answered with 2xx. */
  neverTaken: readonly NeverTaken[];
}

export interface Parked {
  reason: ParkReason;
  count: number;
  /** When the first and the last of them were parked. */
  oldest: number;
  newest: number;
}

export interface AttemptTally {
  /** The beginning of the hour. */
  hour: number;
  /** The status of the delivery after the attempt. */
  outcome: "delivered" | "pending" | "parked";
  count: number;
  newest: number;
}

export interface NeverTaken {
  type: EventType;
  attempts: number;
  /** The first and the newest attempt. */
  since: number;
  newest: number;
}

export interface DocumentSituation {
  source: string;
  id: string;
  status: DocumentStatus | null;
  /** Since when the status holds. */
  statusAt: number;
  /** The time of its first event. */
  firstAt: number;
  /** When it was sent; null: that was not told. */
  sentAt: number | null;
  expiresAt: number | null;
  downloadable: boolean;
  signers: readonly Pick<KnownSigner, "status" | "statusAt" | "role" | "listed">[];
  /** The types of its events; null: not known, so it is not judged by what was told. */
  told: readonly EventType[] | null;
}

export interface UnknownWord {
  source: string;
  /** As the provider sent it. */
  word: string;
  /** The code table that was looked in, such as `document`; null: unknown. */
  object: string | null;
  count: number;
  first: number;
  newest: number;
}

export interface ClockJump {
  /** When it was noticed, by the clock after it. */
  at: number;
  /** How far the clock went forward; negative: back. */
  by: number;
}

export interface Disk {
  /** When it was measured. */
  at: number;
  freeBytes: number;
  /** The growth of the store over a day, from the last days. */
  bytesPerDay: number;
}

export interface Stop {
  from: number;
  until: number;
}
