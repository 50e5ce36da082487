import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { KINDS, type Kind } from "../concern/kinds.ts";
import { type Clock, inTime } from "../domain/clock.ts";
import { PARK_REASONS, type ParkReason } from "../domain/delivery.ts";
import type { EventType } from "../domain/event.ts";
import { DROP_REASONS, type DropReason } from "../inbound/rejections.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { KeptParitySummary } from "../store/port/parity.ts";
import type { Backlog } from "../store/port/reads.ts";
import { PRUNABLE, type Prunable } from "../store/port/retention.ts";

export interface MetricsParts {
  version: string;
  clock: Clock;
  /** Asked at each scrape, as `problems` is: only the store knows. */
  backlog(): Promise<readonly Backlog[]>;
  /** The number of receipts with a problem. */
  problems(): Promise<number>;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
  /** What needs a person: only the kinds are shown. */
  concerns(): Promise<readonly { kind: Kind }[]>;
  /** The newest parity report of each source that has one. */
  proofs(): Promise<readonly Pick<KeptParitySummary, "source" | "unexplained">[]>;
}

/** A scrape waits this long for the store. */
const STORE_TIMEOUT_MS = 5_000;

const OUTCOMES = [
  "accepted",
  "problem",
  "challenge",
  "bad_signature",
  "too_large",
  "request_timeout",
  "overloaded",
  "store_unavailable",
] as const;
const ATTEMPT_OUTCOMES = ["delivered", "pending", "parked"] as const;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LAG_SECONDS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800];

