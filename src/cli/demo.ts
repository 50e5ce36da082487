import { once } from "node:events";
import type { SetUpCommand } from "./commands.ts";
import { DEMO_STEPS, type DemoStep } from "./demo/demo-steps.ts";
import { checkRecorded, checkStep, totalsOf } from "./demo/findings.ts";
import { type Installation, withInstallation } from "./demo/installation.ts";
import { createDemoReport, type DemoReport } from "./demo/report.ts";
import { listRecordedEvents, runStep, type StepResult } from "./demo/run-step.ts";
import { fail, INTERRUPTED, type Terminal } from "./terminal.ts";

/** The limit for all steps together, which take one or two seconds, for the retry. */
const TIME_LIMIT_S = 30;

export const demoCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option("--keep", "keep it running afterwards, to try it by hand")
    .action(async ({ keep = false }) => done(await demo({ steps: DEMO_STEPS, keep }, terminal)));
};

export interface DemoOptions {
  steps: readonly DemoStep[];
  /** Keeps the installation running until the terminal's signal. */
  keep: boolean;
}

/** 0 when every step gave the expected result, 1 otherwise, with the difference; 130 when interrupted. */
export async function demo({ steps, keep }: DemoOptions, terminal: Terminal): Promise<number> {
  const report = createDemoReport(terminal.stdout);
  try {
    return await withInstallation(async (installation) => {
      report.introduce(installation);
      const failure = await withinLimit(installation, terminal.signal, (signal) =>
        runSteps(steps, installation, report, signal),
      );
      if (terminal.signal.aborted) return INTERRUPTED;
      if (failure !== null) return fail(terminal, `the demo failed: ${failure}`);
      return keep ? await keepRunning(installation, report, terminal) : 0;
    });
  } catch (error) {
    if (terminal.signal.aborted) return INTERRUPTED;
    throw error;
  }
}

/** Runs the steps until one fails. Returns the failure in a sentence, or null. */
async function runSteps(
  steps: readonly DemoStep[],
  installation: Installation,
  report: DemoReport,
  signal: AbortSignal,
): Promise<string | null> {
  const results: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    report.beginStep(index + 1, step);
    const result = await runStep(step, installation, signal);
    const complaints = checkStep(result);
    report.endStep(result, complaints);
    if (complaints.length > 0) return `in step ${index + 1}, ${complaints.join("; ")}`;
    results.push(result);
  }
  return finish(results, installation, report, signal);
}

async function finish(
  results: readonly StepResult[],
  installation: Installation,
  report: DemoReport,
  signal: AbortSignal,
): Promise<string | null> {
  const { requests } = installation.receiver;
  const findings = checkRecorded(results, await listRecordedEvents(installation, signal), requests);
  report.showRecorded(results.length + 1, findings);
  const broken = findings.flatMap((finding) => finding.broken ?? []);
  if (broken.length > 0) return broken.join("; ");
  report.conclude(totalsOf(results, requests));
  return null;
}

/**
 * Runs it with a signal that is aborted by the time limit, the bridge's death or the user; its reason says
 * which.
 */
async function withinLimit<T>(
  { app }: Installation,
  interrupt: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(`${TIME_LIMIT_S} seconds were not enough`),
    TIME_LIMIT_S * 1_000,
  );
  app.died.then(() => limit.abort("the bridge died"));
  try {
    return await run(AbortSignal.any([interrupt, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** Runs until the terminal's signal, which is the regular end: 0. */
async function keepRunning(
  installation: Installation,
  report: DemoReport,
  terminal: Terminal,
): Promise<number> {
  const { signal } = terminal;
  report.showUsage(installation);
  installation.receiver.watch(report.showRequest);
  const died = installation.app.died.then(() => fail(terminal, "the bridge died"));
  const asked = signal.aborted ? Promise.resolve(0) : once(signal, "abort").then(() => 0);
  return Promise.race([asked, died]);
}
