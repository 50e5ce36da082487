import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import { parseParameters } from "./parameters.ts";

/** Text made of bytes, and what was wrong with them. */
export interface DecodedText {
  text: string;
  /** What is to be said of `<place> …`; null: every byte was understood. */
  complaint: string | null;
}

const UTF8 = "utf-8";

/**
 * Decodes bytes by the charset that their sender names, any that the Encoding Standard knows; a byte order mark counts
 * before it, and without either it is UTF-8. What is not valid becomes U+FFFD, and never without a complaint.
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

/** The charset that the first bytes give away: by their mark, or for UTF-16 without a mark by where the zero of a JSON text's first character stands. */
function sniff([first, second, third]: Uint8Array, named: string | null): string | null {
  if (first === 0xef && second === 0xbb && third === 0xbf) return UTF8;
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (named?.toLowerCase() === "utf-16") return first === 0 ? "utf-16be" : "utf-16le";
  return null;
}

/** Null: there is no such charset. */
function decoderOf(charset: string): TextDecoder | null {
  try {
    return new TextDecoder(charset);
  } catch {
    return null;
  }
}

/** The charset that a content type names; null when it names none. */
export function charsetOf(contentType: string): string | null {
  return parseParameters(contentType).parameter("charset") || null;
}

/**
 * The charset of a JSON text of which this one is named. JSON is UTF-8 whatever is said of it (RFC 8259, section 8.1), and what is valid
 * UTF-8 beyond ASCII is hardly ever meant as anything else; only what is not is taken at its word. Null: UTF-8.
 */
export function charsetOfJson(bytes: Uint8Array, named: string | null): string | null {
  const isMislabelled = named !== null && decoderOf(named) !== null && isUtf8(bytes) && !bytes.includes(0);
  return isMislabelled ? null : named;
}
