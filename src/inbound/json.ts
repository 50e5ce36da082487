/** More lists within lists than any payload has: far deeper ones take seconds to be read, and cannot be written down again. */
export const MOST_LEVELS = 1_000;

/** More values than any payload has: ten for each of ten thousand items. Millions, in a body of a few MB, hold up everybody else. */
export const MOST_VALUES = 100_000;

/** What one look at a text of JSON, good or not, finds out before anything is made of it. */
interface Survey {
  /** What it has more of than is read: lists and objects within each other, or lists, objects and members in all. */
  excess: "levels" | "values" | null;
  /** Whether it may have a number that a double does not hold: one of 16 digits or more, or with an exponent. */
  great: boolean;
}

/**
 * What a text of JSON holds; undefined when it is none, or more than is read (`excessOf`). Never throws. A number that is too
 * great for a double to hold becomes the text of its digits: two ids that differ in the last one stay two.
 */
export function parseJson(text: string): unknown {
  const { excess, great } = survey(text);
  if (excess) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return great ? JSON.parse(withGreatNumbersQuoted(text)) : value;
  } catch {
    // The engine's own message quotes the payload, so it is left out.
    return undefined;
  }
}

export function excessOf(text: string): Survey["excess"] {
  return survey(text).excess;
}

const QUOTE = 1;
const COMMA = 2;
const OPEN = 3;
const CLOSE = 4;
const DIGIT = 5;
const EXPONENT = 6;

/** What a character means to the survey, by its code; 0: nothing. */
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

/** So many digits and points in a row may be more than a double holds. */
const LONG = 16;

/** One pass, for bodies can have millions of characters; texts are leapt over. */
function survey(text: string): Survey {
  let [levels, values, digits] = [0, 0, 0];
  let great = false;
  for (let i = 0; i < text.length; i++) {
    const meaning = MEANINGS[text.charCodeAt(i)];
    if (meaning === DIGIT) {
      digits += 1;
      great ||= digits === LONG;
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
      if (levels > MOST_LEVELS) return { excess: "levels", great };
    }
    if (values > MOST_VALUES) return { excess: "values", great };
  }
  return { excess: null, great };
}

const QUOTE_OR_NUMBER = /"|-?\d[\d.eE+-]*/g;

/** A scan of valid JSON: a reviver would cost several times as much. */
function withGreatNumbersQuoted(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  QUOTE_OR_NUMBER.lastIndex = 0;
  for (let found = QUOTE_OR_NUMBER.exec(text); found; found = QUOTE_OR_NUMBER.exec(text)) {
    const [token] = found;
    if (token === '"') QUOTE_OR_NUMBER.lastIndex = endOfText(text, found.index);
    else if (isGreat(Number(token))) {
      pieces.push(text.slice(copied, found.index), `"${token}"`);
      copied = QUOTE_OR_NUMBER.lastIndex;
    }
  }
  return [...pieces, text.slice(copied)].join("");
}

function isGreat(value: number): boolean {
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** Where the text that begins at a quotation mark is over. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    if (!isEscaped(text, end)) return end + 1;
  }
  return text.length;
}

const BACKSLASH = 0x5c;

/** Whether an odd number of backslashes stands before the position. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}
