import type { WatchObserver } from "../alert/watcher.ts";
import type { Delivery } from "../domain/delivery.ts";
import { messageOf } from "../domain/errors.ts";
import type { ConcernChange } from "../domain/event.ts";
import type { Channel } from "../inbound/channel.ts";
import type { ReleaseObserver } from "../inbound/release.ts";
import type { LogEventName } from "../log/log.ts";
import type { PruningObserver } from "../retention.ts";
import type { StoreWarning } from "../store/warning.ts";
import type { ObserverParts } from "./observers.ts";

/** Start, stop, reload, retention, and what operators do. Errors are whatever was thrown. */

export interface ProcessObserver {
  /** The store has a warning, in a sentence. */
  storeWarned(sentence: string, warning: StoreWarning): void;
  /** Both listeners accept requests at these addresses. */
  ready(info: { version: string; url: string; adminUrl: string }): void;
  stopping(): void;
  stopped(): void;
  /** The store did not answer, so the stop was cut short. */
  stopTimedOut(): void;
}

const STORE_EVENTS = {
  exposed: "store.exposed",
  recovered: "store.recovered",
  unreachable: "store.unreachable",
  nearly_full: "store.nearly_full",
} as const satisfies Record<StoreWarning, LogEventName>;

export function observeProcess({ log }: ObserverParts): ProcessObserver {
  return {
    storeWarned: (reason, warning) => log(STORE_EVENTS[warning], { reason }),
    ready: ({ version, url, adminUrl }) => log("process.ready", { version, url, adminUrl }),
    stopping: () => log("process.stopping"),
    stopped: () => log("process.stopped"),
    stopTimedOut: () => log("process.stop_timed_out"),
  };
}

interface Configured {
  channels: readonly Pick<Channel, "source" | "name" | "checks">[];
  destinations: readonly { name: string }[];
}

export interface ConfigurationObserver extends ReleaseObserver {
  /** A configuration is about to be in force, at the start or by a reload. */
  prepared(configured: Configured): void;
  /** A reload put it in force. */
  reloaded(configured: Configured): void;
  /** A reload failed; the configuration before stays in force. */
  refused(error: unknown): void;
  /** Open deliveries to destinations that are not configured were parked. */
  parked(deliveries: number): void;
  /** Deliveries that a killed process had in flight are due at once. */
  leasesEnded(deliveries: number): void;
  /** They could not be made due at this moment. */
  leasesUnended(error: unknown): void;
  /** They could not be parked. */
  unparked(error: unknown): void;
  /** Another node may have this destination, so its open deliveries were left alone. */
  stranded(destination: string, deliveries: number): void;
  /** The stored states of the destinations could not be read after a reload. */
  statesUnread(error: unknown): void;
}

export function observeConfiguration({ log, metrics }: ObserverParts): ConfigurationObserver {
  return {
    prepared({ channels, destinations }) {
      metrics.know(channels, destinations);
      for (const { source, name, checks } of channels)
        if (checks.length === 0) log("channel.unverified", { source, channel: name });
    },
    reloaded: ({ channels, destinations }) =>
      log("config.reloaded", { channels: channels.length, destinations: destinations.length }),
    refused: (error) => log("config.refused", { reason: messageOf(error) }),
    parked: (deliveries) => log("deliveries.parked", { deliveries }),
    leasesEnded: (deliveries) => log("leases.ended", { deliveries }),
    leasesUnended: (error) => log("leases.unended", { reason: messageOf(error) }),
    unparked: (error) => log("deliveries.unparked", { reason: messageOf(error) }),
    stranded: (destination, deliveries) => log("deliveries.stranded", { destination, deliveries }),
    statesUnread: (error) => log("states.unread", { reason: messageOf(error) }),
    released: ({ receipts, ...counts }) => log("shadow.released", { ...counts, requests: receipts }),
    unreleased: ({ receipt, error }) => log("shadow.unreleased", { receiptId: receipt, err: error }),
    releaseDelayed: ({ error, retryIn }) =>
      log("shadow.delayed", { reason: messageOf(error), retryInMs: retryIn }),
  };
}

export interface AdminObserver {
  /** A request was answered with 5xx. */
  failed(error: unknown): void;
  /** An operator gave this delivery up. */
  skipped(delivery: Delivery): void;
  /** A readiness check found the store unavailable. */
  storeUnavailable(error: unknown): void;
}

export function observeAdmin({ log, metrics }: ObserverParts): AdminObserver {
  return {
    failed: (error) => log("admin.failed", { err: error }),
    skipped({ id, event, destination }) {
      metrics.parked(destination, "skipped");
      log("delivery.skipped", { destination, deliveryId: id, eventId: event });
    },
    storeUnavailable: (error) => log("store.unavailable", { reason: messageOf(error) }),
  };
}

export function observePruning({ log, metrics }: ObserverParts): PruningObserver {
  return {
    removed: (table, count) => metrics.pruned(table, count),
    rounded: (pruned, duration) => log("prune.finished", { pruned, durationMs: duration }),
    away: (error) => log("prune.failed", { reason: messageOf(error) }),
    died: (error) => log("pruner.died", { err: error }),
  };
}

const CONCERN_EVENTS = {
  begun: "concern.begun",
  worse: "concern.worse",
  over: "concern.over",
  reminder: "concern.still_open",
} as const satisfies Record<ConcernChange, LogEventName>;

export function observeWatch({ log }: ObserverParts): WatchObserver {
  return {
    changed: (change, { id, severity, sentence }) =>
      log(CONCERN_EVENTS[change], { concern: id, severity, reason: sentence }),
    failed: (error) => log("concerns.failed", { reason: messageOf(error) }),
  };
}
