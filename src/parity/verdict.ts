import { formatDuration, plural } from "../domain/quantity.ts";
import type { Check, OBSTACLES, ParityReport } from "./report.ts";
import type { ParitySettings } from "./scope.ts";

export type Obstacle = { code: (typeof OBSTACLES)[number]; sentence: string };

/** The figures that the gate looks at. Durations are milliseconds. */
export interface GateFigures {
  pairs: number;
  /** What can be compared: told by both, or by one although both have a word for it; without pending ones. */
  considered: number;
  unexplained: number;
  terminal: number;
  unsafe: number;
  harmless: number;
  observed: number;
  cadence: number;
  /** The agreement of one side's channels among themselves, from 0 to 1; null: there is none. */
  selfShare: number | null;
  /** Types that both sides can tell and none was shown of. */
  notShown: number;
  obstacles: readonly Obstacle[];
}

/** The window holds at least this many periods of the slowest channel. */
const MIN_PERIODS = 10;

export function judge(figures: GateFigures, settings: ParitySettings): ParityReport["verdict"] {
  const { considered, unexplained, terminal, unsafe, harmless, obstacles } = figures;
  const share = considered === 0 ? 0 : 1 - unexplained / considered;
  const wanted = shareWanted(figures, settings);
  const coverage: Check[] = [
    check("coverage", share >= wanted, percent(share), `at least ${percent(wanted)}`),
    check("terminal losses", terminal === 0, String(terminal), "0"),
  ];
  const integrity: Check[] = [check("unsafe disagreements", unsafe === 0, String(unsafe), "0")];
  const window = windowChecks(figures, settings);
  const passes = (checks: readonly Check[]) => checks.every(({ passed }) => passed);
  const checks = [...coverage, ...integrity, ...window];
  const result = obstacles.length > 0 ? "not_evaluated" : passes(checks) ? "passed" : "failed";
  return {
    result,
    sentence: sentenceOf(result, figures, checks, share),
    obstacles: [...obstacles],
    coverage: { passed: obstacles.length === 0 && passes(coverage), share, unexplained, terminal },
    integrity: { passed: obstacles.length === 0 && passes(integrity), unsafe, harmless },
    checks,
  };
}

function shareWanted({ selfShare }: GateFigures, { coverage, relativeToNoise }: ParitySettings): number {
  const wanted = coverage / 100;
  return relativeToNoise && selfShare !== null ? Math.min(wanted, selfShare) : wanted;
}

function windowChecks({ observed, cadence, pairs }: GateFigures, settings: ParitySettings): Check[] {
  const least = Math.max(settings.minWindow, MIN_PERIODS * cadence);
  const { minPairs } = settings;
  return [
    check("pairs", pairs >= minPairs, String(pairs), `at least ${minPairs}`),
    check("observed time", observed >= least, shortly(observed), `at least ${shortly(least)}`),
  ];
}

function check(name: string, passed: boolean, found: string, wanted: string): Check {
  return { name, passed, found, wanted };
}

function sentenceOf(
  result: ParityReport["verdict"]["result"],
  figures: GateFigures,
  checks: readonly Check[],
  share: number,
): string {
  const { considered, unexplained, unsafe, notShown, obstacles } = figures;
  if (result === "not_evaluated")
    return `Not evaluated: ${obstacles.map(({ sentence }) => sentence).join(" ")}`;
  const told = `${plural(considered, "happening")} compared, ${percent(share)} told by both or explained, ${plural(unexplained, "unexplained loss").replace("losss", "losses")}, ${plural(unsafe, "unsafe disagreement")}`;
  const types = notShown === 0 ? "" : `; of ${plural(notShown, "type")} the window shows nothing`;
  if (result === "passed") return `Passed: ${told}${types}.`;
  const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  return `Failed by ${failed.join(", ")}: ${told}${types}.`;
}

/** Rounded down, so that only all is 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 100_000) / 1_000} %`;
}

/** To the minute. */
function shortly(ms: number): string {
  return formatDuration(Math.floor(ms / 60_000) * 60_000);
}
