import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { parseParameters } from "./parameters.ts";

/** Text decoded from bytes. */
export interface DecodedText {
  text: string;
  /** A predicate for a message `<place> …`; null: all bytes are valid. */
  complaint: string | null;
}

const UTF8 = "utf-8";

/**
 * Decodes bytes by their byte order mark, else by the named charset (any of the Encoding Standard), else as
 * UTF-8. Invalid bytes become U+FFFD, and never without a complaint.
 */
export function decodeText(bytes: Uint8Array, named: string | null): DecodedText {
  const charset = sniff(bytes, named) ?? named ?? UTF8;
  const decoder = decoderOf(charset);
  if (decoder) return decodeAs(bytes, decoder);
  const { text, complaint } = decodeAs(bytes, new TextDecoder());
  const unknown = `is in a charset that is not known (${JSON.stringify(charset.slice(0, 40))}), and is read as UTF-8`;
  return { text, complaint: complaint === null ? unknown : `${unknown}, which it is not` };
}

function decodeAs(bytes: Uint8Array, decoder: TextDecoder): DecodedText {
  if (decoder.encoding === UTF8 && isUtf8(bytes)) return { text: decoder.decode(bytes), complaint: null };
  try {
    return { text: new TextDecoder(decoder.encoding, { fatal: true }).decode(bytes), complaint: null };
  } catch {
    const complaint = `has bytes that are not valid ${decoder.encoding.toUpperCase()}, each shown as U+FFFD`;
    return { text: decoder.decode(bytes), complaint };
  }
}

/**
 * The charset by the byte order mark. UTF-16 without one has its order from the zero byte of the first JSON
 * character.
 */
function sniff([first, second, third]: Uint8Array, named: string | null): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return UTF8;
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (named?.toLowerCase() === "utf-16") return first === 0 ? "utf-16be" : "utf-16le";
  return null;
}

/** Null: the charset is unknown. */
function decoderOf(charset: string): TextDecoder | null {
  try {
    return new TextDecoder(charset);
  } catch {
    return null;
  }
}

/** The charset that a content type names; null: none. */
export function charsetOf(contentType: string): string | null {
  return parseParameters(contentType).parameter("charset") || null;
}

/**
 * The charset of a JSON text with this named one; null: UTF-8. JSON is UTF-8 (RFC 8259, section 8.1), and
 * valid UTF-8 is hardly ever meant as anything else, so the named charset counts only for bytes that are not.
 */
export function charsetOfJson(bytes: Uint8Array, named: string | null): string | null {
  const isMislabelled = named !== null && decoderOf(named) !== null && isUtf8(bytes) && !bytes.includes(0);
  return isMislabelled ? null : named;
}
