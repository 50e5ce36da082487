/**
 * Names of attributes whose conventions are not stable yet, pinned here: a dashboard must not break because a
 * package was updated. https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ and
 * https://opentelemetry.io/docs/specs/semconv/cloudevents/cloudevents-spans/
 */
export const MESSAGING_SYSTEM = "messaging.system";
export const MESSAGING_OPERATION_NAME = "messaging.operation.name";
export const MESSAGING_OPERATION_TYPE = "messaging.operation.type";
export const MESSAGING_DESTINATION_NAME = "messaging.destination.name";
export const MESSAGING_MESSAGE_ID = "messaging.message.id";
export const CLOUDEVENTS_EVENT_ID = "cloudevents.event_id";
export const CLOUDEVENTS_EVENT_SOURCE = "cloudevents.event_source";
export const CLOUDEVENTS_EVENT_SPEC_VERSION = "cloudevents.event_spec_version";
export const CLOUDEVENTS_EVENT_SUBJECT = "cloudevents.event_subject";
export const CLOUDEVENTS_EVENT_TYPE = "cloudevents.event_type";

/** Our own. */
export const COUNTERSIGN_ATTEMPT = "countersign.attempt";
export const COUNTERSIGN_CHANNEL = "countersign.channel";
export const COUNTERSIGN_LANE = "countersign.lane";
export const COUNTERSIGN_OUTCOME = "countersign.outcome";
export const COUNTERSIGN_PROBE = "countersign.probe";
export const COUNTERSIGN_RECEIPT = "countersign.receipt";
export const COUNTERSIGN_REPLAYED = "countersign.replayed";
export const COUNTERSIGN_SOURCE = "countersign.source";
