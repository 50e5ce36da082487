import { CountersignError } from "../../domain/errors.ts";
import { preview, toGolden } from "../../inbound/preview.ts";
import { redactRequest } from "../../redact/request.ts";
import { addressOf } from "../elements/form.ts";
import { requestPage } from "../elements/links.ts";
import { noMatch } from "../elements/notice.ts";
import { facts, section } from "../elements/table.ts";
import { codeBlock, copyable, identifier } from "../elements/text.ts";
import { type Content, html } from "../html.ts";
import type { Screen, View, Visit } from "../screen.ts";
import { findRequest, type StoredRequest } from "../stored-request.ts";

/** A genuine request without personal data and credentials, to be kept as a fixture of a mapping's tests. */
export const requestFixtureScreen: Screen = {
  path: "/requests/:id/fixture",
  section: "requests",
  async show(visit) {
    const request = await findRequest(visit, visit.params.id ?? "");
    if (request.kind !== "receipt")
      throw new CountersignError(
        "conflict",
        "only a genuine request becomes a fixture: this one was refused",
      );
    const reason = whyNot(request, visit);
    return reason === null ? viewOf(request, visit) : without(request, reason);
  },
};

/** The page that shows it. */
export function requestFixturePage(id: string): string {
  return `${requestPage(id)}/fixture`;
}

/** Redacting takes a turn of the event loop, which grows with the body. */
const MAX_BODY = 65_536;

const TITLE = "Capture as a fixture";

/** Null: it can be shown. */
function whyNot({ kept, channel }: StoredRequest, { showsPersonalData, address }: Visit): Content {
  if (!channel) return "Its channel is no longer configured, so nothing says how it is read.";
  if ((kept.body?.byteLength ?? 0) > MAX_BODY)
    return html`Its body is longer than ${MAX_BODY.toLocaleString("en")} bytes: the command does it.`;
  if (showsPersonalData) return null;
  return html`What is personal is found by its name and its form, and something may be left: <a href="${addressOf("/personal-data", { back: address })}">show personal data</a> first, and read it before you share it.`;
}

function without({ kept }: StoredRequest, reason: Content): View {
  return {
    title: TITLE,
    sentence: "The redacted request is not shown here.",
    body: html`${noMatch({ what: reason, next: "The command writes it into a folder." })}${commandOf(kept.id)}`,
    live: false,
  };
}

function commandOf(id: string): Content {
  return html`<p>${copyable(`countersign capture ${id} --redact --to ./captured`)}</p>`;
}

const SAME =
  "Names, titles, addresses, secrets, links and documents are replaced, and it turns into the same types of events. Read it before you share it.";
const OTHER =
  "The redacted request turns into other events than the original: it is no fixture of this mapping.";
const HOW =
  "A folder with these three files is a fixture, which shows that a mapping still reads the request so. Its signature is left out, since it would no longer fit. The command writes the same:";

function viewOf({ kept, channel }: StoredRequest, { parts }: Visit): View {
  if (!channel || kept.body === null) throw new Error("a request that cannot be read was to be redacted");
  const { mapping, rules, name } = channel;
  const { query, headers } = parts.conceal(kept);
  const redacted = redactRequest({ mapping, rules, query, headers, body: Buffer.from(kept.body) });
  const { isSame, body, ...request } = redacted;
  const events = toGolden(preview({ mapping, rules, body, ...request }));
  const envelope = JSON.stringify({ channel: name, ...request }, null, 2);
  return {
    title: TITLE,
    sentence: isSame ? SAME : html`<strong>${OTHER}</strong>`,
    body: html`${facts([["request", identifier(kept.id, requestPage(kept.id))]])}
<p>${HOW}</p>
${commandOf(kept.id)}
${section("body.txt", codeBlock(body.toString("utf8"), "The body"))}
${section("request.json", codeBlock(envelope, "Channel, query and headers"))}
${section("events.json", codeBlock(events, "The events that it turns into"))}`,
    live: false,
  };
}
