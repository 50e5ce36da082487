import { parseMoment } from "./moment.ts";

/** Durations and sizes as people write them: `15s`, `5m`, `2h15m`, `5mb`. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1_024, mb: 1_024 ** 2, gb: 1_024 ** 3 };

/** Milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (MILLISECONDS[unit ?? ""] ?? 0), 0);
}

/**
 * Milliseconds since 1970 of a moment such as `2026-01-31T12:00:00Z`, or of a duration ago such as `7d`; null
 * when the text is neither. A duration beyond 1970 gives 0.
 */
export function parseSince(text: string, now: number): number | null {
  const ago = parseDuration(text);
  return ago === null ? parseMoment(text) : Math.max(0, now - ago);
}

/** The same for a moment, or the end of a duration from now. */
export function parseUntil(text: string, now: number): number | null {
  const ahead = parseDuration(text);
  return ahead === null ? parseMoment(text) : now + ahead;
}

/** Bytes; null when the text is no size. 1 kb is 1,024 bytes. */
export function parseSize(text: string): number | null {
  const [, count, unit] = /^(\d+)(b|kb|mb|gb)$/i.exec(text) ?? [];
  return unit === undefined ? null : Number(count) * (BYTES[unit.toLowerCase()] ?? 1);
}

/** No destination or replay needs more a second, and far above it sums lose their fractions. */
export const MAX_RATE = 1_000_000;

/** How many a second; null when the text is no rate such as `50/s` or `600/m`. */
export function parseRate(text: string): number | null {
  const [, count, unit] = /^(\d+)\/(s|m|h)$/.exec(text) ?? [];
  const milliseconds = MILLISECONDS[unit ?? ""];
  return milliseconds === undefined || Number(count) === 0 ? null : (Number(count) * 1_000) / milliseconds;
}

/** The shortest exact way to write a duration: `2h15m`. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  let text = "";
  for (const [unit, size] of Object.entries(MILLISECONDS).reverse()) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text || "0s";
}

/** The largest unit that divides a size: `5mb`. */
export function formatSize(bytes: number): string {
  const [unit, size] = Object.entries(BYTES).findLast(([, size]) => bytes % size === 0) ?? ["b", 1];
  return `${bytes / size}${unit}`;
}

/** A count and its noun: `1 event`, `2 events`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
