import { once } from "node:events";
import { count, judgeKept, judgeScene } from "./demo/judge.ts";
import { createNarrator, type Narrator } from "./demo/narrate.ts";
import { listKept, play, type Scene } from "./demo/play.ts";
import { onStage, type Stage } from "./demo/stage.ts";
import { STORY, type Step } from "./demo/story.ts";
import { type AddCommand, fail, INTERRUPTED, type Terminal } from "./terminal.ts";

/** How long the whole story may take, in seconds; it takes one or two, for the retry. */
const TIME_LIMIT_S = 30;

export const demoCommand: AddCommand = (program, terminal, done) => {
  program
    .command("demo")
    .description("show it all at work: a bridge, simulated providers, and a receiver that verifies")
    .option("--keep", "leave it running afterwards, to try it by hand")
    .action(async ({ keep = false }) => done(await demo({ story: STORY, keep }, terminal)));
};

export interface Demo {
  story: readonly Step[];
  /** Leaves it running until the terminal's signal. */
  keep: boolean;
}

/** 0 only when everything came out as the story says, 1 with what differed otherwise, 130 when it was interrupted. */
export async function demo({ story, keep }: Demo, terminal: Terminal): Promise<number> {
  const narrator = createNarrator(terminal.stdout);
  try {
    return await onStage(async (stage) => {
      narrator.open(stage);
      const wrong = await withinLimit(stage, terminal.signal, (signal) =>
        perform(story, stage, narrator, signal),
      );
      if (terminal.signal.aborted) return INTERRUPTED;
      if (wrong !== null) return fail(terminal, `the demo did not come out as it should: ${wrong}`);
      return keep ? await stayUp(stage, narrator, terminal) : 0;
    });
  } catch (error) {
    if (terminal.signal.aborted) return INTERRUPTED;
    throw error;
  }
}

/** Plays the story to its end or to the first step that goes wrong; then what went wrong, in a sentence. */
async function perform(
  story: readonly Step[],
  stage: Stage,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<string | null> {
  const scenes: Scene[] = [];
  for (const [index, step] of story.entries()) {
    narrator.announce(index + 1, step);
    const scene = await play(step, stage, signal);
    const complaints = judgeScene(scene);
    narrator.show(scene, complaints);
    if (complaints.length > 0) return `in step ${index + 1}, ${complaints.join("; ")}`;
    scenes.push(scene);
  }
  return conclude(scenes, stage, narrator, signal);
}

async function conclude(
  scenes: readonly Scene[],
  stage: Stage,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<string | null> {
  const { requests } = stage.receiver;
  const findings = judgeKept(scenes, await listKept(stage, signal), requests);
  narrator.showKept(scenes.length + 1, findings);
  const broken = findings.flatMap((finding) => finding.broken ?? []);
  if (broken.length > 0) return broken.join("; ");
  narrator.close(count(scenes, requests));
  return null;
}

/** Runs it with a signal whose reason says why there is no more time: the limit, the bridge's death, or the user. */
async function withinLimit<T>(
  { app }: Stage,
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

/** To be told to stop is how this is meant to end: 0. */
async function stayUp(stage: Stage, narrator: Narrator, terminal: Terminal): Promise<number> {
  const { signal } = terminal;
  narrator.invite(stage);
  stage.receiver.watch(narrator.report);
  const died = stage.app.died.then(() => fail(terminal, "the bridge died"));
  const asked = signal.aborted ? Promise.resolve(0) : once(signal, "abort").then(() => 0);
  return Promise.race([asked, died]);
}
