import type { Document } from "../../domain/document.ts";
import { CountersignError } from "../../domain/errors.ts";
import { canSign } from "../../domain/event.ts";
import { plural } from "../../domain/quantity.ts";
import { viewSigners } from "../../domain/view.ts";
import type { EventHistory } from "../../store/port/reads.ts";
import { createFindBlocking } from "../../web/explain-advice.ts";
import { summarizeDocument } from "../../web/explain-summary.ts";
import { addressOf } from "../elements/form.ts";
import { documentPage, replayPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { proseOf } from "../elements/prose.ts";
import { documentStatus, signerStatus, status } from "../elements/status.ts";
import { facts, section, table } from "../elements/table.ts";
import { copyable, foreign } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen, View, Visit } from "../screen.ts";
import { matrix, timelineOf } from "./document-events.ts";
import { countSigned } from "./documents.ts";

/** A document: its signers, who told us, where it went and why not. Query: `id`, and `source` where known. */
export const documentScreen: Screen = {
  path: "/document",
  section: "documents",
  async show(visit) {
    const { id, source } = visit.query;
    if (id === undefined) throw new CountersignError("bad_request", "the address has no `id` of a document");
    const { items } = await visit.store.findDocuments({ id, source }, { limit: MAX_SOURCES });
    const [document] = items;
    if (!document)
      throw new CountersignError(
        "not_found",
        `there is no document ${id}${source === undefined ? "" : ` of ${source}`}`,
      );
    if (items.length > 1) return chooseSource(id, items);
    return viewOf(document, visit);
  },
};

/** This many sources at most are offered where several have a document of that id. */
const MAX_SOURCES = 20;
/** The newest events that a page shows; the list of events has all. */
const MAX_EVENTS = 60;

/** A page stays readable: the event has all of them as JSON. */
const MAX_LABELS = 20;
const MAX_SIGNERS = 100;

function chooseSource(id: string, documents: readonly Document[]): View {
  return {
    title: "Documents",
    sentence: html`${documents.length} sources have a document with this id: choose one.`,
    body: html`<ul>${documents.map(({ source, title }) => html`<li><a href="${documentPage(source, id)}">${source}</a> ${foreign(title ?? "", 90)}</li>`)}</ul>`,
    live: false,
  };
}

async function viewOf(document: Document & { changedAt: number }, visit: Visit): Promise<View> {
  const { id, source, title } = document;
  const { store, parts, now } = visit;
  const { items: newest } = await store.findEvents(
    { document: id, source },
    { limit: MAX_EVENTS, order: "newest" },
  );
  const found = await Promise.all(newest.map((event) => store.findEvent(event.id)));
  const histories = found.filter((history) => history !== null).reverse();
  const older = Math.max(0, document.sequence - histories.length);
  const explaining = {
    states: parts.states,
    unsupporting: parts.unsupporting,
    now: () => now,
    findBlocking: createFindBlocking(store),
  };
  const summary = await summarizeDocument(
    { id, documents: [document], histories, older },
    { ...explaining, store },
  );
  return {
    title: title ?? `Document ${id.slice(0, 60)}`,
    sentence: sentenceOf(document, histories, now),
    body: html`${headOf(document, now)}
${signersOf(document, now)}
${histories.length === 0 ? nothingKept(document) : html`${section("Timeline", timelineOf(histories))}${section("Where each event went", matrix(histories, visit))}`}
${older > 0 && histories.length > 0 && html`<p class="note">The newest ${histories.length} events are shown. <a href="${addressOf("/events", { document: id, source })}">All events of this document</a></p>`}
${againOf(document, histories)}
${section("In words", proseOf(summary))}`,
    live: true,
  };
}

function nothingKept({ sequence }: Document): Html {
  return empty({
    what: `None of its ${plural(sequence, "event")} is kept any more.`,
    next: html`<code>retention.events</code> of the configuration says how long they are; what is known of the document stays longer.`,
  });
}

