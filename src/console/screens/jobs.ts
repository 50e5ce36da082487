import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import { actionForm } from "../elements/form.ts";
import { jobPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { facts, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { lasted, momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Job, JobState } from "../jobs.ts";
import type { Action, Screen } from "../screen.ts";

/** Work of many pages that was started in the console, with its progress. */

const REMARK = html`<p class="note">A job ends with the process that does it: what was done by then stays done, and the rest is done by starting the same again. What the commands and the admin API do is not listed here; the <a href="/audit">audit</a> has all of it.</p>`;

export const jobsScreen: Screen = {
  path: "/jobs",
  section: "jobs",
  async show({ jobs, now }) {
    const all = await jobs.list();
    const running = all.filter(({ state }) => state === "running").length;
    return {
      title: "Jobs",
      sentence: html`${running === 0 ? "No job is running" : html`<strong>${plural(running, "job")} ${running === 1 ? "is" : "are"} running</strong>`}${all.length > running && `, ${plural(all.length - running, "job")} ended`}.`,
      body: html`${
        all.length === 0
          ? empty({
              what: "No job was started here yet.",
              next: html`<a href="/deliveries">Deliveries</a> sends what is parked again, or acknowledges it, and <a href="/requests?problems=true">Requests</a> processes what could not be read again: that becomes a job.`,
            })
          : list(all, now)
      }
${REMARK}`,
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
  interrupted: status("bad", "interrupted"),
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
    const job = await jobs.find(params.id ?? "");
    if (!job)
      throw new CountersignError(
        "not_found",
        `there is no job ${params.id}: the last 200 are known, and the audit remembers who began the others`,
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
        [SAID[state], said !== null && foreign(said, 600)],
      ])}
${
  state === "running" &&
  actionForm(
    { action: `${jobPage(job.id)}/cancel`, fields: {}, button: "Cancel the rest of this job" },
    visit,
  )
}
${REMARK}`,
      live: true,
    };
  },
};

/** What the last words of a job are about. */
const SAID: Readonly<Record<JobState, string>> = {
  running: "so far",
  done: "what came of it",
  failed: "what went wrong",
  canceled: "canceled by",
  interrupted: "so far",
};

function sentenceOf(job: Job): Content {
  const { state, done, startedAt, endedAt } = job;
  const count = done.toLocaleString("en");
  if (state === "running") return html`<strong>It is under way:</strong> ${count} done so far.`;
  const took = lasted((endedAt ?? 0) - startedAt);
  if (state === "done") return `It is done: ${count} in ${took}.`;
  const left = `${count} were done, and ${toDo(job) ?? "the rest"} were not`;
  if (state === "canceled") return html`<strong>It was canceled:</strong> ${left}.`;
  if (state === "interrupted")
    return html`<strong>Its process ended:</strong> ${left}. Starting it again does the rest.`;
  return html`<strong>It failed after ${took}:</strong> ${left}. Starting it again does the rest.`;
}

export const cancelAction: Action = {
  path: "/jobs/:id/cancel",
  async act({ parts, jobs, params }, _form, mandate) {
    const { id = "" } = params;
    const { kind, what, done } = await jobs.cancel(id, mandate);
    await parts.operations.audit("cancel", mandate, { job: id, kind, what, done });
    return { to: jobPage(id), said: "It is canceled: the page under way is the last." };
  },
};
