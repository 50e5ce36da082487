import { CountersignError } from "../../domain/errors.ts";
import { maskAddresses } from "../../domain/mask.ts";
import { formatDuration, plural } from "../../domain/quantity.ts";
import {
  COUNT_HEADING,
  countsOf,
  type Disagreement,
  type Loss,
  ParityReport,
  type Telling,
  type TypeCount,
} from "../../parity/report.ts";
import { documentPage, requestPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { facts, section, table } from "../elements/table.ts";
import { copyable, foreign, sentence } from "../elements/text.ts";
import { moment, momentAndWhen } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen } from "../screen.ts";
import { resultOf } from "./parity.ts";

/** One report: the verdict first, then what it rests on, then every finding with both sides. */
export const parityReportScreen: Screen = {
  path: "/parity/:id",
  section: "parity",
  async show({ store, params: { id = "" }, now }) {
    const kept = await store.findProof(id);
    if (!kept) throw new CountersignError("not_found", `there is no parity report ${id}`);
    const report = ParityReport.parse(kept.report);
    const { scope, verdict } = report;
    return {
      title: `Parity of ${scope.new.join(", ")} with ${scope.old.join(", ")}`,
      sentence: resultOf(verdict.result, foreign(maskAddresses(verdict.sentence), 600)),
      body: html`${gate(report)}${scopeOf(report, now)}${coverage(report)}${timing(report)}${unknowns(report)}${findings(report)}${closing(report, now)}`,
      live: false,
    };
  },
};

function gate({ verdict: { checks, obstacles } }: ParityReport): Html {
  const rows = table(
    "The conditions of the gate",
    [
      { heading: "condition", cell: ({ name }) => name, isName: true },
      { heading: "found", cell: ({ found }) => foreign(found) },
      { heading: "wanted", cell: ({ wanted }) => wanted },
      {
        heading: "result",
        cell: ({ passed }) => (passed ? status("good", "holds") : status("bad", "does not hold")),
      },
    ],
    checks,
  );
  return section(
    "Verdict",
    html`${obstacles.map((one) => html`<p>${foreign(one.sentence, 300)}</p>`)}${checks.length > 0 && rows}`,
  );
}

function scopeOf({ scope, createdAt, validUntil, version }: ParityReport, now: number): Html {
  const clock = `${scope.clockOffset < 0 ? "−" : "+"}${duration(Math.abs(scope.clockOffset))}`;
  return section(
    "Scope",
    html`${facts([
      ["window", html`${moment(Date.parse(scope.from))} to ${moment(Date.parse(scope.until))}`],
      ["observed", duration(scope.observed)],
      ["documents, happenings", `${scope.documents}, ${scope.happenings}`],
      ["mapping", foreign(scope.mapping)],
      ["clock of the new side", clock],
      ["left out", scope.excluded.length > 0 && foreign(scope.excluded.join("; "), 400)],
      ["made", html`${momentAndWhen(Date.parse(createdAt), now)} by Countersign ${version}`],
      ["good until", momentAndWhen(Date.parse(validUntil), now)],
    ])}
${table(
  "The compared channels",
  [
    { heading: "channel", cell: ({ channel }) => channel, isName: true },
    { heading: "requests", cell: ({ requests }) => String(requests), isFigure: true },
    { heading: "tellings", cell: ({ tellings }) => String(tellings), isFigure: true },
    { heading: "not read wholly", cell: ({ unreadable }) => String(unreadable), isFigure: true },
  ],
  scope.requests,
)}`,
  );
}

function coverage({ coverage: { types, documentsWithLosses }, outages, integrity }: ParityReport): Html {
  const [, ...headings] = COUNT_HEADING;
  const columns = [
    { heading: "type", cell: ({ type }: TypeCount) => type, isName: true },
    ...headings.map((heading, index) => ({
      ...{ heading, isFigure: true },
      cell: (one: TypeCount) => String(countsOf(one)[index] ?? ""),
    })),
  ];
  const away = outages.map(
    (one) =>
      html`<li>${one.whole ? "No request came over any channel" : html`${one.channel} was silent`} from ${moment(Date.parse(one.from))} to ${moment(Date.parse(one.until))}; ${plural(one.missing, "happening")} of that time missing.</li>`,
  );
  return section(
    "Coverage and integrity",
    html`${types.length > 0 && table("What both sides told, by type", columns, types)}
<p>${plural(documentsWithLosses, "document")} with unexplained losses.</p>
<p>${plural(integrity.compared, "pair")} of tellings compared field by field:
${integrity.unsafe} unsafe, ${integrity.harmless} harmless differences.</p>
${away.length > 0 && html`<ul>${away}</ul>`}
${integrity.ignored.map(({ field, reason, matched }) => html`<p class="note">Ignored: ${field}, ${foreign(reason)} (${matched === 0 ? "matched nothing" : plural(matched, "difference")}).</p>`)}`,
  );
}

