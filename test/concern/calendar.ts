import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";

/** When people in London work: hours, weekends, bank holidays and summer time, as they were announced. */

const BANK_HOLIDAYS: ReadonlySet<string> = new Set([
  ...["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25"],
  ...["2026-12-28", "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30"],
]);

/** From midnight, local time: how busy an hour is, of the busiest. */
const WORKDAY = [
  ...[0, 0, 0, 0, 0, 0, 0, 0.05, 0.4, 0.8, 1, 1],
  ...[0.9, 0.7, 1, 1, 0.9, 0.6, 0.2, 0.05, 0, 0, 0, 0],
];
const WEEKEND_SHARE = 0.02;
const HOLIDAY_SHARE = 0.04;
const YEARS_END_SHARE = 0.3;

export interface LocalTime {
  /** Such as `2026-01-31`. */
  date: string;
  hour: number;
  isWeekend: boolean;
}

export function londonTime(at: number): LocalTime {
  const local = new Date(isSummer(at) ? at + HOUR_MS : at);
  return {
    date: local.toISOString().slice(0, 10),
    hour: local.getUTCHours(),
    isWeekend: [0, 6].includes(local.getUTCDay()),
  };
}

export function isHoliday(date: string): boolean {
  return BANK_HOLIDAYS.has(date);
}

/** How busy people are at that moment, from 0 to 1. */
export function busynessAt(at: number): number {
  const { date, hour, isWeekend } = londonTime(at);
  const usual = WORKDAY[hour] ?? 0;
  if (isWeekend) return usual * WEEKEND_SHARE;
  if (isHoliday(date)) return usual * HOLIDAY_SHARE;
  return /-12-(24|29|30|31)$/.test(date) ? usual * YEARS_END_SHARE : usual;
}

/** From the last Sunday of March to that of October, at one o'clock UTC. */
function isSummer(at: number): boolean {
  const year = new Date(at).getUTCFullYear();
  return at >= lastSunday(year, 2) + HOUR_MS && at < lastSunday(year, 9) + HOUR_MS;
}

function lastSunday(year: number, month: number): number {
  const last = Date.UTC(year, month + 1, 0);
  return last - new Date(last).getUTCDay() * DAY_MS;
}

/** The first moment at that local hour of a working day, from `at` on. */
export function workingDay(at: number, hour: number): number {
  let moment = Math.ceil(at / HOUR_MS) * HOUR_MS;
  for (;;) {
    const { hour: local, date, isWeekend } = londonTime(moment);
    if (local === hour && !isWeekend && !isHoliday(date)) return moment;
    moment += HOUR_MS;
  }
}
