import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { PARK_REASONS, type ParkReason } from "../domain/delivery.ts";
import type { EventType } from "../domain/event.ts";
import { AGED, type Aged, type Backlog, type DestinationState } from "../store/store.ts";

export interface MetricsParts {
  version: string;
  /** Asked at each scrape. */
  backlog(): Promise<readonly Backlog[]>;
  /** The same, of every configured destination. */
  states(): readonly Pick<DestinationState, "name" | "breaker">[];
  /** Milliseconds since 1970. */
  now(): number;
}

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

export type Metrics = ReturnType<typeof createMetrics>;

/** Every metric of the bridge. No ids, URLs or error texts in labels. */
export function createMetrics(parts: MetricsParts) {
  const { version, backlog, states, now } = parts;
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `countersign_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name: `countersign_${name}`, help, labelNames, buckets, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `countersign_${name}`, help, labelNames: ["destination"], registers });

  const requests = counter("ingress_requests_total", "Requests of providers, by what became of them.", [
    "source",
    "channel",
    "outcome",
  ]);
  const duplicates = counter("ingress_duplicates_total", "Happenings told again.", ["source", "kind"]);
  const duration = histogram(
    "ingress_duration_seconds",
    "From a provider's request to its answer.",
    [],
    SECONDS,
  );
  const events = counter("events_total", "New events.", ["source", "type"]);
  const unmapped = counter("unmapped_total", "Words of a provider that its mapping does not have.", [
    "source",
    "object",
  ]);
  const attempts = counter("delivery_attempts_total", "Tries at a delivery, by what became of it.", [
    "destination",
    "outcome",
  ]);
  const attemptDuration = histogram(
    "delivery_attempt_duration_seconds",
    "How long a try took.",
    ["destination"],
    SECONDS,
  );
  const parked = counter("deliveries_parked_total", "Deliveries given up.", ["destination", "reason"]);
  const lag = histogram(
    "event_lag_seconds",
    "From happening to receipt (provider), from receipt to delivery (bridge).",
    ["source", "stage"],
    LAG_SECONDS,
  );

  const operations = histogram(
    "store_operation_duration_seconds",
    "How long a call of the store took.",
    ["operation"],
    SECONDS,
  );

  const pruned = counter("pruned_total", "Rows removed because they were kept long enough.", ["table"]);
  for (const table of AGED) pruned.inc({ table }, 0);

  const breakerOpen = gauge("breaker_open", "1 while only probes are sent, since the receiver fails.");
  const pending = gauge("deliveries_pending", "Deliveries not yet delivered or parked.");
  const oldest = gauge("oldest_pending_seconds", "Age of the oldest of them.");
  new Gauge({ name: "countersign_build_info", help: "Always 1.", labelNames: ["version"], registers }).set(
    { version },
    1,
  );

  return {
    /** Series of known labels start at 0, so that a rate over them is right from the first one. */
    know(channels: readonly { source: string; name: string }[], destinations: readonly { name: string }[]) {
      for (const { source, name } of channels) {
        for (const outcome of OUTCOMES) requests.inc({ source, channel: name, outcome }, 0);
        duplicates.inc({ source, kind: "retold" }, 0);
      }
      for (const { name } of destinations) {
        for (const outcome of ATTEMPT_OUTCOMES) attempts.inc({ destination: name, outcome }, 0);
        for (const reason of PARK_REASONS) parked.inc({ destination: name, reason }, 0);
      }
    },
    /** Everything in Prometheus' text format. */
    async scrape() {
      const waiting = await backlog();
      for (const gauge of [breakerOpen, pending, oldest]) gauge.reset();
      for (const { name, breaker } of states()) {
        const found = waiting.find(({ destination }) => destination === name);
        breakerOpen.set({ destination: name }, breaker === null ? 0 : 1);
        pending.set({ destination: name }, found?.open ?? 0);
        oldest.set({ destination: name }, found?.oldest ? (now() - found.oldest) / 1_000 : 0);
      }
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    /** `seconds` is from the request to its answer. */
    received(source: string, channel: string, outcome: string, seconds: number) {
      requests.inc({ source, channel, outcome });
      duration.observe(seconds);
    },
    retold(source: string, count: number) {
      duplicates.inc({ source, kind: "retold" }, count);
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
    pruned(table: Aged, count: number) {
      pruned.inc({ table }, count);
    },
    lagged(source: string, stage: "provider" | "bridge", seconds: number) {
      lag.observe({ source, stage }, Math.max(0, seconds));
    },
  };
}
