import type { Event } from "../domain/event.ts";
import { dataOf, type Encoded, type EncodeOptions, typeOf } from "./encode.ts";

/**
 * The payload that Standard Webhooks recommends: type, timestamp and data.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
 */
export function encodeStandard(event: Event, { typePrefix }: EncodeOptions): Encoded {
  const payload = { type: typeOf(event.type, typePrefix), timestamp: event.time, data: dataOf(event) };
  return { body: Buffer.from(JSON.stringify(payload)), contentType: "application/json; charset=utf-8" };
}
