import type { AuditEntry } from "../../store/port/control.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { AuditQuery } from "../../web/queries.ts";
import { addressOf, type Choice, isFiltered, sinceChoice } from "../elements/form.ts";
import { destinationPage, eventPage } from "../elements/links.ts";
import { countOf, listHead, pager } from "../elements/list.ts";
import { empty, noMatch } from "../elements/notice.ts";
import { table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Fields, Screen } from "../screen.ts";

const PAGE = 50;

/** Of entries: the audit grows by hand, so a page of many is read, and those are shown that match. */
const READ = 500;

const OWN = ["action", "caller", "text"] as const;

/** Who changed what, when and why. */
export const auditScreen: Screen = {
  path: "/audit",
  section: "audit",
  async show(visit) {
    const { store, query, now } = visit;
    const given = withoutEmpty(query);
    const isNarrow = OWN.some((name) => given[name] !== undefined);
    const { filter, page, isAsked } = auditAsked({ limit: String(isNarrow ? READ : PAGE), ...given }, now);
    const found = await store.findAudit(filter, page);
    const shown = found.items.filter(isAsked);
    const isAny = isFiltered(CHOICES, given);
    return {
      title: "Audit",
      sentence: sentenceOf(shown, found.next, isAny, now),
      body: html`${await listHead(visit, "/audit", { choices: CHOICES, given })}
${shown.length > 0 ? list(shown, now) : nothing(isAny, found.next)}
${pager(visit, isNarrow && found.next !== null ? { ...found, searched: found.items.length } : found, "entries")}`,
      live: true,
    };
  },
};

/** The page to read, and which of its entries are asked for. */
export function auditAsked(given: Fields, now: number) {
  const { action, caller, text, ...rest } = given;
  const { page, filter } = splitList(parseInput(AuditQuery(now), rest));
  return { page, filter, isAsked: (entry: AuditEntry) => matches(entry, { action, caller, text }) };
}

const ACTIONS = [
  ["pause", "pause"],
  ["resume", "resume"],
  ["replay", "replay"],
  ["acknowledge", "acknowledge"],
  ["skip", "skip"],
  ["reprocess", "reprocess"],
  ["reload", "reload"],
  ["test-event", "test event"],
  ["test-alert", "test of an alert"],
  ["cancel", "cancel of a job"],
  ["save-view", "view saved"],
  ["remove-view", "view removed"],
  ["download", "personal data downloaded"],
  ["show", "personal data shown"],
] as const;

const CHOICES: readonly Choice[] = [
  { name: "text", label: "Reason or subject", placeholder: "a destination, an id, a word", isSearch: true },
  { name: "action", label: "Action", options: ACTIONS },
  { name: "caller", label: "Who", placeholder: "a token’s name or an address" },
  sinceChoice("When", ["1d", "7d", "30d"]),
];

/** Without regard to case. */
function matches(
  { action, caller, reason, details }: AuditEntry,
  wanted: Readonly<Record<(typeof OWN)[number], string | undefined>>,
): boolean {
  const has = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
  const subject = Object.values(details).join(" ");
  return (
    (wanted.action === undefined || action === wanted.action) &&
    (wanted.caller === undefined || has(caller, wanted.caller)) &&
    (wanted.text === undefined || has(`${reason} ${subject}`, wanted.text))
  );
}

function sentenceOf(
  entries: readonly AuditEntry[],
  next: string | null,
  isNarrow: boolean,
  now: number,
): Content {
  const [newest] = entries;
  if (!newest) return "No change is shown.";
  const match = entries.length === 1 ? " matches" : " match";
  return html`${countOf(entries.length, next, "change")}${isNarrow && match}, the newest first: <strong>${newest.action}</strong> ${when(newest.at, now)} by ${foreign(newest.caller, 80)}.`;
}

function list(entries: readonly AuditEntry[], now: number): Content {
  return table(
    "Changes that people made",
    [
      { heading: "what", isName: true, cell: ({ action }) => action },
      { heading: "subject", cell: subjectOf },
      { heading: "count", isFigure: true, cell: ({ details }) => countIn(details) },
      { heading: "why", cell: ({ reason }) => foreign(reason, 200) },
      { heading: "who", cell: ({ caller }) => foreign(caller, 80) },
      { heading: "when", cell: ({ at }) => momentAndWhen(at, now) },
    ],
    entries,
  );
}

function countIn({ count }: AuditEntry["details"]): string {
  return typeof count === "number" ? count.toLocaleString("en") : "–";
}

/** What was given, each with its name; the destination and the event lead to their pages. */
function subjectOf({ action, details }: AuditEntry): Content {
  const { destination, event, count: _, ...rest } = details;
  const given = Object.entries(rest).filter(([, value]) => value !== null);
  return html`${typeof destination === "string" && html`<a href="${destinationPage(destination)}">${foreign(destination, 60)}</a> `}${typeof event === "string" && eventOf(event, action)}${given.map(([name, value], index) => html`${index > 0 && ", "}${name} ${detailOf(name, value)}`)}`;
}

/** A test event is not recorded, so it has no page. */
function eventOf(event: string, action: string): Content {
  const code = html`<code>${foreign(event, 40)}</code>`;
  return action === "test-event" ? html`${code} ` : html`<a href="${eventPage(event)}">${code}</a> `;
}

/** Moments are stored as milliseconds. */
function detailOf(name: string, value: string | number | null): Content {
  const isMoment = typeof value === "number" && (name === "since" || name === "until");
  return isMoment ? new Date(value).toISOString().slice(0, 19) : foreign(String(value), 100);
}

function nothing(isNarrow: boolean, next: string | null): Content {
  if (next !== null)
    return noMatch({
      what: "Nothing matches in what was looked at so far.",
      next: "There are more entries to look at: search on below.",
    });
  if (isNarrow)
    return noMatch({ what: "No change matches.", next: html`<a href="/audit">Show all changes</a>.` });
  return empty({
    what: "Nobody has changed anything yet.",
    next: html`Each pause, replay, acknowledgement, test and look at personal data is kept here with its reason, for as long as <a href="${addressOf("/configuration", {})}">retention.audit</a> says.`,
  });
}
