import { z } from "zod";
import { messageOf } from "../domain/errors.ts";

/** The longest text that a pattern is tried on, in characters. */
export const MAX_TEXT_LENGTH = 256;

/** A regular expression as mapping files write it: one that compiles, and that no text can keep busy for long. */
export const PatternText = z.string().superRefine((text, context) => {
  const message = refusalOf(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/**
 * The pattern's first group, or where it has none the whole of what it matches; null when it does not match. A text of more
 * than `LONGEST_TEXT` characters never matches: together with what `refusalOf` refuses that bounds what a hostile payload can
 * cost to a few million steps.
 */
export function compilePattern(text: string): (value: string) => string | null {
  const pattern = new RegExp(text, "u");
  return (value) => {
    if (value.length > MAX_TEXT_LENGTH) return null;
    const match = pattern.exec(value);
    return match && (match.slice(1).find((group) => group !== undefined) ?? match[0]);
  };
}

/** So many matches of one text are looked at. */
export const MAX_MATCHES = 256;

/** Lengths up to which a list is searched, the longest first: a pattern gets the first that it can afford. */
const LIST_LENGTHS = [4_096, 2_048, 1_024, 512, MAX_TEXT_LENGTH, 128] as const;
const MIN_LIST_LENGTH = 64;

/** So many steps a search may take in the worst case: some ten milliseconds. */
const MAX_STEPS = 2 ** 24;

/**
 * All that the pattern finds in a text, in order: of each match what `compilePattern` would give. A header of signatures is longer than
 * a name, so the greatest length is counted out: it is the longest that the pattern's repetitions can search within `MOST_STEPS`, up to
 * 4,096 characters. In a longer text nothing is found.
 */
export function compileMatches(text: string): (value: string) => string[] {
  const pattern = new RegExp(text, "gu");
  const longest = LIST_LENGTHS.find((length) => countSteps(text, length) <= MAX_STEPS) ?? MIN_LIST_LENGTH;
  return (value) => {
    if (value.length > longest) return [];
    const found: string[] = [];
    for (const match of value.matchAll(pattern)) {
      found.push(match.slice(1).find((group) => group !== undefined) ?? match[0]);
      if (found.length === MAX_MATCHES) break;
    }
    return found.filter((one) => one !== "");
  };
}

/** In how many ways a pattern can fail on a text of this length: the beginning can be anywhere. */
function countSteps(pattern: string, length: number): number {
  return length * countWays(pattern, length);
}

/** The same from one beginning: each repetition can take any number, and one of the alternatives is taken. */
function countWays(pattern: string, length: number): number {
  const tokens = [...pattern.matchAll(TOKEN)].map(({ 0: token }) => token);
  const alternatives = 1 + tokens.filter((token) => token === "|").length;
  return tokens.reduce((product, token) => {
    if (token === "*" || token === "+") return product * length;
    if (token === "?") return product * 2;
    const [, least, comma, most] = BOUNDS.exec(token) ?? [];
    if (least === undefined || !comma) return product;
    return product * Math.min(most ? Number(most) - Number(least) + 1 : length, length);
  }, alternatives);
}

/** What is wrong with a pattern; null: nothing. */
function refusalOf(text: string): string | null {
  try {
    new RegExp(text, "u");
  } catch (error) {
    return `does not compile (${messageOf(error)}): a pattern is a JavaScript regular expression, without slashes around it`;
  }
  if (repeatsRepetition(text)) {
    return "repeats a group that itself repeats or chooses, which some texts keep busy for ever: repeat something simpler";
  }
  if (countLoose(text) > MAX_LOOSE) {
    return "repeats without a bound more than twice, which some texts keep busy for seconds: give a bound such as {1,40}";
  }
  return countWays(text, 1 + FEW) > MAX_WAYS
    ? "repeats, leaves out and chooses too often in a row, which some texts keep busy for seconds: make it simpler"
    : null;
}

/** With `LONGEST_TEXT` characters and a beginning anywhere, two can cost a few million steps; a third would make them a billion. */
const MAX_LOOSE = 2;

/** So many ways from one beginning, where a repetition without a bound counts as one of 41. */
const MAX_WAYS = 200_000;

/** A repetition of more than this is as loose as one without a bound. */
const FEW = 40;

const BOUNDS = /^\{(\d+)(,?)(\d*)\}$/;

/** How many repetitions have no small bound: each multiplies the time by the length of the text, as does a beginning anywhere. */
function countLoose(pattern: string): number {
  return [...pattern.matchAll(TOKEN)].filter(({ 0: token }) => {
    const [, least, comma, most] = BOUNDS.exec(token) ?? [];
    if (least === undefined) return token === "*" || token === "+";
    return Number(comma ? most || Number.POSITIVE_INFINITY : least) > FEW;
  }).length;
}

/** Escapes, character classes, groups, signs of repetition and choice: all that matters to find one repetition in another. */
const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<\w+>|[ims-]*:))?|\)|[*+?|]|\{\d+,?\d*\}/gsu;

/** Whether a group that is repeated holds a repetition or a choice: what makes backtracking exponential. */
function repeatsRepetition(pattern: string): boolean {
  const groups = [{ varies: false }];
  let closedAt = -1;
  for (const { 0: token, index } of pattern.matchAll(TOKEN)) {
    if (index === closedAt && /^[*+{]/.test(token)) return true;
    if (token.startsWith("(")) groups.push({ varies: false });
    const varies = token === ")" ? groups.pop()?.varies : /^[*+?{|]/.test(token);
    const group = groups.at(-1);
    if (!varies || !group) continue;
    group.varies = true;
    if (token === ")") closedAt = index + 1;
  }
  return false;
}