/** What docs/metrics.md says of a metric. */
export interface MetricDefinition {
  type: "counter" | "gauge" | "histogram";
  name: string;
  help: string;
  labelNames: readonly string[];
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric of the bridge. No ids, URLs or error texts in labels. */
export function createMetrics(parts: MetricsParts) {
  const { version, clock, backlog, problems, states, concerns, proofs } = parts;
  const registry = new Registry();
  const registers = [registry];
  const definitions: MetricDefinition[] = [];
  const define = (type: MetricDefinition["type"], name: string, help: string, labelNames: string[]) => {
    const definition = { name: `countersign_${name}`, help, labelNames };
    definitions.push({ type, ...definition });
    return { ...definition, registers };
  };
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter(define("counter", name, help, labelNames));
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ ...define("histogram", name, help, labelNames), buckets });
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge(define("gauge", name, help, labelNames));

  const requests = counter("ingress_requests_total", "Requests of providers, by outcome.", [
    "source",
    "channel",
    "outcome",
  ]);
  const duplicates = counter("ingress_duplicates_total", "Reports of events that were recorded before.", [
    "source",
    "kind",
  ]);
  const duration = histogram(
    "ingress_duration_seconds",
    "Duration from a provider's request to its answer.",
    [],
    SECONDS,
  );
  const events = counter("events_total", "New events.", ["source", "type"]);
  const unmapped = counter(
    "unmapped_total",
    "Words of a provider that its mapping does not have; object is document, signer, unknown or other.",
    ["source", "object"],
  );
  const attempts = counter(
    "delivery_attempts_total",
    "Attempts to deliver, by the status of the delivery afterwards.",
    ["destination", "outcome"],
  );
  const attemptDuration = histogram(
    "delivery_attempt_duration_seconds",
    "Duration of an attempt.",
    ["destination"],
    SECONDS,
  );
  const parked = counter("deliveries_parked_total", "Deliveries parked as dead letters, by reason.", [
    "destination",
    "reason",
  ]);
  const lag = histogram(
    "event_lag_seconds",
    "Time from the happening to its recording (stage provider), and from there to its delivery (stage bridge).",
    ["source", "stage"],
    LAG_SECONDS,
  );

  const operations = histogram(
    "store_operation_duration_seconds",
    "Duration of a call to the store.",
    ["operation"],
    SECONDS,
  );

  const rejectionsDropped = counter(
    "rejections_dropped_total",
    "Refused requests that were answered but not kept: queue_full or store_failed.",
    ["reason"],
  );
  for (const reason of DROP_REASONS) rejectionsDropped.inc({ reason }, 0);

  const pruned = counter("pruned_total", "Rows removed by retention.", ["table"]);
  for (const table of PRUNABLE) pruned.inc({ table }, 0);

  const breakerOpen = gauge(
    "breaker_open",
    "1 while the circuit breaker is open and only probes are sent, otherwise 0.",
    ["destination"],
  );
  const paused = gauge("paused", "1 while the destination is paused, otherwise 0.", ["destination"]);
  const pending = gauge(
    "deliveries_pending",
    "Deliveries that are neither delivered nor parked. From the store.",
    ["destination"],
  );
  const oldest = gauge(
    "oldest_pending_seconds",
    "Age of the oldest delivery that is neither delivered nor parked. From the store.",
    ["destination"],
  );
  const withProblems = gauge(
    "receipts_with_problems",
    "Receipts with a problem, counted up to 10,000. From the store.",
    [],
  );
  const concerning = gauge(
    "concerns",
    "What needs a person, by kind: see docs/concerns.md. At most a minute old. From the store.",
    ["kind"],
  );
  const unexplained = gauge(
    "parity_unexplained",
    "Unexplained losses and unsafe disagreements of the newest parity report of a source. From the store.",
    ["source"],
  );
  const storeUp = gauge(
    "store_up",
    "1 when the store answered this scrape within 5 seconds, otherwise 0, and metrics from the store are left out.",
    [],
  );
  gauge("build_info", "Always 1; the label has the version.", ["version"]).set({ version }, 1);

  function showStates(): void {
    for (const gauge of [breakerOpen, paused]) gauge.reset();
    for (const state of states()) {
      breakerOpen.set({ destination: state.name }, state.breaker === null ? 0 : 1);
      paused.set({ destination: state.name }, state.paused === null ? 0 : 1);
    }
  }

  /** Gauges that only the store knows; left out where it does not answer. */
  async function showStored(): Promise<void> {
    const asked = Promise.all([backlog(), problems(), concerns(), proofs()]).catch(() => null);
    const answers = await inTime(clock, STORE_TIMEOUT_MS, asked, null);
    for (const gauge of [pending, oldest, concerning, unexplained]) gauge.reset();
    withProblems.remove();
    storeUp.set(answers ? 1 : 0);
    if (!answers) return;
    const [waiting, count, found, newest] = answers;
    withProblems.set(count);
    for (const kind of Object.keys(KINDS) as Kind[]) concerning.set({ kind }, 0);
    for (const { kind } of found) concerning.inc({ kind });
    for (const { source, unexplained: number } of newest) unexplained.set({ source }, number);
    for (const { name } of states()) {
      pending.set({ destination: name }, 0);
      oldest.set({ destination: name }, 0);
    }
    // Destinations that are not configured count as well: their open deliveries must be seen.
    for (const { destination, open, oldest: since } of waiting) {
      pending.set({ destination }, open);
      oldest.set({ destination }, since === null ? 0 : (clock.now() - since) / 1_000);
    }
  }

  return {
    /** Every metric, in the order in which they are scraped. */
    definitions: definitions as readonly MetricDefinition[],
    /** Series of known labels start at 0, so that a rate counts their first event. */
    know(channels: readonly { source: string; name: string }[], destinations: readonly { name: string }[]) {
      for (const { source, name } of channels) {
        for (const outcome of OUTCOMES) requests.inc({ source, channel: name, outcome }, 0);
        duplicates.inc({ source, kind: "duplicates" }, 0);
      }
      for (const { name } of destinations) {
        for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ destination: name, outcome }, 0);
        for (const reason of PARK_REASONS) parked.inc({ destination: name, reason }, 0);
      }
    },
    /** All metrics in Prometheus' text format. Does not reject when the store fails. */
    async scrape() {
      await showStored();
      showStates();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    /** `seconds` is from the request to its answer. */
    received(source: string, channel: string, outcome: string, seconds: number) {
      requests.inc({ source, channel, outcome });
      duration.observe(seconds);
    },
    duplicates(source: string, count: number) {
      duplicates.inc({ source, kind: "duplicates" }, count);
    },
    recorded(source: string, type: EventType) {
      events.inc({ source, type });
    },
    unmapped(source: string, object: string) {
      unmapped.inc({ source, object });
    },
    attempted(destination: string, outcome: (typeof ATTEMPT_OUTCOMES)[number], seconds: number) {
      attempts.inc({ destination, outcome });
      attemptDuration.observe({ destination }, seconds);
    },
    parked(destination: string, reason: ParkReason) {
      parked.inc({ destination, reason });
    },
    stored(operation: string, seconds: number) {
      operations.observe({ operation }, seconds);
    },
    rejectionsDropped(reason: DropReason, count: number) {
      rejectionsDropped.inc({ reason }, count);
    },
    pruned(table: Prunable, count: number) {
      pruned.inc({ table }, count);
    },
    lagged(source: string, stage: "provider" | "bridge", seconds: number) {
      lag.observe({ source, stage }, Math.max(0, seconds));
    },
  };
}
