import { CountersignError } from "../../domain/errors.ts";
import { formatDuration, plural } from "../../domain/quantity.ts";
import { actionForm } from "../elements/form.ts";
import { jobPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { facts, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Job, JobState } from "../jobs.ts";
import type { Action, Screen } from "../screen.ts";

/** Work of many pages that was started in the console, with its progress. */

const MEMORY = html`<p class="note">What is known of jobs is kept in the memory of this process, and ends with it: what was done by then stays done, and the rest is done by starting the same again. Jobs of the commands and of the admin API are not listed; the <a href="/audit">audit</a> has all of them.</p>`;

export const jobsScreen: Screen = {
  path: "/jobs",
  section: "jobs",
  async show({ jobs, now }) {
    const all = jobs.list();
    const running = all.filter(({ state }) => state === "running").length;
    return {
      title: "Jobs",
      sentence: html`${running === 0 ? "No job is running" : html`<strong>${plural(running, "job")} ${running === 1 ? "is" : "are"} running</strong>`}${all.length > running && `, ${plural(all.length - running, "job")} ended since the start`}.`,
      body: html`${
        all.length === 0
          ? empty({
              what: "No job was started here since this process began.",
              next: html`<a href="/deliveries">Deliveries</a> sends what is parked again, or acknowledges it: that becomes a job.`,
            })
          : list(all, now)
      }
${MEMORY}`,
      live: true,
    };
  },
};

function list(jobs: readonly Job[], now: number): Html {
  return table(
    "Jobs, the newest first",
    [
      {
        heading: "job",
        isName: true,
        cell: ({ id, what }) => html`<a data-row href="${jobPage(id)}">${what}</a>`,
      },
      { heading: "state", cell: ({ state }) => stateOf(state) },
      { heading: "progress", cell: progressOf },
      { heading: "done", isFigure: true, cell: ({ done }) => done.toLocaleString("en") },
      { heading: "to do", isFigure: true, cell: (job) => toDo(job) ?? "–" },
      { heading: "failed", isFigure: true, cell: ({ failed }) => failed.toLocaleString("en") },
      { heading: "rate", isFigure: true, cell: (job) => rateOf(job, now) },
      { heading: "started", cell: ({ startedAt }) => when(startedAt, now) },
      { heading: "by", cell: ({ mandate }) => foreign(mandate.caller, 60) },
      { heading: "why", cell: ({ mandate }) => foreign(mandate.reason, 80) },
    ],
    jobs,
  );
}

const STATES: Readonly<Record<JobState, Html>> = {
  running: status("busy", "running"),
  done: status("good", "done"),
  failed: status("bad", "failed"),
  canceled: status("waiting", "canceled"),
};

function stateOf(state: JobState): Html {
  return STATES[state];
}

/** What is left; null: it was not counted. Deliveries may have become fewer since they were counted. */
function toDo({ total, done, state }: Job): string | null {
  if (total === null) return null;
  return Math.max(0, state === "done" ? 0 : total - done).toLocaleString("en");
}

function progressOf({ total, done, state }: Job): Content {
  if (total === null || total === 0) return "–";
  const share = state === "done" ? 1 : Math.min(1, done / total);
  const percent = Math.floor(share * 100);
  return html`<progress max="100" value="${percent}" aria-label="Progress">${percent} %</progress> ${percent} %`;
}

function rateOf({ startedAt, endedAt, done }: Job, now: number): string {
  const seconds = ((endedAt ?? now) - startedAt) / 1_000;
  return seconds < 1 ? "–" : `${Math.round(done / seconds).toLocaleString("en")}/s`;
}

export const jobScreen: Screen = {
  path: "/jobs/:id",
  section: "jobs",
  async show(visit) {
    const { jobs, params, now } = visit;
    const job = jobs.find(params.id ?? "");
    if (!job)
      throw new CountersignError(
        "not_found",
        `there is no job ${params.id}: jobs are forgotten when the bridge stops, and the audit remembers who began them`,
      );
    const { what, state, mandate, startedAt, endedAt, said, done, failed } = job;
    return {
      title: what,
      sentence: sentenceOf(job),
      body: html`${facts([
        ["state", stateOf(state)],
        ["progress", progressOf(job)],
        ["done", done.toLocaleString("en")],
        ["to do", toDo(job)],
        ["failed", failed > 0 && failed.toLocaleString("en")],
        ["rate", rateOf(job, now)],
        ["by", foreign(mandate.caller, 100)],
        ["why", foreign(mandate.reason, 500)],
        ["started", momentAndWhen(startedAt, now)],
        ["ended", endedAt !== null && momentAndWhen(endedAt, now)],
        [state === "canceled" ? "canceled by" : "what went wrong", said !== null && foreign(said, 600)],
      ])}
${
  state === "running" &&
  actionForm(
    { action: `${jobPage(job.id)}/cancel`, fields: {}, button: "Cancel the rest of this job" },
    visit,
  )
}
${MEMORY}`,
      live: true,
    };
  },
};

function sentenceOf(job: Job): Content {
  const { state, done, startedAt, endedAt } = job;
  const count = done.toLocaleString("en");
  if (state === "running") return html`<strong>It is under way:</strong> ${count} done so far.`;
  const took = formatDuration(Math.max(1_000, Math.round(((endedAt ?? 0) - startedAt) / 1_000) * 1_000));
  if (state === "done") return `It is done: ${count} in ${took}.`;
  const left = `${count} were done, and ${toDo(job) ?? "the rest"} were not`;
  if (state === "canceled") return html`<strong>It was canceled:</strong> ${left}.`;
  return html`<strong>It failed after ${took}:</strong> ${left}. Starting it again does the rest.`;
}

export const cancelAction: Action = {
  path: "/jobs/:id/cancel",
  async act({ parts, jobs, params }, _form, mandate) {
    const { id = "" } = params;
    jobs.cancel(id, mandate);
    const { kind = "", what = "", done = 0 } = jobs.find(id) ?? {};
    await parts.operations.audit("cancel", mandate, { job: id, kind, what, done });
    return { to: jobPage(id), said: "It is canceled: the page under way is the last." };
  },
};
