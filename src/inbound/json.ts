import { STEP_BYTES, type Steps } from "./steps.ts";

/** Deeper than any payload. Far deeper ones take seconds to parse, and cannot be serialized again. */
export const MAX_LEVELS = 1_000;

/** The default limit of values. Parsing is one step, so more values would hold up other requests. */
export const DEFAULT_MAX_VALUES = 125_000;

/** The value of a JSON text, or why it is not parsed. */
export type Json = { value: unknown } | { absent: "unreadable" | Excess };

/** The exceeded limit: of nested levels, or of lists, objects and members in all. */
type Excess = "levels" | "values";

/**
 * Parses a JSON text. Never throws. A number too great for a double becomes the text of its digits, so that
 * two ids that differ in the last digit stay different.
 */
export function* parsing(text: string, maxValues = DEFAULT_MAX_VALUES): Steps<Json> {
  const { excess, great } = yield* surveying(text, maxValues);
  if (excess) return { absent: excess };
  try {
    const value: unknown = JSON.parse(text);
    if (!great) return { value };
    yield;
    const quoted = yield* quotingGreatNumbers(text);
    yield;
    return { value: quoted === text ? value : JSON.parse(quoted) };
  } catch {
    // The engine's own message quotes the payload, so it is left out.
    return { absent: "unreadable" };
  }
}

/** What one pass over a JSON text, valid or not, finds before it is parsed. */
interface Survey {
  excess: Excess | null;
  /** Whether a number may be too great for a double: it has 16 digits or more, or an exponent. */
  great: boolean;
}

const QUOTE = 1;
const COMMA = 2;
const OPEN = 3;
const CLOSE = 4;
const DIGIT = 5;
const EXPONENT = 6;

/** The meaning of a character to the survey, by its code; 0: none. */
const MEANINGS = new Uint8Array(128);
for (const [characters, meaning] of [
  ['"', QUOTE],
  [",", COMMA],
  ["[{", OPEN],
  ["]}", CLOSE],
  ["0123456789.", DIGIT],
  ["eE", EXPONENT],
] as const) {
  for (const character of characters) MEANINGS[character.charCodeAt(0)] = meaning;
}

/** A number with this many digits and points may be too great for a double. */
const LONG_DIGITS = 16;

/** One pass, since bodies can have millions of characters. Texts are skipped with `indexOf`. */
function* surveying(text: string, maxValues: number): Steps<Survey> {
  let [levels, values, digits] = [0, 0, 0];
  let great = false;
  for (let i = 0; i < text.length; ) {
    for (const end = Math.min(i + STEP_BYTES, text.length); i < end; i++) {
      const meaning = MEANINGS[text.charCodeAt(i)];
      if (meaning === DIGIT) {
        digits += 1;
        great ||= digits === LONG_DIGITS;
        continue;
      }
      if (meaning === EXPONENT && digits > 0) great = true;
      digits = 0;
      if (meaning === QUOTE) i = endOfText(text, i) - 1;
      else if (meaning === COMMA) values += 1;
      else if (meaning === CLOSE) levels -= 1;
      else if (meaning === OPEN) {
        levels += 1;
        values += 1;
        if (levels > MAX_LEVELS) return { excess: "levels", great };
      }
      if (values > maxValues) return { excess: "values", great };
    }
    if (i >= STEP_BYTES) yield;
  }
  return { excess: null, great };
}

const QUOTE_OR_NUMBER = /"|-?\d[\d.eE+-]*/g;

/** Scans valid JSON: a reviver would cost several times as much. */
function* quotingGreatNumbers(text: string): Steps<string> {
  const next = new RegExp(QUOTE_OR_NUMBER);
  const pieces: string[] = [];
  let copied = 0;
  let pause = STEP_BYTES;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const [token] = found;
    if (token === '"') next.lastIndex = endOfText(text, found.index);
    else if (isGreat(Number(token))) {
      pieces.push(text.slice(copied, found.index), `"${token}"`);
      copied = next.lastIndex;
    }
    if (next.lastIndex < pause) continue;
    pause = next.lastIndex + STEP_BYTES;
    yield;
  }
  return [...pieces, text.slice(copied)].join("");
}

function isGreat(value: number): boolean {
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** The end of the text that begins at a quotation mark. */
function endOfText(text: string, start: number): number {
  const end = text.indexOf('"', start + 1);
  if (end < 0) return text.length;
  return text.charCodeAt(end - 1) === BACKSLASH ? endOfEscaped(text, start) : end + 1;
}

const BACKSLASH = 0x5c;
const QUOTATION_MARK = 0x22;

/** The same for a text with escapes, character by character. */
function endOfEscaped(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === BACKSLASH) i += 1;
    else if (character === QUOTATION_MARK) return i + 1;
  }
  return text.length;
}
