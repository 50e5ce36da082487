import { DAY_MS } from "./words.ts";

/** Days on which much of the world does not work, several in a row. Single holidays need no list. */

/**
 * Whether a moment's day, in UTC, lies from 24 December to 3 January or from Good Friday to Easter Monday.
 */
export function isFeastDay(at: number): boolean {
  const date = new Date(at);
  const day = date.getUTCDate();
  if (date.getUTCMonth() === 11 && day >= 24) return true;
  if (date.getUTCMonth() === 0 && day <= 3) return true;
  const afterEaster = Math.floor(at / DAY_MS) - easterOf(date.getUTCFullYear()) / DAY_MS;
  return afterEaster >= -2 && afterEaster <= 1;
}

/** The beginning of Easter Sunday, by the anonymous Gregorian algorithm. */
function easterOf(year: number): number {
  const cycle = year % 19;
  const century = Math.floor(year / 100);
  const rest = year % 100;
  const correction = Math.floor((8 * century + 13) / 25);
  const epact = (19 * cycle + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7;
  const shift = Math.floor((cycle + 11 * epact + 22 * weekday) / 451);
  const month = Math.floor((epact + weekday - 7 * shift + 114) / 31);
  const day = ((epact + weekday - 7 * shift + 114) % 31) + 1;
  return Date.UTC(year, month - 1, day);
}
