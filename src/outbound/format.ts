import type { Event } from "../domain/event.ts";
import { type Encoded, type EncodeOptions, encode } from "./encode.ts";
import { encodeBinary } from "./format-binary.ts";
import { encodeLumin, isKnownToLumin, luminSignature } from "./format-lumin.ts";
import { encodeStandard } from "./format-standard.ts";
import type { BodySignature, Secret } from "./sign.ts";

/** The payload formats that a destination can choose from. */
export const FORMAT_NAMES = ["cloudevents", "cloudevents-binary", "standard", "lumin"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

interface Format {
  /** The same event gives the same bytes. */
  encode(event: Event, options: EncodeOptions): Encoded;
  /** Whether the format can express an event; absent: it can express all. */
  supports?(event: Event): boolean;
  /**
   * The format's own signature beside that of Standard Webhooks, made with the destination's newest secret.
   */
  ownSignature?(secret: Secret): BodySignature;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  cloudevents: { encode },
  "cloudevents-binary": { encode: encodeBinary },
  standard: { encode: encodeStandard },
  lumin: { encode: encodeLumin, supports: isKnownToLumin, ownSignature: luminSignature },
};
