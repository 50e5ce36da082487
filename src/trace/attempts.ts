import { type Link, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
} from "@opentelemetry/semantic-conventions";
import { type Attempt, answeredWith, type Outcome } from "../domain/delivery.ts";
import { formatTraceparent, parseTraceparent, type SpanIds } from "../domain/traceparent.ts";
import type { Destination } from "../outbound/destination.ts";
import type { AttemptTrace, AttemptTracer } from "../outbound/trace.ts";
import type { Lease } from "../store/port/queue.ts";
import { attributesOfEvent, type SpanSettings } from "./event.ts";
import { attemptIds, below, toSpanContext, toSpanIds } from "./ids.ts";
import {
  COUNTERSIGN_ATTEMPT,
  COUNTERSIGN_LANE,
  COUNTERSIGN_OUTCOME,
  COUNTERSIGN_PROBE,
  COUNTERSIGN_REPLAYED,
  MESSAGING_DESTINATION_NAME,
} from "./names.ts";
import { createPastAttempts, type LastAttempt } from "./past-attempts.ts";
import type { TracerParts } from "./sdk.ts";

/**
 * Attempts as spans. The first, soon after its event was recorded, continues the trace of the request. Every
 * other begins a trace of its own, with links to where the event was recorded and to the attempt before: a
 * trace that goes on for three days is of no use to anybody.
 */
export function createAttemptTracer(parts: TracerParts & { lastAttempt: LastAttempt }): AttemptTracer {
  const past = createPastAttempts(parts.lastAttempt);
  return {
    begin({ destination, lease, probe }) {
      const about = keyOf(lease);
      let span: Span | undefined;
      let before: Promise<number | null> | null = null;
      return {
        start(startedAt) {
          span = startSpan({ destination, lease, probe, startedAt }, parts);
          if (span.isRecording() && about.number > 1) before = past.startOf(about.delivery, about.number - 1);
          const ids = toSpanIds(span.spanContext());
          return parts.propagates ? { traceparent: formatTraceparent(ids) } : {};
        },
        get ids() {
          return span && toSpanIds(span.spanContext());
        },
        end(attempt, outcome) {
          if (!span) return;
          past.note(about.delivery, attempt, outcome);
          describe(span, attempt, outcome);
          void endWithLink(span, lease, before);
        },
      } satisfies AttemptTrace;
    },
  };
}

interface Started {
  destination: Destination;
  lease: Lease;
  probe: boolean;
  startedAt: number;
}

function startSpan({ destination, lease, probe, startedAt }: Started, parts: TracerParts): Span {
  const { delivery, event } = lease;
  const { tracer, ids } = parts;
  const settings: SpanSettings = { ...parts.settings(), typePrefix: destination.typePrefix };
  const about = keyOf(lease);
  const { isChild, ...own } = attemptIds({ ...about, startedAt });
  const { creation } = about;
  const attributes = {
    ...attributesOfEvent(event, "send", settings),
    [MESSAGING_DESTINATION_NAME]: destination.name,
    [ATTR_HTTP_REQUEST_METHOD]: "POST",
    [ATTR_SERVER_ADDRESS]: new URL(destination.url).hostname,
    [COUNTERSIGN_ATTEMPT]: about.number,
    [COUNTERSIGN_REPLAYED]: delivery.replayedAfter !== null,
    [COUNTERSIGN_PROBE]: probe,
    ...(settings.documents && delivery.lane !== null && { [COUNTERSIGN_LANE]: delivery.lane }),
  };
  const links: Link[] = creation && !isChild ? [{ context: toSpanContext(creation) }] : [];
  const options = { kind: SpanKind.CLIENT, attributes, links };
  const around = creation && isChild ? below(creation) : ROOT_CONTEXT;
  return ids.give(own, () => tracer.startSpan(`send ${destination.name}`, options, around));
}

function keyOf({ delivery, event, traceparent }: Lease) {
  const creation: SpanIds | null = parseTraceparent(traceparent ?? "");
  const recordedAt = Date.parse(event.recordedAt);
  return { creation, recordedAt, delivery: delivery.id, number: delivery.attempts + 1 };
}

function describe(span: Span, attempt: Attempt, outcome: Outcome | null): void {
  const { status, cause } = attempt;
  if (outcome) span.setAttribute(COUNTERSIGN_OUTCOME, outcome.status);
  if (status !== null) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
  if (outcome?.status === "delivered") return;
  const answered = answeredWith(attempt);
  span.setAttribute(ATTR_ERROR_TYPE, answered === null ? cause : String(answered));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The span ends now, and is exported once it is known whether there is an attempt before to link to. */
async function endWithLink(span: Span, lease: Lease, before: Promise<number | null> | null): Promise<void> {
  const endedAt = performance.now();
  const startedAt = await before;
  const about = keyOf(lease);
  if (startedAt !== null && about.creation) {
    const previous = attemptIds({ ...about, number: about.number - 1, startedAt });
    span.addLink({ context: toSpanContext({ ...previous, sampled: true }) });
  }
  span.end(endedAt);
}
