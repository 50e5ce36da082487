import { setImmediate } from "node:timers/promises";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { Mandate } from "../web/operations.ts";

/**
 * Work of many pages, such as sending 30,000 events again. It goes on in this process after the request that
 * started it was answered. What is known of it is kept in memory: it ends with the process, and what was done
 * by then stays done.
 */

export const JOB_KINDS = ["replay", "acknowledge", "reprocess"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** `failed`: a page could not be done, so the rest is not; `canceled`: an operator ended it. */
export type JobState = "running" | "done" | "failed" | "canceled";

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
  /** Why it failed, or who canceled it; null: neither. */
  said: string | null;
}

export interface JobPlan extends Pick<Job, "kind" | "what" | "mandate" | "total"> {
  /** Does one page. `next`: the cursor of the next one; null: this was the last. */
  step(cursor: string | undefined): Promise<{ done: number; failed?: number; next: string | null }>;
}

export interface Jobs {
  /**
   * Does the first page, and goes on with the others by itself. Rejects with the error of the first page,
   * after which there is no job.
   */
  start(plan: JobPlan): Promise<Job>;
  /** The newest first. */
  list(): readonly Job[];
  find(id: string): Job | null;
  /** The page under way is the last. @throws CountersignError `not_found`, `conflict`: it has ended. */
  cancel(id: string, by: Mandate): void;
}

const MAX_RUNNING = 10;
/** Ended ones beyond this number are forgotten. */
const MAX_KEPT = 200;

interface JobParts {
  /** Milliseconds since 1970. */
  now(): number;
  randomBytes(length: number): Uint8Array;
  /** A job failed, for the log. */
  failed(error: unknown): void;
}

export function createJobs({ now, randomBytes, failed }: JobParts): Jobs {
  const jobs = new Map<string, Job>();

  function end(job: Job, state: JobState, said: string | null = null): void {
    Object.assign(job, { state, said, endedAt: now() });
  }

  function add(job: Job): void {
    jobs.set(job.id, job);
    const ended = [...jobs.values()].filter((one) => one.state !== "running");
    for (const { id } of ended.slice(0, -MAX_KEPT)) jobs.delete(id);
  }

  async function doPage(job: Job, { step }: JobPlan, cursor: string | undefined): Promise<string | null> {
    const page = await step(cursor);
    job.done += page.done;
    job.failed += page.failed ?? 0;
    if (page.next === null && job.state === "running") end(job, "done");
    return page.next;
  }

  /** Ends at the first page that fails: it and the rest can be done by another job. */
  async function goOn(job: Job, plan: JobPlan, first: string): Promise<void> {
    try {
      for (let cursor: string | null = first; cursor !== null && job.state === "running"; ) {
        await setImmediate();
        cursor = await doPage(job, plan, cursor);
      }
    } catch (error) {
      failed(error);
      if (job.state === "running") end(job, "failed", messageOf(error));
    }
  }

  return {
    async start(plan) {
      const running = [...jobs.values()].filter(({ state }) => state === "running").length;
      if (running >= MAX_RUNNING)
        throw new CountersignError(
          "conflict",
          `${running} jobs are running already: wait for one of them, or cancel one`,
        );
      const { kind, what, mandate, total } = plan;
      const job: Job = {
        ...{ id: Buffer.from(randomBytes(6)).toString("hex"), kind, what, mandate, total },
        ...{ startedAt: now(), endedAt: null, state: "running", done: 0, failed: 0, said: null },
      };
      const next = await doPage(job, plan, undefined);
      add(job);
      if (next !== null) void goOn(job, plan, next);
      return job;
    },
    list: () => [...jobs.values()].reverse(),
    find: (id) => jobs.get(id) ?? null,
    cancel(id, { caller, reason }) {
      const job = jobs.get(id);
      if (!job) throw new CountersignError("not_found", `there is no job ${id}: it may have been forgotten`);
      if (job.state !== "running")
        throw new CountersignError("conflict", `the job ${id} has ended already: there is nothing to cancel`);
      end(job, "canceled", `${caller}: ${reason}`);
    },
  };
}
