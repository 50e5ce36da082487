import { MINUTE_MS } from "../../concern/words.ts";
import { PAUSED_BY_CONFIGURATION } from "../../domain/destination.ts";
import { CountersignError } from "../../domain/errors.ts";
import { formatDuration, plural } from "../../domain/quantity.ts";
import { HOUR_MS } from "../../domain/tally.ts";
import type { Destination } from "../../outbound/destination.ts";
import { fingerprintOf, type Secret } from "../../outbound/sign.ts";
import type { Pause } from "../../store/port/control.ts";
import { type DestinationView, findDestinations } from "../../web/find-destinations.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { destinationPage, testPage } from "../elements/links.ts";
import { scheduleLine } from "../elements/schedule.ts";
import { facts, section } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Action, Screen, Visit } from "../screen.ts";
import { breakerHistory } from "./destination-breaker.ts";
import { chartsOf } from "./destination-charts.ts";
import { filterOf } from "./destination-filter.ts";
import { destinationState } from "./now-destinations.ts";
import { DAYS } from "./now-span.ts";

/** A destination: how it takes what is sent, what it gets, and its settings without secrets. */
export const destinationScreen: Screen = {
  path: "/destinations/:name",
  section: "destinations",
  async show(visit) {
    const { parts, params, now } = visit;
    const { name = "" } = params;
    const all = await findDestinations(parts);
    const view = all.find((one) => one.name === name);
    const destination = parts.config().destinations.find((one) => one.name === name);
    if (!view)
      throw new CountersignError(
        "not_found",
        `there is no destination ${name}: there are ${all.map((one) => one.name).join(", ") || "none"}`,
      );
    const { deliveries } = await parts.store.tallies({ from: now - DAYS * 24 * HOUR_MS });
    const own = deliveries.filter((one) => one.destination === name);
    return {
      title: name,
      sentence: sentenceOf(view, now),
      body: html`${headOf(view, destination, await pauserOf(view, visit), now)}
${destination && changesOf(view, visit)}
${chartsOf(name, own, now)}
${breakerHistory((await parts.openings()).get(name) ?? [], view, now)}
${destination && (await settingsOf(destination, visit))}`,
      live: true,
    };
  },
};

function sentenceOf({ configured, paused, breaker, open, oldest }: DestinationView, now: number): Content {
  const waiting =
    open > 0 &&
    html` ${plural(open, "event")} ${open === 1 ? "waits" : "wait"}${oldest !== null && html`, the oldest since ${when(oldest, now)}`}.`;
  if (!configured)
    return html`<strong>It is not configured any more:</strong> nothing is sent to it.${waiting}`;
  if (paused) return html`<strong>It is paused,</strong> so nothing is sent.${waiting}`;
  if (breaker?.probeAt != null)
    return html`<strong>It fails:</strong> ${breaker.failures} failures in a row, so it gets probes only.${waiting}`;
  return html`It takes what is sent.${waiting}`;
}

/** Who paused it, as the audit names them; null: nobody did, but the configuration or an answer. */
async function pauserOf({ name, paused }: DestinationView, { store }: Visit): Promise<string | null> {
  if (!paused) return null;
  const soon = { from: paused.at - MINUTE_MS, until: paused.at + MINUTE_MS };
  const { items } = await store.findAudit(soon, { limit: 100 });
  const pause = items.find(({ action, details }) => action === "pause" && details.destination === name);
  return pause?.caller ?? null;
}

function headOf(
  view: DestinationView,
  destination: Destination | undefined,
  pauser: string | null,
  now: number,
): Content {
  const { name, open, oldest, paused, breaker } = view;
  const url = destination && new URL(destination.url);
  return facts([
    ["state", destinationState(view, now)],
    [
      "address",
      url &&
        html`<code>POST ${url.origin}${url.pathname}</code>${url.search !== "" && html` <span class="note">with a query that is not shown</span>`}`,
    ],
    [
      "open",
      html`<a href="${addressOf("/deliveries", { destination: name })}">${plural(open, "event")}</a>${oldest !== null && html`, the oldest since ${when(oldest, now)}`}`,
    ],
    [
      "parked",
      html`<a href="${addressOf("/deliveries", { destination: name, status: "parked" })}">what is parked</a>`,
    ],
    ["paused", paused && pausedFact(paused, pauser, name, now)],
    [
      "circuit breaker",
      breaker &&
        html`${breaker.probeAt === null ? "closed" : html`open, next probe ${when(breaker.probeAt, now)}`}; ${plural(breaker.failures, "failure")} in a row, ${plural(breaker.probes, "failed probe")}`,
    ],
  ]);
}

function pausedFact({ at, reason }: Pause, pauser: string | null, name: string, now: number): Content {
  const audit = addressOf("/audit", { action: "pause", text: name });
  const by = pauser !== null && html` by <a href="${audit}">${foreign(pauser, 80)}</a>`;
  return html`${momentAndWhen(at, now)}${by}: ${foreign(reason, 300)}`;
}

