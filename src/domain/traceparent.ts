import { z } from "zod";

/** A place in a trace, as W3C Trace Context names it. */
export interface SpanIds {
  /** 32 hexadecimal digits in lower case, not all 0. */
  traceId: string;
  /** 16 of them. */
  spanId: string;
  /** Whether the trace is recorded. */
  sampled: boolean;
}

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** `traceparent` of version 00. https://www.w3.org/TR/trace-context/#traceparent-header */
export const Traceparent = z.string().regex(FORM, "is no traceparent of version 00");

export function formatTraceparent({ traceId, spanId, sampled }: SpanIds): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** Null: the text is none. Of a later version the first four parts are read (Trace Context, 3.2.4). */
export function parseTraceparent(text: string): SpanIds | null {
  const known = /^(?!00|ff)[0-9a-f]{2}(-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})(?:-.*)?$/.exec(text);
  const [, traceId, spanId, flags] = FORM.exec(known ? `00${known[1]}` : text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
