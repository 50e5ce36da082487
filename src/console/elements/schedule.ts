import { formatDuration } from "../../domain/quantity.ts";
import type { Schedule } from "../../domain/retry.ts";
import { type Html, html } from "../html.ts";

/**
 * The attempts of a schedule on a line: the number of each above, how long after the first below. The
 * distance between two grows with the logarithm of the pause, so that seconds and days both can be seen.
 */
export function scheduleLine(schedule: Schedule): Html {
  const points = pointsOf(schedule);
  const width = (points.at(-1)?.x ?? 0) + 48;
  const words = points.map(({ after }, index) =>
    index === 0 ? "at once" : `after ${formatDuration(after)}`,
  );
  const name = `${points.length} attempts: ${words.join(", ")}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Schedule"><svg class="chart plot" role="img" aria-label="${name}" width="${width}" height="48" viewBox="0 0 ${width} 48"><title>${name}</title>
<line class="base" x1="${START}" x2="${points.at(-1)?.x ?? START}" y1="24" y2="24"/>
${points.map(({ x, after }, index) => html`<circle class="mark" cx="${x}" cy="24" r="4"/><text class="middle" x="${x}" y="13">${index + 1}</text><text class="middle" x="${x}" y="42">${index === 0 ? "at once" : `+${coarse(after)}`}</text>`)}
</svg></div>`;
}

const START = 28;

interface Point {
  x: number;
  /** Milliseconds after the first attempt. */
  after: number;
}

function pointsOf(schedule: Schedule): Point[] {
  const points: Point[] = [{ x: START, after: 0 }];
  for (const pause of schedule) {
    const { x, after } = points.at(-1) ?? { x: START, after: 0 };
    points.push({ x: Math.round(x + 44 + 10 * Math.log10(1 + pause / 1_000)), after: after + pause });
  }
  return points;
}

/** Its two largest units: `1d7h`. */
function coarse(ms: number): string {
  const parts = formatDuration(ms).match(/\d+[a-z]+/g) ?? [];
  return parts.slice(0, 2).join(" ");
}