function changesOf({ name, paused }: DestinationView, visit: Visit): Content {
  const path = destinationPage(name);
  const tests = visit.conversations.listOf(name);
  const byFile = paused?.reason === PAUSED_BY_CONFIGURATION;
  return section(
    "What can be done",
    html`<details><summary>Send a test event</summary><p>A signed event of the type <code>bridge.test</code> is posted at once, past the queue, a pause and the circuit breaker. It is not recorded. The next page shows what was said.</p>
${actionForm({ action: `${path}/test`, fields: {}, button: `Send a test event to ${name}` }, visit)}</details>
${
  byFile
    ? html`<p class="note">The configuration says <code>paused: true</code>: only changing it there ends the pause.</p>`
    : html`<details><summary>${paused ? "Resume" : "Pause"}</summary><p>${paused ? "What waits is sent at once, at the rate of the destination." : "Nothing is sent until somebody resumes it, also after a restart. Events wait, and none is lost."}</p>
${actionForm({ action: `${path}/${paused ? "resume" : "pause"}`, fields: {}, button: `${paused ? "Resume" : "Pause"} ${name}` }, visit)}</details>`
}
${tests.length > 0 && html`<p>Tests that were sent here: ${tests.slice(0, 5).map(({ event, startedAt, response, cause }, index) => html`${index > 0 && ", "}<a href="${testPage(name, event)}">${response ? `${response.status}` : cause} ${when(startedAt, visit.now)}</a>`)}</p>`}`,
  );
}

async function settingsOf(destination: Destination, visit: Visit): Promise<Content> {
  const { schedule, secrets, parkOn, timeout, concurrency, rate, breaker, format, ordering } = destination;
  const { contentType, network, proxy, tls, headers, alsoSign, waitingLimit } = destination;
  const total = schedule.reduce((sum, pause) => sum + pause, 0);
  const names = Object.keys(headers);
  const since = await visit.parts.secretsSince();
  const shown = (secret: Secret) => secretOf(secret, since(destination.name, fingerprintOf(secret)), visit);
  return html`${await filterOf(destination, visit)}
${section(
  "When it is tried again",
  html`<p>Up to ${plural(schedule.length + 1, "attempt")}${total > 0 && ` over ${formatDuration(total)}`}; then the delivery is parked. Each pause is up to 10 % longer by chance.</p>${scheduleLine(schedule)}`,
)}
${section(
  "Settings",
  facts([
    ["format", html`<code>${format}</code>${contentType !== null && html` as <code>${contentType}</code>`}`],
    [
      secrets.length === 1 ? "secret" : "secrets, newest first",
      secrets.map((one, index) => html`${index > 0 && ", "}${shown(one)}`),
    ],
    ["also signed", alsoSign && html`in <code>${alsoSign.header}</code>, with ${shown(alsoSign.secret)}`],
    [
      "own headers",
      names.length > 0 && html`${names.join(", ")} <span class="note">(values are not shown)</span>`,
    ],
    ["order", ordering === "document" ? "the events of a document one after the other" : "none"],
    ["parked at once on", parkOn.length > 0 && parkOn.join(", ")],
    ["time of an attempt", `at most ${formatDuration(timeout)}`],
    ["at the same time", `at most ${plural(concurrency, "attempt")}`],
    ["rate", rate === null ? "no limit" : `at most ${rate.toLocaleString("en")}/s`],
    [
      "circuit breaker",
      `opens after ${plural(breaker.failures, "failure")} in a row; probes after ${formatDuration(breaker.pause)}, at longest ${formatDuration(breaker.longest)}`,
    ],
    [
      "may wait",
      waitingLimit !== undefined && `at most ${formatDuration(waitingLimit)}, then it needs a person`,
    ],
    [
      "network",
      network === "public" ? "public addresses only" : "any address but link-local and cloud metadata",
    ],
    ["proxy", proxy !== null && new URL(proxy).origin],
    ["TLS", tls && "own authority or client certificate"],
  ]),
)}
<p class="note">Secrets are never shown. A fingerprint tells two of them apart: a digest of a shared one, the
public key of a private one.</p>`;
}

function secretOf(secret: Secret, since: number | null, { now }: Visit): Content {
  const age = since !== null && html` <span class="note">here since ${when(since, now)}</span>`;
  return html`<code>${fingerprintOf(secret)}</code>${age}`;
}

export const pauseAction: Action = {
  path: "/destinations/:name/pause",
  async act({ parts, params }, _form, mandate) {
    const { name } = await parts.operations.pause(params.name ?? "", mandate);
    return { to: destinationPage(name), said: `${name} is paused.` };
  },
};

export const resumeAction: Action = {
  path: "/destinations/:name/resume",
  async act({ parts, params }, _form, mandate) {
    const { name, paused } = await parts.operations.resume(params.name ?? "", mandate);
    const said = paused ? `${name} is still paused: ${paused.reason}.` : `${name} is resumed.`;
    return { to: destinationPage(name), said };
  },
};
