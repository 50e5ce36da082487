import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";
import type { Mandate } from "../web/operations.ts";

/**
 * Work of many pages, such as sending 30,000 events again. It goes on in this process after the request that
 * started it was answered, and ends with the process; what was done by then stays done. How far it is stands
 * in the store, so that every node shows it, and can cancel it.
 */

export const JOB_KINDS = ["replay", "acknowledge", "reprocess"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * `failed`: a page could not be done, so the rest is not; `canceled`: an operator ended it; `interrupted`:
 * the process that did it ended.
 */
export type JobState = "running" | "done" | "failed" | "canceled" | "interrupted";

const count = z.int().nonnegative();
const Kept = z.strictObject({
  kind: z.enum(JOB_KINDS),
  what: z.string(),
  mandate: z.strictObject({ caller: z.string(), reason: z.string() }),
  startedAt: z.int(),
  endedAt: z.int().nullable(),
  state: z.enum(["running", "done", "failed", "canceled"]),
  total: count.nullable(),
  done: count,
  failed: count,
  said: z.string().nullable(),
  /** When it was written, milliseconds since 1970. */
  seenAt: z.int(),
});
type Kept = z.infer<typeof Kept>;

export interface Job {
  id: string;
  kind: JobKind;
  /** What is done to what, in a sentence without its full stop. */
  what: string;
  mandate: Mandate;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Null: it is running. */
  endedAt: number | null;
  state: JobState;
  /** How many there were at the start; null: not counted. */
  total: number | null;
  done: number;
  /** Of those that were done: how many stay as they were. */
  failed: number;
  /** Why it failed, who canceled it, or what came of it; null: nothing is to be said. */
  said: string | null;
}

export interface JobPlan extends Pick<Job, "kind" | "what" | "mandate" | "total"> {
  /**
   * Does one page. `next`: the cursor of the next one; null: this was the last. `said`: what came of all
   * pages so far, where that is more than a number.
   */
  step(cursor: string | undefined): Promise<JobPage>;
}

export interface JobPage {
  done: number;
  failed?: number;
  said?: string;
  next: string | null;
}

export interface Jobs {
  /**
   * Does the first page, and goes on with the others by itself. Rejects with the error of the first page,
   * after which there is no job.
   */
  start(plan: JobPlan): Promise<Job>;
  /** The newest first, of all nodes. */
  list(): Promise<readonly Job[]>;
  find(id: string): Promise<Job | null>;
  /**
   * The page under way is the last. Returns the job. Rejects with `not_found`, or `conflict`: it has ended.
   */
  cancel(id: string, by: Mandate): Promise<Job>;
}

/** Of this process. */
const MAX_RUNNING = 10;
/** Ended ones beyond this number are forgotten. */
const MAX_KEPT = 200;
/** A job of another process that has not been written for this long has ended with its process. */
const SILENT_MS = 60_000;

interface JobParts {
  store: Notes;
  /** Milliseconds since 1970. */
  now(): number;
  randomBytes(length: number): Uint8Array;
  /** A job failed, or how far it is could not be written, for the log. */
  failed(error: unknown): void;
}

export function createJobs({ store, now, randomBytes, failed }: JobParts): Jobs {
  const noted = createNoted(store, "job", Kept);
  const running = new Map<string, Job>();

  function end(job: Job, state: JobState, said: string | null): void {
    Object.assign(job, { state, said, endedAt: now() });
    running.delete(job.id);
  }

  /** Another node may have canceled it in between. A store that is away for a moment ends no job. */
  async function keep(job: Job): Promise<void> {
    try {
      await noted.change(job.id, (known) => {
        if (known?.state === "canceled" && job.state === "running") end(job, "canceled", known.said);
        const { id: _, ...rest } = job;
        return Kept.parse({ ...rest, seenAt: now() });
      });
    } catch (error) {
      failed(error);
    }
  }

  async function doPage(job: Job, { step }: JobPlan, cursor: string | undefined): Promise<string | null> {
    const page = await step(cursor);
    job.done += page.done;
    job.failed += page.failed ?? 0;
    if (job.state === "running") job.said = page.said ?? null;
    if (page.next === null && job.state === "running") end(job, "done", job.said);
    return page.next;
  }

  /** Ends at the first page that fails: it and the rest can be done by another job. */
  async function goOn(job: Job, plan: JobPlan, first: string): Promise<void> {
    try {
      for (let cursor: string | null = first; cursor !== null && job.state === "running"; ) {
        await setImmediate();
        cursor = await doPage(job, plan, cursor);
        await keep(job);
      }
    } catch (error) {
      failed(error);
      if (job.state === "running") end(job, "failed", messageOf(error));
      await keep(job);
    }
  }

  function jobOf(id: string, { seenAt, ...kept }: Kept): Job {
    const own = running.get(id);
    if (own) return own;
    const isSilent = kept.state === "running" && now() - seenAt > SILENT_MS;
    return { id, ...kept, ...(isSilent && { state: "interrupted", endedAt: seenAt }) };
  }

  async function list(): Promise<readonly Job[]> {
    const known = new Map((await noted.all()).map(({ key, value }) => [key, jobOf(key, value)]));
    const all = new Map<string, Job>([...known, ...running]);
    return [...all.values()].sort((one, other) => other.startedAt - one.startedAt);
  }

  async function forgetOld(): Promise<void> {
    const ended = (await list()).filter(({ state }) => state !== "running");
    for (const { id } of ended.slice(MAX_KEPT)) await noted.change(id, () => null);
  }

  return {
    async start(plan) {
      if (running.size >= MAX_RUNNING)
        throw new CountersignError(
          "conflict",
          `${running.size} jobs are running already: wait for one of them, or cancel one`,
        );
      const { kind, what, mandate, total } = plan;
      const job: Job = {
        ...{ id: Buffer.from(randomBytes(6)).toString("hex"), kind, what, mandate, total },
        ...{ startedAt: now(), endedAt: null, state: "running", done: 0, failed: 0, said: null },
      };
      const next = await doPage(job, plan, undefined);
      if (next !== null) running.set(job.id, job);
      await keep(job);
      await forgetOld().catch(failed);
      if (next !== null) void goOn(job, plan, next);
      return job;
    },
    list,
    find: async (id) => (await list()).find((one) => one.id === id) ?? null,
    async cancel(id, { caller, reason }) {
      const job = (await list()).find((one) => one.id === id);
      if (!job) throw new CountersignError("not_found", `there is no job ${id}: it may have been forgotten`);
      if (job.state !== "running")
        throw new CountersignError("conflict", `the job ${id} has ended already: there is nothing to cancel`);
      end(job, "canceled", `${caller}: ${reason}`);
      await keep(job);
      return job;
    },
  };
}
