import type { Attributes } from "@opentelemetry/api";
import type { Event } from "../domain/event.ts";
import { attributesOf } from "../outbound/encode.ts";
import {
  CLOUDEVENTS_EVENT_ID,
  CLOUDEVENTS_EVENT_SOURCE,
  CLOUDEVENTS_EVENT_SPEC_VERSION,
  CLOUDEVENTS_EVENT_SUBJECT,
  CLOUDEVENTS_EVENT_TYPE,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from "./names.ts";

/** What the configuration in force says of spans. */
export interface SpanSettings {
  /** Whether ids of documents are shown. */
  documents: boolean;
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
}

/** Nothing personal: no names, addresses and titles. Ids of documents only where the operator wants them. */
export function attributesOfEvent(
  event: Event,
  operation: "create" | "send",
  { documents, typePrefix }: SpanSettings,
): Attributes {
  const { id, source, type, subject, specversion } = attributesOf(event, { typePrefix });
  return {
    [MESSAGING_SYSTEM]: "countersign",
    [MESSAGING_OPERATION_NAME]: operation,
    [MESSAGING_OPERATION_TYPE]: operation,
    [MESSAGING_MESSAGE_ID]: id,
    [CLOUDEVENTS_EVENT_ID]: id,
    [CLOUDEVENTS_EVENT_SOURCE]: source,
    [CLOUDEVENTS_EVENT_TYPE]: type,
    [CLOUDEVENTS_EVENT_SPEC_VERSION]: specversion,
    ...(documents && subject !== undefined && { [CLOUDEVENTS_EVENT_SUBJECT]: subject }),
  };
}
