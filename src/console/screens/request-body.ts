import { charsetNamedBy, fieldText, textAt } from "../../inbound/at-place.ts";
import { contentOf } from "../../inbound/content.ts";
import type { OpenedRequest } from "../../inbound/request.ts";
import { inTurns } from "../../inbound/steps.ts";
import { HEX_PART, hexDump, type Part, textPart, utf8 } from "../elements/bytes.ts";
import { addressOf } from "../elements/form.ts";
import { setOut } from "../elements/json-text.ts";
import { table } from "../elements/table.ts";
import { tabs } from "../elements/tabs.ts";
import { foreign, foreignLines, pre } from "../elements/text.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Fields, Visit } from "../screen.ts";
import type { StoredRequest } from "../stored-request.ts";

/** The body of a request: as text, form, JSON or bytes, in parts where it is long. */

const VIEWS = ["text", "form", "json", "hex"] as const;
type BodyView = (typeof VIEWS)[number];
const NAMES: Readonly<Record<BodyView, string>> = { text: "Text", form: "Form", json: "JSON", hex: "Bytes" };

export async function bodyOf(request: StoredRequest, visit: Visit): Promise<Content> {
  const { opened } = request;
  if (!opened) return html`<p>Nothing of the body is kept: it was not read, or too long.</p>`;
  const bytes = contentOf(opened);
  const about = aboutBody(request, opened);
  if (bytes.length === 0) return html`${about}<p>The body is empty.</p>`;
  if (!visit.showsPersonalData)
    return html`${about}<p>The body has personal data in it: <a href="${addressOf("/personal-data", { back: visit.address })}">show personal data</a> first.</p>`;
  const view = VIEWS.find((one) => one === visit.query.as) ?? usualView(request);
  return html`${about}
${tabs(
  "The body as",
  VIEWS.map((one) => ({
    name: NAMES[one],
    href: addressOf(visit.address, { as: one, at: null }),
    isCurrent: one === view,
  })),
)}
${await shown(view, opened, visit)}`;
}

function usualView({ channel, opened }: StoredRequest): BodyView {
  if (channel?.rules.read.as === "form" || channel?.rules.read.from.in === "field") return "form";
  const type = opened?.headers["content-type"] ?? "";
  if (channel) return "json";
  return type.includes("json") ? "json" : "text";
}

function aboutBody({ kept, isWhole, kind }: StoredRequest, { content, body }: OpenedRequest): Content {
  const cut = kind === "refused" && !isWhole && kept.shown.cutFrom;
  const size = (length: number) => length.toLocaleString("en");
  const undecoded = content && "undecodable" in content ? content.undecodable : null;
  const held = content && "bytes" in content ? content.bytes.length : null;
  const coding = html`<code>${foreign(kept.headers["content-encoding"] ?? "", 60)}</code>`;
  const parts = [
    `${size(body.length)} bytes`,
    cut ? ` are kept, of ${size(cut)} that were announced or came` : null,
    held === null ? null : html`, which hold ${size(held)} as ${coding}: those are shown`,
    undecoded === null ? null : html`. They are shown as they came: ${undecoded}`,
  ];
  return html`<p class="note">${parts}.</p>`;
}

async function shown(view: BodyView, request: OpenedRequest, visit: Visit): Promise<Content> {
  switch (view) {
    case "text":
      return asText(request, visit);
    case "hex":
      return asHex(request, visit);
    case "form":
      return asForm(request);
    case "json":
      return asJson(request, visit);
  }
}

function asText(request: OpenedRequest, visit: Visit): Html {
  const bytes = contentOf(request);
  const part = textPart(bytes, startAt(visit.query));
  const named = charsetNamedBy(request);
  const other = named !== null && !/^utf-?8$/i.test(named);
  return html`${other && html`<p class="note">The request names the charset <code>${foreign(named, 40)}</code>. Here bytes are shown as UTF-8, and those that are none by their numbers.</p>`}
${pre(utf8(bytes.subarray(part.from, part.to)), "Body as text")}${parts(part, bytes.length, visit)}`;
}

