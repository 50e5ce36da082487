import type { Conversation, TextHeaders } from "../../domain/conversation.ts";
import { CountersignError } from "../../domain/errors.ts";
import { maskAddresses } from "../../domain/mask.ts";
import { causeInWords } from "../elements/delivery.ts";
import { actionForm, addressOf } from "../elements/form.ts";
import { destinationPage, testPage } from "../elements/links.ts";
import { facts, section } from "../elements/table.ts";
import { codeBlock, foreign, identifier } from "../elements/text.ts";
import { momentAndWhen } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Action, Screen, Visit } from "../screen.ts";

/** A test event that was sent to a destination, with all that was said. */
export const destinationTestScreen: Screen = {
  path: "/destinations/:name/tests/:event",
  section: "destinations",
  async show(visit) {
    const { name = "", event = "" } = visit.params;
    const found = visit.conversations.find(event);
    if (!found || found.destination !== name)
      throw new CountersignError(
        "not_found",
        `there is no test ${event}: only the newest are kept, until the bridge stops`,
      );
    return {
      title: `Test of ${name}`,
      sentence: sentenceOf(found),
      body: html`${facts([
        ["destination", html`<a href="${destinationPage(name)}">${name}</a>`],
        ["sent", momentAndWhen(found.startedAt, visit.now)],
        ["took", `${found.duration.toLocaleString("en")} ms`],
        ["event", identifier(event)],
      ])}
${section(UNREACHED.has(found.cause) ? "What would have been sent" : "What was sent", requestOf(found))}
${section("What came back", responseOf(found, visit))}
${section("Again", actionForm({ action: `${destinationPage(name)}/test`, fields: {}, button: `Send another test event to ${name}` }, visit))}`,
      live: false,
    };
  },
};

/** No connection came about. */
const UNREACHED: ReadonlySet<string> = new Set(["dns", "refused", "blocked", "proxy", "tls", "unencodable"]);

function sentenceOf({ destination, accepted, response, cause, duration }: Conversation): Content {
  const after = `after ${duration.toLocaleString("en")} ms`;
  if (accepted)
    return html`<strong>${destination} took the test event:</strong> it answered ${response?.status} ${after}.`;
  const why = cause === "answered" ? `it answered ${response?.status}` : causeInWords(cause);
  return html`<strong>${destination} did not take the test event:</strong> ${why} ${after}.`;
}

function headLines(first: string, headers: TextHeaders): string {
  return [first, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join("\n");
}

function requestOf({ request }: Conversation): Content {
  if (!request) return html`<p>Nothing could be sent.</p>`;
  const { url, headers, body } = request;
  return html`${codeBlock(headLines(`POST ${url}`, headers), "Request headers")}${codeBlock(body, "Request body")}
<p class="note">Headers of the configuration may be credentials, so their values are not shown.</p>`;
}

function responseOf({ response, error }: Conversation, visit: Visit): Content {
  const { showsPersonalData, address } = visit;
  const shown = (text: string) => (showsPersonalData ? text : maskAddresses(text));
  return html`${response && codeBlock(headLines(`HTTP ${response.status}`, response.headers), "Answer headers")}
${response?.body != null && codeBlock(shown(response.body), "Beginning of the answer")}
${response?.body != null && !showsPersonalData && shown(response.body) !== response.body && html`<p class="note">Addresses are masked: <a href="${addressOf("/personal-data", { back: address })}">show personal data</a>.</p>`}
${response && response.body === null && error === null && html`<p>The answer had no body.</p>`}
${error !== null && html`<p>${response ? "The answer did not come to its end" : "There was no answer"}: <code>${foreign(shown(error), 1_000)}</code></p>`}`;
}

export const testDestinationAction: Action = {
  path: "/destinations/:name/test",
  async act({ parts, params, conversations }, _form, mandate) {
    const { name = "" } = params;
    const conversation = await parts.operations.testDestination(name, mandate);
    conversations.keep(conversation);
    const { accepted, event } = conversation;
    const said = accepted ? `${name} took the test event.` : `${name} did not take the test event.`;
    return { to: testPage(name, event), said };
  },
};
