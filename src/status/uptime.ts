import { z } from "zod";
import type { ClockJump, Stop } from "../concern/situation.ts";
import { DAY_MS, MINUTE_MS } from "../concern/words.ts";
import type { Clock } from "../domain/clock.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

/**
 * When the bridge ran, and when its clock jumped. Each run is a note that grows with every beat, so the end
 * of a killed run is known to a beat. Nodes that share a store run beside one another: a stop is a time in
 * which none of them ran.
 */

/** A shorter gap between two runs is a restart. */
const MIN_STOP_MS = MINUTE_MS;
/** A smaller difference is the clock being kept right. */
const MIN_JUMP_MS = 10_000;
/** Longer than a silence is measured from, and than any advice about a stop lasts. */
const KEPT_MS = 90 * DAY_MS;

const Run = z.strictObject({ from: z.int(), until: z.int() });
type Run = z.infer<typeof Run>;
const Jumps = z.strictObject({ jumps: z.array(z.strictObject({ at: z.int(), by: z.int() })) });

const RUN = "run";
const JUMPS = "clock_jumps";
const KEY = "all";

export interface Uptime {
  /**
   * Counts the time until now as part of this run, and notes how far the clock jumped since the last beat.
   */
  beat(): Promise<void>;
  /** The last time in which no node ran; null: none is known. */
  lastStop(): Promise<Stop | null>;
  clockJumps(): Promise<readonly ClockJump[]>;
}

/** `run` names this run among all others. */
export function createUptime(store: Notes, clock: Pick<Clock, "now" | "elapsed">, run: string): Uptime {
  const runs = createNoted(store, RUN, Run);
  const jumps = createNoted(store, JUMPS, Jumps);
  const from = clock.now();
  let last = { now: from, elapsed: clock.elapsed() };
  let isTidy = false;

  /** The runs of the past are few notes: those with only a restart between them are one. */
  async function tidy(): Promise<void> {
    isTidy = true;
    const now = clock.now();
    const over = (await runs.all()).filter(
      ({ key, value }) => key !== run && value.until < now - MIN_STOP_MS,
    );
    const whole = joined(over.map(({ value }) => value)).filter(({ until }) => until > now - KEPT_MS);
    const kept = new Map(whole.map((one) => [one.from, one]));
    for (const { key, value } of over) {
      const one = kept.get(value.from);
      kept.delete(value.from);
      if (one?.until !== value.until) await runs.change(key, () => one ?? null);
    }
  }

  async function noteJump(at: number, by: number): Promise<void> {
    await jumps.change(KEY, (known) => {
      const recent = (known?.jumps ?? []).filter((one) => Math.abs(at - one.at) < KEPT_MS);
      return { jumps: [...recent, { at, by }].slice(-100) };
    });
  }

  return {
    async beat() {
      const present = { now: clock.now(), elapsed: clock.elapsed() };
      const by = Math.round(present.now - last.now - (present.elapsed - last.elapsed));
      last = present;
      if (Math.abs(by) >= MIN_JUMP_MS) await noteJump(present.now, by);
      // A clock that was set back must not make the run shorter.
      await runs.change(run, (known) => ({
        from: Math.min(known?.from ?? from, from),
        until: Math.max(known?.until ?? from, present.now),
      }));
      if (!isTidy) await tidy();
    },
    async lastStop() {
      const all = joined((await runs.all()).map(({ value }) => value));
      const [before, after] = all.slice(-2);
      return before && after ? { from: before.until, until: after.from } : null;
    },
    async clockJumps() {
      return (await jumps.all()).flatMap(({ value }) => value.jumps);
    },
  };
}

/** In the order of time, those with only a restart between them as one. */
function joined(runs: readonly Run[]): Run[] {
  const whole: Run[] = [];
  for (const run of runs.toSorted((one, other) => one.from - other.from)) {
    const before = whole.at(-1);
    if (before && run.from - before.until <= MIN_STOP_MS) before.until = Math.max(before.until, run.until);
    else whole.push({ ...run });
  }
  return whole;
}