function asHex(request: OpenedRequest, visit: Visit): Html {
  const bytes = contentOf(request);
  const from = Math.min(startAt(visit.query), Math.max(0, bytes.length - 1));
  const part = { from, to: Math.min(bytes.length, from + HEX_PART) };
  const dump = hexDump(bytes.subarray(part.from, part.to), from);
  return html`${pre(html`${dump}`, "Body as bytes")}${parts(part, bytes.length, visit)}`;
}

function startAt({ at = "0" }: Fields): number {
  return /^\d{1,10}$/.test(at) ? Number(at) : 0;
}

/** Which bytes are shown, and the way to the others. */
function parts({ from, to }: Part, length: number, visit: Visit): Content {
  if (from === 0 && to === length) return null;
  const size = to - from;
  const link = (name: string, at: number) =>
    html`<a href="${addressOf(visit.address, { at: String(at) })}">${name}</a>`;
  const [first, last, all] = [from, to - 1, length].map((one) => one.toLocaleString("en"));
  return html`<nav class="pager" aria-label="Parts of the body">
<span class="note">Bytes ${first} to ${last} of ${all}</span>
${from > 0 && html`${link("First part", 0)} ${link("Part before", Math.max(0, from - size))}`}
${to < length && html`${link("Next part", to)} ${link("Last part", Math.max(0, length - size))}`}
</nav>`;
}

/** Fields and characters of each that are shown. */
const MAX_FIELDS = 100;
const MAX_VALUE = 4_000;
/** Characters of all values together. */
const MAX_VALUES = 40_000;

async function asForm(request: OpenedRequest): Promise<Html> {
  const form = await inTurns(request.form());
  if (form.fields.length === 0) return html`<p>The body is no form, or has no fields.</p>`;
  let left = MAX_VALUES;
  const rows = form.fields.slice(0, MAX_FIELDS).map((field, index) => {
    const beginning = { ...field, value: field.value.subarray(0, Math.min(MAX_VALUE, left)) };
    left -= beginning.value.length;
    return { index, field, text: fieldText({ ...request, complaints: new Map() }, form, beginning) };
  });
  const more = form.fields.length - rows.length;
  return html`${table(
    "Fields of the form",
    [
      { heading: "field", isName: true, cell: ({ field }) => html`<code>${foreign(field.name, 200)}</code>` },
      {
        heading: "value",
        cell: ({ field, text }) =>
          html`<code class="lines">${foreignLines(text, MAX_VALUE)}</code>${field.value.length > MAX_VALUE && html`<span class="more">… (its beginning)</span>`}`,
      },
      { heading: "bytes", isFigure: true, cell: ({ field }) => field.value.length.toLocaleString("en") },
    ],
    rows,
  )}${(more > 0 || form.cut) && html`<p class="note">And ${more.toLocaleString("en")} more fields: “Text” has all of them.</p>`}`;
}

/** Characters of a JSON text that are set out. */
const MAX_JSON = 16_384;

async function asJson(request: OpenedRequest, visit: Visit): Promise<Html> {
  const place = visit.parts
    .config()
    .channels.find(({ source, name }) => source === request.source && name === request.channel)?.rules.read;
  const from = place?.as === "json" ? place.from : ({ in: "body" } as const);
  if (from.in === "field") await inTurns(request.form());
  const text = textAt({ ...request, complaints: new Map() }, from);
  const where = "name" in from ? html`${from.in} <code>${foreign(from.name, 100)}</code>` : from.in;
  if (text === null) return html`<p>The request has no ${where}.</p>`;
  const [shown, all] = [MAX_JSON, text.length].map((one) => one.toLocaleString("en"));
  const rest =
    text.length > MAX_JSON && ` The first ${shown} of ${all} characters are shown: “Text” has all.`;
  return html`${from.in !== "body" && html`<p class="note">The text of ${where}.</p>`}
${pre(foreignLines(setOut(text, MAX_JSON), 4 * MAX_JSON), "Body as JSON")}
<p class="note">Set out over lines; every digit, escape and repeated member is as it came.${rest}</p>`;
}
