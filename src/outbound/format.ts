import { EVENT_TYPES, type Event, type EventType } from "../domain/event.ts";
import { type Encoded, type EncodeOptions, encode } from "./encode.ts";
import { encodeEmail, encodeSlack, encodeTeams, isForPeople } from "./format-alert.ts";
import { encodeBinary } from "./format-binary.ts";
import {
  encodeBatch,
  encodeUpon,
  hasBatchCode,
  hasUponCode,
  isKnownToBatch,
  isKnownToUpon,
} from "./format-legalesign.ts";
import { encodeLumin, hasLuminWord, isKnownToLumin, luminSignature } from "./format-lumin.ts";
import { encodeStandard } from "./format-standard.ts";
import type { BodySignature, Secret } from "./sign.ts";

/** The payload formats that a destination can choose from. */
export const FORMAT_NAMES = [
  "cloudevents",
  "cloudevents-binary",
  "standard",
  "lumin",
  "legalesign-upon",
  "legalesign-batch",
] as const;

/** Formats for people, which only alerts have. They are not signed. */
export const ALERT_FORMAT_NAMES = ["slack", "teams", "email-webhook"] as const;
export type AlertFormatName = (typeof ALERT_FORMAT_NAMES)[number];

export type FormatName = (typeof FORMAT_NAMES)[number] | AlertFormatName;

export function isAlertFormat(name: FormatName): name is AlertFormatName {
  return ALERT_FORMAT_NAMES.some((one) => one === name);
}

interface Format {
  /** The same event gives the same bytes. */
  encode(event: Event, options: EncodeOptions & { recipients: readonly string[] }): Encoded;
  /** Several events in one body, in order; absent: a body has one event. */
  encodeBatch?(events: readonly Event[]): Encoded;
  /** Whether the format has a word for the type; absent: it has one for every type. */
  speaks?(type: EventType): boolean;
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
  slack: { encode: encodeSlack, supports: isForPeople },
  teams: { encode: encodeTeams, supports: isForPeople },
  "email-webhook": { encode: encodeEmail, supports: isForPeople },
  lumin: {
    encode: encodeLumin,
    speaks: hasLuminWord,
    supports: isKnownToLumin,
    ownSignature: luminSignature,
  },
  "legalesign-upon": { encode: encodeUpon, speaks: hasUponCode, supports: isKnownToUpon },
  "legalesign-batch": {
    encode: (event) => encodeBatch([event]),
    encodeBatch,
    speaks: hasBatchCode,
    supports: isKnownToBatch,
  },
};

/** The types that a format has no word for. */
export function unspokenBy(format: FormatName): readonly EventType[] {
  const { speaks = () => true } = FORMATS[format];
  return EVENT_TYPES.filter((type) => !speaks(type));
}
