import type { WatchObserver } from "../alert/watcher.ts";
import type { IngressOutcome } from "../inbound/receive.ts";
import type { RejectionsObserver } from "../inbound/rejections.ts";
import type { Log } from "../log/log.ts";
import type { Observer } from "../outbound/observe.ts";
import type { PruningObserver } from "../retention.ts";
import type { Metrics } from "../web/metrics.ts";
import { observeDeliveries } from "./deliveries.ts";
import { observeIngress, observeRejections } from "./ingress.ts";
import {
  type AdminObserver,
  type ConfigurationObserver,
  observeAdmin,
  observeConfiguration,
  observeProcess,
  observePruning,
  observeWatch,
  type ProcessObserver,
} from "./process.ts";
import { observeTracing, type TracingObserver } from "./tracing.ts";

/**
 * All that logs and counts. Observers only observe: with observers that do nothing, the bridge does the same
 * work.
 */
export interface Observers {
  /** A provider's request was answered. */
  ingress(outcome: IngressOutcome): void;
  /** A provider's request was turned away, since there are too many connections. */
  crowded(): void;
  rejections: RejectionsObserver;
  deliveries: Observer;
  pruning: PruningObserver;
  configuration: ConfigurationObserver;
  admin: AdminObserver;
  process: ProcessObserver;
  tracing: TracingObserver;
  watch: WatchObserver;
}

export interface ObserverParts {
  log: Log;
  metrics: Metrics;
  /** Milliseconds since 1970. */
  now(): number;
}

export function createObservers(parts: ObserverParts): Observers {
  return {
    ingress: observeIngress(parts),
    crowded: () => parts.metrics.received("unknown", "unknown", "overloaded", 0),
    rejections: observeRejections(parts),
    deliveries: observeDeliveries(parts),
    pruning: observePruning(parts),
    configuration: observeConfiguration(parts),
    admin: observeAdmin(parts),
    process: observeProcess(parts),
    tracing: observeTracing(parts),
    watch: observeWatch(parts),
  };
}
