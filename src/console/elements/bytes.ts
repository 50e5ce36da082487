import { type Html, html } from "../html.ts";
import { byNumber, inParts, KEPT_IN_LINES } from "./text.ts";

/** Bytes of strangers, shown truly and inertly: what is no text is shown by its numbers. */

/** Bytes of a part that is shown at a time. */
export const TEXT_PART = 16_384;
export const HEX_PART = 4_096;

/** A part of some bytes. */
export interface Part {
  from: number;
  /** Behind the last byte. */
  to: number;
}

/**
 * The part of text from about `from` on. It begins and ends between two characters of UTF-8, so that parts in
 * a row show each byte once.
 */
export function textPart(bytes: Uint8Array, from: number): Part {
  return { from: startOfCharacter(bytes, from), to: startOfCharacter(bytes, from + TEXT_PART) };
}

/** The first position from `at` on that is no continuation byte; `at` itself where there are too many. */
function startOfCharacter(bytes: Uint8Array, at: number): number {
  if (at <= 0) return 0;
  if (at >= bytes.length) return bytes.length;
  for (let skipped = 0; skipped < 4; skipped += 1)
    if (at + skipped >= bytes.length || !isContinuation(bytes[at + skipped])) return at + skipped;
  return at;
}

/**
 * Bytes as UTF-8 with their line breaks. A byte that is none is shown by its number (`0xFF`), and so are
 * characters that reorder, hide or control text (`U+202E`).
 */
export function utf8(bytes: Uint8Array): Html {
  const parts: (Html | string)[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOfCharacter(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(...textOf(bytes.subarray(from, at)), byNumber(`0x${hexOf(bytes[at] ?? 0).toUpperCase()}`));
    at += 1;
    from = at;
  }
  parts.push(...textOf(bytes.subarray(from)));
  return html`<bdi>${parts}</bdi>`;
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

function textOf(bytes: Uint8Array): (Html | string)[] {
  return inParts(DECODER.decode(bytes), KEPT_IN_LINES);
}

/** The bytes of the UTF-8 character at a position (RFC 3629, section 4); 0: there is none. */
function lengthOfCharacter(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (let i = 1; i < length; i += 1) if (!isContinuation(bytes[at + i])) return 0;
  const second = bytes[at + 1] ?? 0;
  const isOverlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isNone = (first === 0xed && second > 0x9f) || (first === 0xf4 && second > 0x8f);
  return isOverlong || isNone ? 0 : length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

const LINE = 16;

/** Lines of sixteen bytes: their position, the bytes, and those that are printable ASCII. */
export function hexDump(bytes: Uint8Array, from: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const line = [...bytes.subarray(at, at + LINE)];
    const position = (from + at).toString(16).padStart(8, "0");
    const codes = line.map((byte, index) => `${index === 8 ? " " : ""}${hexOf(byte)}`).join(" ");
    const shown = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
    lines.push(`${position}  ${codes.padEnd(48)}  ${shown.join("")}`);
  }
  return lines.join("\n");
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
