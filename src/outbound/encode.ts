import { z } from "zod";
import {
  BRIDGE_SOURCE,
  type ConcernView,
  Event,
  EventData,
  type EventType,
  isOfBridge,
} from "../domain/event.ts";
import { Traceparent } from "../domain/traceparent.ts";

/** A CloudEvents 1.0 event in structured JSON. https://github.com/cloudevents/spec */
export const ForwardedEvent = z
  .strictObject({
    specversion: z.literal("1.0").describe("the version of CloudEvents"),
    id: Event.shape.id.describe(
      "the idempotency key: the same on every attempt, for every destination and over every channel",
    ),
    source: z
      .string()
      .regex(/^\/(sources\/.+|bridge)$/)
      .describe(
        "`/sources/` and the name of the configured account; `/bridge` for events of the bridge itself",
      ),
    type: z
      .string()
      .describe(
        "`typePrefix` of the configuration, normally `esign.`, and the event type; those of the bridge itself, such as `bridge.concern.opened`, have no prefix",
      ),
    subject: z
      .string()
      .regex(/^(documents|signers|concerns)\/.+$/)
      .optional()
      .describe(
        "`documents/<id>`, `signers/<id>` while the document is not known, or `concerns/<id>`; ids are percent-encoded",
      ),
    time: Event.shape.time,
    datacontenttype: z.literal("application/json").describe("the type of `data`"),
    partitionkey: z
      .string()
      .optional()
      .describe("the document's id, to partition by; absent while the document is not known"),
    recordedtime: Event.shape.recordedAt.describe("when Countersign recorded it, by its own clock"),
    traceparent: Traceparent.optional().describe(
      "where the event was recorded, in the trace of its request: the same on every attempt; absent where requests were not traced",
    ),
    data: EventData.describe("the event itself, the same in the formats `cloudevents-binary` and `standard`"),
  })
  .describe("An event as a destination gets it");
export type ForwardedEvent = z.infer<typeof ForwardedEvent>;

/** A body to be signed and sent, byte for byte. */
export interface Encoded {
  body: Buffer;
  contentType: string;
  /** The parts of the event that are sent as headers, names in lower case; absent: none. */
  headers?: Readonly<Record<string, string>>;
}

export interface EncodeOptions {
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
  /** The event's creation context, for CloudEvents' distributed tracing extension; absent: none. */
  traceparent?: string | undefined;
}

/** The event as the bytes that are signed and sent. The same event gives the same bytes. */
export function encode(event: Event, options: EncodeOptions): Encoded {
  const forwarded: ForwardedEvent = { ...attributesOf(event, options), data: dataOf(event) };
  return {
    body: Buffer.from(JSON.stringify(forwarded)),
    contentType: "application/cloudevents+json; charset=utf-8",
  };
}

/** The event's CloudEvents attributes; missing ones are undefined. One literal is fastest to serialize. */
export function attributesOf(
  { id, source, type, time, recordedAt, document, signer, concerns }: Event,
  { typePrefix, traceparent }: EncodeOptions,
) {
  return {
    specversion: "1.0",
    id,
    source: isOfBridge(type) ? `/${BRIDGE_SOURCE}` : `/sources/${uriPart(source)}`,
    type: typeOf(type, typePrefix),
    subject: concerns ? subjectOfConcerns(concerns) : subjectOf(document, signer),
    time,
    datacontenttype: "application/json",
    partitionkey: document?.id,
    recordedtime: recordedAt,
    traceparent,
  } as const;
}

/** The data in every format of ours. */
export function dataOf(event: Event): ForwardedEvent["data"] {
  const { provider, channel, sequence, late, document, signer, signers, reason, code, provenance } = event;
  const data = { provider, channel, sequence, late, document, signer, signers, reason, code, provenance };
  return event.concerns ? { ...data, concerns: event.concerns } : data;
}

/** The type as it is forwarded. */
export function typeOf(type: EventType, typePrefix: string): string {
  return isOfBridge(type) ? type : typePrefix + type;
}

/** Of one that gathers several there is none. */
function subjectOfConcerns([first, ...more]: readonly ConcernView[]): string | undefined {
  return first && more.length === 0 ? `concerns/${uriPart(first.id)}` : undefined;
}

function subjectOf(document: Event["document"], signer: Event["signer"]): string | undefined {
  if (document) return `documents/${uriPart(document.id)}`;
  return signer ? `signers/${uriPart(signer.id)}` : undefined;
}

/**
 * `encodeURIComponent` throws for half a surrogate pair; such an id must not make the event undeliverable.
 */
export function uriPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
