import type { Event } from "../domain/event.ts";
import { type Encoded, encode } from "./encode.ts";
import { encodeBinary } from "./format-binary.ts";
import { encodeLumin, isKnownToLumin, luminSignature } from "./format-lumin.ts";
import { encodeStandard } from "./format-standard.ts";
import type { BodySignature, Secret } from "./sign.ts";

/** The shapes in which a destination can get its events. */
export const FORMAT_NAMES = ["cloudevents", "cloudevents-binary", "standard", "lumin"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

interface Format {
  /** The same event gives the same bytes. */
  encode(event: Event, options: { typePrefix: string }): Encoded;
  /** Whether it has words for an event; absent: it has for every one. */
  supports?(event: Event): boolean;
  /** A signature of its own, beside that of Standard Webhooks, with the first of the destination's secrets. */
  ownSignature?(secret: Secret): BodySignature;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  cloudevents: { encode },
  "cloudevents-binary": { encode: encodeBinary },
  standard: { encode: encodeStandard },
  lumin: { encode: encodeLumin, supports: isKnownToLumin, ownSignature: luminSignature },
};