function timing({ lag, noise, control }: ParityReport): Html {
  const rows = [
    { name: "new after old", of: lag.newAfterOld },
    { name: "old after new", of: lag.oldAfterNew },
  ].flatMap(({ name, of }) => (of ? [{ name, ...of }] : []));
  const times = (["p50", "p90", "p99", "max"] as const).map((key) => ({
    heading: key,
    cell: (row: (typeof rows)[number]) => duration(row[key]),
    isFigure: true,
  }));
  const { self } = noise;
  return section(
    "Lag, noise and control",
    html`${rows.length > 0 && table("How much later one side came", [{ heading: "side", cell: ({ name }) => name, isName: true }, ...times], rows)}
<p>The new side was first ${plural(lag.newFirst, "time")}, the old side ${plural(lag.oldFirst, "time")}.</p>
<p>What a side has not told after ${duration(lag.pendingAfter)} counts as lost.</p>
${self && html`<p>The ${self.side} side against itself: ${plural(self.disagreements, "disagreement")}; ${plural(self.onlyOne, "happening")} told by some of its channels only.</p>`}
<p>Of ${plural(control.injected, "loss")} injected in memory the same comparison found ${control.found}.</p>`,
  );
}

function unknowns({ unknowns: { words, notShown } }: ParityReport): Content {
  if (words.length === 0 && notShown.length === 0) return null;
  const types = [...new Set(notShown.map(({ type }) => type))].join(", ");
  return section(
    "Unknown",
    html`${words.map((one) => html`<p>${one.channel}: the word ${foreign(one.value)} (${plural(one.count, "time")}) is not in the mapping.</p>`)}
${notShown.length > 0 && html`<p>The window shows nothing of ${types}.</p>`}`,
  );
}

const MAX_SHOWN = 100;

function findings({ losses, disagreements, unlisted }: ParityReport): Html {
  const all: Html[] = [...losses.map(showLoss), ...disagreements.map(showDisagreement)];
  const rest = all.length - MAX_SHOWN + unlisted.losses + unlisted.disagreements;
  const none = empty({
    what: "Nothing is told by one side alone, and nothing in two ways.",
    next: "Look at the verdict for what else is wanted.",
  });
  return section(
    "Findings",
    html`${all.length === 0 ? none : all.slice(0, MAX_SHOWN)}
${rest > 0 && html`<p>And ${rest} more: ${sentence("`countersign parity --json` has all of them.")}</p>`}`,
  );
}

function showLoss(one: Loss): Html {
  const tone = one.class === "unexplained" ? "bad" : "quiet";
  return finding(
    one,
    status(tone, html`${one.class.replace("_", " ")}, missing on the ${one.missing} side`),
    null,
  );
}

function showDisagreement(one: Disagreement): Html {
  const columns = [
    { heading: "field", cell: ({ name }: Disagreement["fields"][number]) => name, isName: true },
    { heading: "old", cell: ({ old }: Disagreement["fields"][number]) => shown(old) },
    { heading: "new", cell: (field: Disagreement["fields"][number]) => shown(field.new) },
  ];
  const tone = one.severity === "unsafe" ? "bad" : "quiet";
  return finding(one, status(tone, one.severity), table("Fields that differ", columns, one.fields));
}

const shown = (value: string | null): Content =>
  value === null ? html`<span class="note">hidden</span>` : foreign(maskAddresses(value));

function finding(of: Loss | Disagreement, kind: Html, details: Content): Html {
  const source = (of.old ?? of.new)?.channel.split("/")[0] ?? "";
  const accept = `countersign parity accept ${of.id} --source ${source} --reason "…"`;
  return html`<article class="finding"><h3>${kind}</h3>
<p>${foreign(maskAddresses(of.sentence), 400)}</p>
${facts([
  [
    "document",
    of.document !== null && html`<a href="${documentPage(source, of.document)}">${foreign(of.document)}</a>`,
  ],
  ["old", side(of.old)],
  ["new", side(of.new)],
  ["accepted", of.accepted && html`by ${foreign(of.accepted.by)}: ${foreign(of.accepted.reason, 300)}`],
  ["to accept it", of.accepted === null && copyable(accept)],
])}${details}</article>`;
}

function side(telling: Telling | null): Content {
  if (telling === null) return html`<span class="note">did not tell it</span>`;
  const { channel, receipt, receivedAt, code } = telling;
  const word = [code.object, code.value].filter((part) => part !== null).join(" ");
  return html`<a href="${requestPage(receipt)}">${channel}</a> at ${moment(Date.parse(receivedAt))}: ${foreign(word)}`;
}

function closing({ id, exceptions, signature }: ParityReport, now: number): Html {
  const rows = table(
    "Accepted exceptions",
    [
      { heading: "exception", cell: (one) => one.id, isName: true },
      { heading: "of", cell: (one) => foreign(one.subject) },
      { heading: "reason", cell: (one) => foreign(one.reason, 300) },
      { heading: "by", cell: (one) => foreign(one.by) },
      { heading: "at", cell: (one) => momentAndWhen(Date.parse(one.at), now) },
      { heading: "used", cell: (one) => String(one.used), isFigure: true },
    ],
    exceptions,
  );
  return section(
    "Exceptions and signature",
    html`${exceptions.length > 0 ? rows : html`<p>No exception was accepted.</p>`}
<p>Report ${copyable(id)}, ${signature === null ? "not signed" : html`signed with ${signature.publicKey === null ? "a shared secret" : copyable(signature.publicKey)}`}. ${sentence("A signed one to hand over is made by `countersign parity … --sign KEY --html proof.html`.")}</p>`,
  );
}

function duration(ms: number): string {
  return formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
}
