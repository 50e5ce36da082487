import type { Event } from "../domain/event.ts";
import { attributesOf, dataOf, type Encoded, type EncodeOptions } from "./encode.ts";

/**
 * CloudEvents' binary mode: the body is the data, and each attribute is a `ce-` header. Only the body is
 * signed.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31-binary-content-mode
 */
export function encodeBinary(event: Event, options: EncodeOptions): Encoded {
  const { datacontenttype: contentType, ...attributes } = attributesOf(event, options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) headers[`ce-${name}`] = headerValue(value);
  }
  return { body: Buffer.from(JSON.stringify(dataOf(event))), contentType, headers };
}

/** Percent-encodes as the binding requires: space, `"`, `%` and all but the visible characters of ASCII. */
export function headerValue(text: string): string {
  return text.toWellFormed().replace(/[^\x21\x23\x24\x26-\x7e]/gu, percentEncode);
}

function percentEncode(character: string): string {
  return Buffer.from(character).reduce(
    (text, byte) => `${text}%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    "",
  );
}
