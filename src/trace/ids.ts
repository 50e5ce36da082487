import { createHash } from "node:crypto";
import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";
import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace";
import type { SpanIds } from "../domain/traceparent.ts";

/** Draws ids by chance, or takes given ones for a span whose ids others know already. */
export interface Ids extends IdGenerator {
  /** The span that `start` starts has these ids; of one with a parent, the trace is that of the parent. */
  give<T>(ids: { traceId?: string; spanId: string }, start: () => T): T;
}

export function createIds(): Ids {
  const random = new RandomIdGenerator();
  let given: { traceId?: string; spanId?: string } = {};
  return {
    generateTraceId: () => given.traceId ?? random.generateTraceId(),
    generateSpanId: () => given.spanId ?? random.generateSpanId(),
    give(ids, start) {
      given = ids;
      try {
        return start();
      } finally {
        given = {};
      }
    },
  };
}

export function toSpanContext({ traceId, spanId, sampled }: SpanIds): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

export function toSpanIds({ traceId, spanId, traceFlags }: SpanContext): SpanIds {
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** The context of the children of a span that another process, or this one long ago, has started. */
export function below(ids: SpanIds): Context {
  return trace.setSpanContext(ROOT_CONTEXT, toSpanContext(ids));
}

/** How soon after recording a first attempt still belongs to the trace of its request, in milliseconds. */
const SOON_MS = 60_000;

/** An attempt, as the store remembers it. Instants are milliseconds since 1970. */
interface AttemptKey {
  /** The creation context of its event; null: the recording was not traced. */
  creation: SpanIds | null;
  recordedAt: number;
  delivery: string;
  /** From 1. */
  number: number;
  startedAt: number;
}

/**
 * The ids of an attempt's span, computed from what is stored of the attempt. So a later attempt, perhaps of
 * another process, can link to it, and nothing more is stored. `isChild`: it continues the trace in which its
 * event was recorded; otherwise it begins one of its own.
 */
export function attemptIds(key: AttemptKey): { traceId: string; spanId: string; isChild: boolean } {
  const { creation, recordedAt, delivery, number, startedAt } = key;
  const digest = createHash("sha256")
    .update(JSON.stringify([creation?.traceId, creation?.spanId, delivery, number, startedAt]))
    .digest("hex");
  const isChild = creation !== null && number === 1 && startedAt - recordedAt <= SOON_MS;
  const traceId = isChild ? creation.traceId : digest.slice(16, 48);
  return { traceId, spanId: digest.slice(0, 16), isChild };
}
