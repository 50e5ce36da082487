import { formatMoment } from "../domain/moment.ts";
import { formatDuration } from "../domain/quantity.ts";
import {
  COUNT_HEADING,
  countsOf,
  type Disagreement,
  type Loss,
  type ParityReport,
  type Quantiles,
  type Telling,
} from "./report.ts";

/** A report as one HTML file, which needs nothing else, has no script, and can be printed. */
export function htmlOf(report: ParityReport): string {
  const { verdict } = report;
  const word = { passed: "Passed", failed: "Failed", not_evaluated: "Not evaluated" }[verdict.result];
  const title = `Parity of ${report.scope.new.join(", ")} with ${report.scope.old.join(", ")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(`${word}: ${title}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${text(title)}</h1>
<p class="verdict ${verdict.result}"><strong>${word}.</strong> ${text(verdict.sentence)}</p>
${SECTIONS.map((section) => section(report)).join("\n")}
</body>
</html>
`;
}

const STYLE = `
body {
  font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
}
h1 { font-size: 1.6rem }
h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #bbb; break-after: avoid }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem }
tr { break-inside: avoid }
th, td {
  text-align: left; vertical-align: top; padding: 0.2rem 0.6rem;
  border-bottom: 1px solid #ddd; overflow-wrap: anywhere;
}
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.verdict { padding: 0.7rem 1rem; border: 2px solid; border-radius: 4px }
.passed { border-color: #1b6e3c }
.failed { border-color: #a4161a }
.not_evaluated { border-color: #8a5a00 }
code { font-size: 0.85rem }
article { break-inside: avoid; margin: 1rem 0; padding-left: 0.8rem; border-left: 3px solid #ccc }
@page { margin: 15mm }
@media print { body { margin: 0; max-width: none; font-size: 10pt } }
`;

const SECTIONS: readonly ((report: ParityReport) => string)[] = [
  gate,
  scope,
  coverage,
  integrity,
  timeliness,
  noise,
  unknowns,
  findings,
  control,
  closing,
];

function gate({ verdict }: ParityReport): string {
  return section(
    "Verdict",
    table(
      ["condition", "found", "wanted", ""],
      verdict.checks.map(({ name, found, wanted, passed }) => [name, found, wanted, passed ? "✓" : "✗"]),
    ),
  );
}

function scope({ scope: of, version, createdAt }: ParityReport): string {
  const facts = [
    ["window", `${moment(of.from)} to ${moment(of.until)} UTC`],
    ["observed", duration(of.observed)],
    ["documents, happenings", `${of.documents}, ${of.happenings}`],
    ["mapping", of.mapping],
    ["recorded with", of.recordedWith.join(", ")],
    ["configuration", of.configuration],
    ["clock of the new side", `${of.clockOffset >= 0 ? "+" : "−"}${duration(Math.abs(of.clockOffset))}`],
    ["tolerance", duration(of.tolerance)],
    ["left out", of.excluded.join("; ") || "nothing"],
    ["made", `${moment(createdAt)} UTC by Countersign ${version}`],
  ];
  const channels = of.requests.map((one) => [
    one.channel,
    String(one.requests),
    String(one.tellings),
    String(one.unreadable),
    one.first === null ? "–" : moment(one.first),
    one.last === null ? "–" : moment(one.last),
  ]);
  return section(
    "Scope",
    table(["", ""], facts) +
      table(["channel", "requests", "tellings", "not read wholly", "first", "last"], channels, [1, 2, 3]),
  );
}

function coverage({ coverage: { types, documentsWithLosses }, outages }: ParityReport): string {
  const rows = types.map((one) => [one.type, ...countsOf(one).map(String)]);
  const away = outages.map((one) => [
    one.channel,
    moment(one.from),
    moment(one.until),
    one.whole ? "no request over any channel" : "",
    String(one.missing),
  ]);
  return section(
    "Coverage",
    table(COUNT_HEADING, rows, [1, 2, 3, 4, 5, 6, 7, 8]) +
      paragraph(`Documents with unexplained losses: ${documentsWithLosses}`) +
      (away.length === 0
        ? paragraph("No outage was found.")
        : table(["outage of", "from", "until", "", "missing"], away, [4])),
  );
}

function integrity({ integrity: { compared, unsafe, harmless, ignored } }: ParityReport): string {
  const rules = ignored.map(({ field, reason, matched }) => [
    field,
    reason,
    matched === 0 ? "nothing" : String(matched),
  ]);
  return section(
    "Integrity",
    paragraph(
      `${compared} pairs state a field in common: ${unsafe} unsafe, ${harmless} harmless differences.`,
    ) +
      (rules.length === 0
        ? paragraph("No field is ignored.")
        : table(["ignored field", "reason", "matched"], rules, [2])),
  );
}

function timeliness({ lag }: ParityReport): string {
  const row = (name: string, of: Quantiles | null) =>
    of && [name, String(of.count), ...[of.p50, of.p90, of.p99, of.p999, of.max].map(duration)];
  const rows = [row("new after old", lag.newAfterOld), row("old after new", lag.oldAfterNew)];
  return section(
    "Timeliness",
    table(
      ["", "count", "p50", "p90", "p99", "p99.9", "max"],
      rows.flatMap((one) => (one ? [one] : [])),
      [1, 2, 3, 4, 5, 6],
    ) +
      paragraph(
        `The new side was first ${lag.newFirst} times, the old side ${lag.oldFirst} times. What one side alone told counts as lost on the other after ${duration(lag.pendingAfter)}.`,
      ),
  );
}

function noise({ noise: { repeats, self } }: ParityReport): string {
  const rows = repeats.map(({ channel, count }) => [channel, String(count)]);
  const itself = self
    ? `The ${self.side} side against itself: ${self.both} told by all its channels that tell such types, ${self.onlyOne} by some of them, ${self.disagreements} disagreements.`
    : "Neither side has several channels to compare among themselves.";
  return section("Noise", table(["channel", "repeats"], rows, [1]) + paragraph(itself));
}

function unknowns({ unknowns: of }: ParityReport): string {
  const words = of.words.map(({ channel, object, value, count }) => [
    channel,
    object ?? "",
    value,
    String(count),
  ]);
  const types = of.typesOnOneSide.map(({ side, type, count }) => [side, type, String(count)]);
  const fields = of.fieldsOnOneSide.map(({ side, field }) => `${field} (${side})`).join(", ");
  const notShown = [...new Set(of.notShown.map(({ type }) => type))].join(", ");
  return section(
    "Unknowns",
    (words.length === 0
      ? paragraph("Every word is in the mapping.")
      : table(["channel", "object", "word", "count"], words, [3])) +
      table(["told only by", "type", "count"], types, [2]) +
      paragraph(`Fields stated on one side only: ${fields || "none"}.`) +
      paragraph(`Types that the window shows nothing of: ${notShown || "none"}.`),
  );
}

function findings({ losses, disagreements, unlisted }: ParityReport): string {
  const more = unlisted.losses + unlisted.disagreements;
  const all = [...losses.map(showLoss), ...disagreements.map(showDisagreement)];
  return section(
    "Findings",
    (all.join("\n") || paragraph("None.")) +
      (more > 0 ? paragraph(`And ${more} more, which are not listed.`) : ""),
  );
}

function showLoss(loss: Loss): string {
  return finding(loss, `${loss.class}, missing on the ${loss.missing} side`, "");
}

function showDisagreement(one: Disagreement): string {
  const rows = one.fields.map(({ name, old, new: other }) => [name, old ?? "(hidden)", other ?? "(hidden)"]);
  return finding(one, one.severity, table(["field", "old", "new"], rows));
}

function finding(of: Loss | Disagreement, kind: string, details: string): string {
  const accepted = of.accepted ? paragraph(`Accepted by ${of.accepted.by}: ${of.accepted.reason}`) : "";
  const explain = of.event === null ? "" : `<p><code>countersign explain ${text(of.event)}</code></p>`;
  return `<article><p><strong>${text(kind)}</strong>: ${text(of.sentence)}</p>${sideBySide(of.old, of.new)}${details}${accepted}${explain}<p><code>${text(of.id)}</code></p></article>`;
}

function sideBySide(old: Telling | null, other: Telling | null): string {
  const rows: [string, (telling: Telling) => string][] = [
    ["channel", ({ channel }) => channel],
    ["receipt", ({ receipt }) => receipt],
    ["received", ({ receivedAt }) => receivedAt],
    ["time", ({ time }) => time ?? "not stated"],
    ["word", ({ code }) => [code.object, code.value, code.name].filter((part) => part !== null).join(" ")],
    ["item", ({ item }) => item ?? ""],
  ];
  const shown = rows.map(([name, read]) => [name, old ? read(old) : "–", other ? read(other) : "–"]);
  return table(
    ["", "old", "new"],
    shown.filter(([name, ...values]) => name !== "item" || values.some((value) => value.length > 1)),
  );
}

function control({ control: { injected, found } }: ParityReport): string {
  return section(
    "Negative control",
    paragraph(`Of ${injected} losses injected in memory the same comparison found ${found}.`),
  );
}

function closing({ id, validUntil, exceptions, signature }: ParityReport): string {
  const rows = exceptions.map((one) => [
    one.id,
    one.subject,
    one.reason,
    one.by,
    moment(one.at),
    String(one.used),
  ]);
  const signed = signature
    ? `Signed at ${moment(new Date(signature.timestamp * 1_000).toISOString())} UTC${signature.publicKey === null ? "" : ` with ${signature.publicKey}`}: ${signature.signature}. The signature is over the JSON of the report.`
    : "Not signed.";
  return section(
    "Exceptions and signature",
    (rows.length === 0
      ? paragraph("No exception was accepted.")
      : table(["exception", "of", "reason", "accepted by", "at", "used"], rows, [5])) +
      paragraph(`Report ${id}, good until ${moment(validUntil)} UTC.`) +
      paragraph(signed),
  );
}

function section(title: string, content: string): string {
  return `<section><h2>${text(title)}</h2>\n${content}</section>`;
}

function paragraph(content: string): string {
  return `<p>${text(content)}</p>\n`;
}

/** `numbers`: the columns that are aligned to the right. */
function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  if (rows.length === 0) return "";
  const cell = (tag: "th" | "td") => (content: string, column: number) =>
    `<${tag}${numbers.includes(column) ? ' class="n"' : ""}>${text(content)}</${tag}>`;
  const head = heading.some((name) => name !== "")
    ? `<thead><tr>${heading.map(cell("th")).join("")}</tr></thead>`
    : "";
  const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
  return `<table>${head}<tbody>\n${body}\n</tbody></table>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Strangers wrote some of it. */
function text(content: string): string {
  return content.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function moment(instant: string): string {
  return formatMoment(Date.parse(instant));
}

function duration(ms: number): string {
  return formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
}
