/** More lists within lists than any payload has: far deeper ones take seconds to be read, and cannot be written down again. */
export const MOST_LEVELS = 1_000;

/** More values than any payload has: twenty for each of ten thousand items. Millions, in a body of a few MB, hold up everybody else. */
export const MOST_VALUES = 200_000;

/**
 * What a text of JSON holds; undefined when it is none, or more than is read (`excessOf`). Never throws. A number that is too
 * great for a double to hold becomes the text of its digits: two ids that differ in the last one stay two.
 */
export function parseJson(text: string): unknown {
  if (excessOf(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return MAY_BE_GREAT.test(text) ? JSON.parse(withGreatNumbersQuoted(text)) : value;
  } catch {
    // The engine's own message quotes the payload, so it is left out.
    return undefined;
  }
}

/**
 * What a text of JSON, good or not, has more of than is read: lists and objects within each other (`levels`), or lists, objects
 * and members in all (`values`); null when it has not.
 */
export function excessOf(text: string): "levels" | "values" | null {
  let levels = 0;
  let values = 0;
  for (let i = 0; text.length > MOST_LEVELS && i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfText(text, i) - 1;
    else if (code === COMMA) values += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) levels -= 1;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      levels += 1;
      values += 1;
    } else continue;
    if (levels > MOST_LEVELS) return "levels";
    if (values > MOST_VALUES) return "values";
  }
  return null;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Cheap, and true of every text with such a number: it has 16 digits or more, or an exponent. */
const MAY_BE_GREAT = /[:,[\s]-?(?:[\d.]{16}|[\d.]*\d[eE])/;

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
