import { z } from "zod";
import { messageOf } from "../domain/errors.ts";

/** The longest text that a pattern is matched against, in characters. */
export const MAX_TEXT_LENGTH = 256;

/** A regular expression of a mapping file: it compiles, and no text keeps it busy for long. */
export const PatternText = z.string().superRefine((text, context) => {
  const message = refusalOf(text);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/**
 * Gives the pattern's first group, or without groups the whole match; null: no match. A text of more than
 * `MAX_TEXT_LENGTH` characters never matches. Together with `refusalOf` that bounds a hostile payload's cost
 * to a few million steps.
 */
export function compilePattern(text: string): (value: string) => string | null {
  const pattern = new RegExp(text, "u");
  return (value) => {
    if (value.length > MAX_TEXT_LENGTH) return null;
    const match = pattern.exec(value);
    return match && (match.slice(1).find((group) => group !== undefined) ?? match[0]);
  };
}

/** Matches of one text that count. */
export const MAX_MATCHES = 256;

/** Limits for searched texts, longest first: a pattern gets the first that its cost allows. */
const LIST_LENGTHS = [4_096, 2_048, 1_024, 512, MAX_TEXT_LENGTH, 128] as const;
const MIN_LIST_LENGTH = 64;

/** The most steps of a search in the worst case: some ten milliseconds. */
const MAX_STEPS = 2 ** 24;

/**
 * Gives all matches of a pattern in a text, in order, each as `compilePattern` would. A header of signatures
 * can be long, so the limit is the longest text that the pattern's repetitions can search within `MAX_STEPS`,
 * up to 4,096 characters. A longer text has no matches.
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

/** The number of ways in which a pattern can fail on a text of this length: a match can begin anywhere. */
function countSteps(pattern: string, length: number): number {
  return length * countWays(pattern, length);
}

/** The same from one beginning: each repetition can have any count, and each alternative can be taken. */
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

/** Why a pattern is refused; null: it is accepted. */
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

/**
 * On `MAX_TEXT_LENGTH` characters with any beginning, two cost a few million steps at most; three, a billion.
 */
const MAX_LOOSE = 2;

/** The most ways from one beginning, where a repetition without a bound counts as 41. */
const MAX_WAYS = 200_000;

/** A repetition with a greater bound counts as one without. */
const FEW = 40;

const BOUNDS = /^\{(\d+)(,?)(\d*)\}$/;

/**
 * Repetitions without a small bound: each multiplies the time by the length of the text, as the free
 * beginning does.
 */
function countLoose(pattern: string): number {
  return [...pattern.matchAll(TOKEN)].filter(({ 0: token }) => {
    const [, least, comma, most] = BOUNDS.exec(token) ?? [];
    if (least === undefined) return token === "*" || token === "+";
    return Number(comma ? most || Number.POSITIVE_INFINITY : least) > FEW;
  }).length;
}

/**
 * Escapes, character classes, groups, repetitions and alternatives: enough to find a repetition within
 * another.
 */
const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<\w+>|[ims-]*:))?|\)|[*+?|]|\{\d+,?\d*\}/gsu;

/** Whether a repeated group holds a repetition or an alternative, which makes backtracking exponential. */
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
