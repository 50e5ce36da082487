import { maskAddresses } from "../domain/mask.ts";
import { plural } from "../domain/quantity.ts";

/** Figures and ids as sentences have them. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const UNITS = [
  ["day", DAY_MS],
  ["hour", HOUR_MS],
  ["minute", MINUTE_MS],
  ["second", 1_000],
] as const;

/** A duration in its largest unit, with the next one where the largest alone says little: `1 day 4 hours`. */
export function inWords(ms: number): string {
  const index = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[index] ?? ["second", 1_000];
  const count = Math.floor(ms / size);
  const [lesser, lesserSize] = UNITS[index + 1] ?? ["second", 1_000];
  const rest = Math.floor((ms - count * size) / lesserSize);
  return count < 3 && rest > 0 && index >= 0
    ? `${plural(count, unit)} ${plural(rest, lesser)}`
    : plural(count, unit);
}

/** `3 deliveries wait`, `1 delivery waits`, `nothing waits`. */
export function waitingOf(open: number): string {
  if (open === 0) return "nothing waits";
  return open === 1 ? "1 delivery waits" : `${open} deliveries wait`;
}

export function deliveriesOf(count: number): string {
  return count === 1 ? "1 delivery" : `${count} deliveries`;
}

const MAX_ID_LENGTH = 60;

/** An id of a provider, cut where it is long, and without addresses. */
export function shownId(id: string): string {
  const characters = [...maskAddresses(id.slice(0, 4 * MAX_ID_LENGTH))];
  return characters.length <= MAX_ID_LENGTH
    ? characters.join("")
    : `${characters.slice(0, MAX_ID_LENGTH).join("")}…`;
}

/** The first few of a list that has `count` entries: `a, b and 3 more`. */
export function fewOf(shown: readonly string[], count: number): string {
  const more = count - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

const MAX_WORD_LENGTH = 40;

/** A provider's word, where it is shaped like one: anything else may be a text with personal data. */
export function shownWord(word: string): string {
  const isWord = /^[\w.:/-]+$/.test(word) && word.length <= MAX_WORD_LENGTH;
  return isWord ? word : `a text of ${plural(word.length, "character")}`;
}

const SIZES = [
  ["GB", 1_024 ** 3],
  ["MB", 1_024 ** 2],
  ["KB", 1_024],
] as const;

/** A size with one digit after the point: `1.5 GB`. */
export function sizeInWords(bytes: number): string {
  const [unit, size] = SIZES.find(([, size]) => bytes >= size) ?? ["bytes", 1];
  return `${Number((bytes / size).toFixed(1))} ${unit}`;
}
