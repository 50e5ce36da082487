import type { Concern } from "../../concern/concern.ts";
import type { listConcerns } from "../../web/api.ts";
import { addressOf } from "../elements/form.ts";
import { acknowledgeConcernPage, documentPage } from "../elements/links.ts";
import { severity, status } from "../elements/status.ts";
import { section } from "../elements/table.ts";
import { copyable, foreign, sentence } from "../elements/text.ts";
import { moment, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";

type ListedConcern = Awaited<ReturnType<typeof listConcerns>>[number];

/** What needs a person, by harm; then what somebody takes care of already. */
export function concernList(concerns: readonly ListedConcern[], now: number): Content {
  const open = concerns.filter(({ acknowledged }) => acknowledged === null);
  const known = concerns.filter(({ acknowledged }) => acknowledged !== null);
  const listOf = (list: readonly ListedConcern[]) =>
    html`<ol class="concerns">${list.map((one) => concernItem(one, now))}</ol>`;
  return html`${open.length > 0 && section("What needs you", listOf(open))}${known.length > 0 && section("What somebody takes care of", listOf(known))}`;
}

function concernItem(concern: ListedConcern, now: number): Html {
  const { id, since, advice, command, ends, acknowledged } = concern;
  return html`<li id="${id}" class="${concern.severity}">
<p>${severity(concern.severity)} <strong>${sentence(concern.sentence)}</strong>
<span class="note">since ${when(since, now)}</span></p>
${acknowledged && html`<p>${status("waiting", html`acknowledged until ${moment(acknowledged.until)} by ${foreign(acknowledged.caller, 80)}: ${foreign(acknowledged.reason, 200)}`)}</p>`}
<p>${sentence(advice)}${whereTo(concern)}${!acknowledged && html` <a href="${acknowledgeConcernPage(id)}">Acknowledge for a time</a>`}</p>
${command !== null && html`<p>${copyable(command)}</p>`}
<p class="note">It ends with ${sentence(ends)}.</p></li>`;
}

/** The page where a person goes on. */
function whereTo({ subject, kind }: Concern): Content {
  const { source, channel, destination, documents = [] } = subject;
  const [document] = documents;
  if (destination !== undefined)
    return html` <a href="${addressOf("/deliveries", { destination })}">Its deliveries</a>`;
  if (source !== undefined && document !== undefined)
    return html` <a href="${documents.length === 1 ? documentPage(source, document) : addressOf("/documents", { source, stuck: kind === "document_stuck" ? "14d" : null })}">${documents.length === 1 ? "The document" : "The documents"}</a>`;
  if (source !== undefined)
    return html` <a href="${addressOf("/requests", { source, channel })}">Its requests</a>`;
  return null;
}