/** Whether everything arrived, before anything else. */
function sentenceOf(document: Document, histories: readonly EventHistory[], now: number): Content {
  const deliveries = histories.flatMap((one) => one.deliveries);
  const parked = deliveries.filter((one) => one.status === "parked").length;
  const open = deliveries.filter((one) => one.status === "pending" || one.status === "held").length;
  const went =
    deliveries.length === 0
      ? "no destination asked for its events"
      : parked > 0
        ? html`<strong>${plural(parked, "event")} did not arrive: parked</strong>${open > 0 && `, and ${open} on the way`}`
        : open > 0
          ? html`<strong>${open} on the way</strong>, and all others arrived`
          : `all ${deliveries.length} deliveries arrived`;
  return html`${documentStatus(document.status)}${document.statusAt > 0 && html` ${when(document.statusAt, now)}`}; ${signaturesOf(document)}${went}.`;
}

function signaturesOf(document: Document): string {
  const { signed, of } = countSigned(document);
  return of === 0 ? "" : `${signed} of ${of} signed; `;
}

function headOf(
  {
    id,
    source,
    tags,
    references,
    expiresAt,
    downloadable,
    test,
    changedAt,
  }: Document & { changedAt: number },
  now: number,
): Html {
  return facts([
    ["id", copyable(id)],
    ["source", source],
    [
      "tags",
      tags.length > 0 &&
        tags.slice(0, MAX_LABELS).map((tag) => html`<span class="tag">${foreign(tag, 60)}</span> `),
    ],
    [
      "references",
      Object.keys(references).length > 0 &&
        Object.entries(references)
          .slice(0, MAX_LABELS)
          .map(([name, value]) => html`${foreign(name, 40)} <code>${foreign(value, 60)}</code> `),
    ],
    ["PDF", downloadable ? "ready to download at the provider" : null],
    ["test mode", test === true && "yes: nothing of it is binding"],
    ["signing ends", expiresAt !== null && momentAndWhen(expiresAt, now)],
    ["last report", momentAndWhen(changedAt, now)],
  ]);
}

function signersOf(document: Document, now: number): Content {
  const known = new Map(document.signers.map((signer) => [signer.id, signer.statusAt]));
  const signers = viewSigners(document).slice(0, MAX_SIGNERS);
  if (signers.length === 0) return null;
  return section(
    "Signers",
    table(
      "Signers",
      [
        { heading: "signer", isName: true, cell: ({ name, email, id }) => foreign(name ?? email ?? id, 60) },
        { heading: "address", cell: ({ email }) => (email === null ? "–" : foreign(email, 80)) },
        { heading: "role", cell: ({ role }) => role ?? "–" },
        {
          heading: "status",
          cell: ({ status: one, role }) =>
            canSign(role) ? signerStatus(one) : status("quiet", "does not sign"),
        },
        { heading: "since", cell: ({ id }) => sinceOf(known.get(id) ?? 0, now) },
      ],
      signers,
    ),
  );
}

function sinceOf(at: number, now: number): Content {
  return at > 0 ? when(at, now) : "–";
}

/** Sending again, by destination: a page counts first. */
function againOf({ id }: Document, histories: readonly EventHistory[]): Content {
  const deliveries = histories.flatMap((one) => one.deliveries);
  const final = deliveries.filter((one) => one.status === "parked" || one.status === "delivered");
  const names = [...new Set(final.map(({ destination }) => destination))];
  if (names.length === 0) return null;
  return section(
    "Send again",
    html`<ul class="plain">${names.map((name) => {
      const parked = final.filter((one) => one.destination === name && one.status === "parked").length;
      return html`<li>To <strong>${name}</strong>: ${parked > 0 && html`<a href="${replayPage({ destination: name, document: id, status: "parked" })}">what is parked (${parked})</a>, or `}<a href="${replayPage({ destination: name, document: id, status: "all" })}">everything</a></li>`;
    })}</ul>`,
  );
}
