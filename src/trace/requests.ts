import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
} from "@opentelemetry/semantic-conventions";
import { HTTP_STATUS } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { formatTraceparent, parseTraceparent } from "../domain/traceparent.ts";
import type { RequestTrace, RequestTracer } from "../inbound/trace.ts";
import { attributesOfEvent } from "./event.ts";
import { toSpanContext, toSpanIds } from "./ids.ts";
import {
  COUNTERSIGN_CHANNEL,
  COUNTERSIGN_OUTCOME,
  COUNTERSIGN_RECEIPT,
  COUNTERSIGN_SOURCE,
} from "./names.ts";
import type { TracerParts } from "./sdk.ts";

/**
 * Requests as spans. A request is always the root of its trace: a `traceparent` that its sender gave is
 * linked, since an unauthenticated stranger must decide neither ids nor sampling. The path is no attribute,
 * since a token may stand in it.
 */
export function createRequestTracer(parts: TracerParts): RequestTracer {
  const { tracer, propagates } = parts;
  return {
    request({ source, channel, method, basePath, headers }) {
      const route = `${basePath}/in/${source}/${channel}`;
      const sender = propagates ? parseTraceparent(headers.traceparent ?? "") : null;
      const span = tracer.startSpan(
        `${method} ${route}`,
        {
          kind: SpanKind.SERVER,
          attributes: {
            [ATTR_HTTP_REQUEST_METHOD]: method,
            [ATTR_HTTP_ROUTE]: route,
            [COUNTERSIGN_SOURCE]: source,
            [COUNTERSIGN_CHANNEL]: channel,
          },
          links: sender ? [{ context: toSpanContext(sender) }] : [],
        },
        ROOT_CONTEXT,
      );
      return follow(span, parts, (outcome) => {
        const status = statusOf(outcome);
        span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
        if (status >= 500) fail(span, outcome);
      });
    },
    reprocess({ source, channel, receipt }) {
      const attributes = {
        [COUNTERSIGN_SOURCE]: source,
        [COUNTERSIGN_CHANNEL]: channel,
        [COUNTERSIGN_RECEIPT]: receipt,
      };
      const span = tracer.startSpan(`reprocess ${source}/${channel}`, { attributes }, ROOT_CONTEXT);
      return follow(span, parts, (outcome) => {
        if (statusOf(outcome) >= 500) fail(span, outcome);
      });
    },
  };
}

type Outcome = Parameters<RequestTrace["end"]>[0]["outcome"];

function statusOf(outcome: Outcome): number {
  return outcome === "accepted" || outcome === "problem" || outcome === "challenge"
    ? 200
    : HTTP_STATUS[outcome];
}

/** Without a message: that of an error may hold what a stranger sent. */
function fail(span: Span, type: string): void {
  span.setAttribute(ATTR_ERROR_TYPE, type).setStatus({ code: SpanStatusCode.ERROR });
}

function follow(span: Span, parts: TracerParts, ending: (outcome: Outcome) => void): RequestTrace {
  const around = trace.setSpan(ROOT_CONTEXT, span);
  const own = toSpanIds(span.spanContext());
  const creations = createCreations(parts);
  let step: Context = around;
  return {
    ids: own,
    async step(name, run) {
      const child = parts.tracer.startSpan(name, {}, around);
      step = trace.setSpan(ROOT_CONTEXT, child);
      try {
        return await run();
      } catch (error) {
        fail(child, error instanceof Error ? error.name : "error");
        throw error;
      } finally {
        child.end();
      }
    },
    creationOf: (event) => formatTraceparent({ ...own, spanId: creations.spanIdOf(event) }),
    recorded(events) {
      if (span.isRecording()) for (const event of events) creations.show(event, step);
    },
    end({ outcome, receipt }) {
      span.setAttribute(COUNTERSIGN_OUTCOME, outcome);
      if (receipt !== undefined) span.setAttribute(COUNTERSIGN_RECEIPT, receipt);
      ending(outcome);
      span.end();
    },
  };
}

/** The creation contexts of a request's new events. */
interface Creations {
  /** Drawn before the event is on disk, and the same from then on. */
  spanIdOf(event: string): string;
  /** The event is on disk. */
  show(event: Event, around: Context): void;
}

function createCreations({ tracer, ids, random, settings }: TracerParts): Creations {
  const drawn = new Map<string, string>();
  const spanIdOf = (event: string) => {
    const spanId = drawn.get(event) ?? random.generateSpanId();
    drawn.set(event, spanId);
    return spanId;
  };
  return {
    spanIdOf,
    show(event, around) {
      const attributes = attributesOfEvent(event, "create", settings());
      const options = { kind: SpanKind.PRODUCER, attributes };
      const start = () => tracer.startSpan(`create ${event.type}`, options, around);
      ids.give({ spanId: spanIdOf(event.id) }, start).end();
    },
  };
}
