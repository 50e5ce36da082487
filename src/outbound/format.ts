import type { Event } from "../domain/event.ts";
import { type Encoded, encode } from "./encode.ts";
import { encodeEmail, encodeSlack, encodeTeams, isForPeople } from "./format-alert.ts";
import { encodeBinary } from "./format-binary.ts";
import { encodeLumin, isKnownToLumin, luminSignature } from "./format-lumin.ts";
import { encodeStandard } from "./format-standard.ts";
import type { BodySignature, Secret } from "./sign.ts";

/** The payload formats that a destination can choose from. */
export const FORMAT_NAMES = ["cloudevents", "cloudevents-binary", "standard", "lumin"] as const;

/** Formats for people, which only alerts have. They are not signed. */
export const ALERT_FORMAT_NAMES = ["slack", "teams", "email-webhook"] as const;
export type AlertFormatName = (typeof ALERT_FORMAT_NAMES)[number];

export type FormatName = (typeof FORMAT_NAMES)[number] | AlertFormatName;

export function isAlertFormat(name: FormatName): name is AlertFormatName {
  return ALERT_FORMAT_NAMES.some((one) => one === name);
}

interface Format {
  /** The same event gives the same bytes. */
  encode(event: Event, options: { typePrefix: string; recipients: readonly string[] }): Encoded;
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
  lumin: { encode: encodeLumin, supports: isKnownToLumin, ownSignature: luminSignature },
};
