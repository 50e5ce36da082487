import type { Logger } from "pino";
import { DELIVERY_EVENTS } from "./delivery-events.ts";
import type { LogEvent } from "./event.ts";
import type { LogFieldName, LogFieldValues } from "./fields.ts";
import { INGRESS_EVENTS } from "./ingress-events.ts";
import { PROCESS_EVENTS } from "./process-events.ts";

/** Every line that the program logs; docs/logs.md is written from it. */
export const LOG_EVENTS = { ...INGRESS_EVENTS, ...DELIVERY_EVENTS, ...PROCESS_EVENTS };

export type LogEventName = keyof typeof LOG_EVENTS;

type FieldsOf<Name extends LogEventName> = LogFieldValues<(typeof LOG_EVENTS)[Name]["fields"][number]>;

/**
 * Writes one line. Only the fields that the event lists are written, so nothing undocumented gets into the
 * log.
 */
export type Log = <Name extends LogEventName>(
  event: Name,
  ...fields: keyof FieldsOf<Name> extends never ? [] : [FieldsOf<Name>]
) => void;

export function createLog(logger: Pick<Logger, LogEvent["level"]>): Log {
  return (event, ...[given]) => {
    const { level, message, fields }: LogEvent = LOG_EVENTS[event];
    const values: Partial<Record<LogFieldName, unknown>> = given ?? {};
    const line: Record<string, unknown> = { event };
    for (const field of fields) line[field] = values[field];
    logger[level](line, message);
  };
}
