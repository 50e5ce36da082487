import { inert } from "../../domain/inert.ts";
import { formatMoment } from "../../domain/moment.ts";
import { formatDuration, plural } from "../../domain/quantity.ts";
import {
  COUNT_HEADING,
  countsOf,
  type Disagreement,
  type Loss,
  type ParityReport,
  type Quantiles,
} from "../../parity/report.ts";
import { columnsOf, table } from "../table.ts";

/** A report for a terminal: the verdict first, and only what there is something to say of. */

/** The most findings of a kind that are printed; --json has all. */
const MAX_SHOWN = 20;

export function textOf(report: ParityReport): string {
  const blocks = [
    verdictOf(report),
    scopeOf(report),
    coverageOf(report),
    outagesOf(report),
    integrityOf(report),
    lagOf(report),
    unknownsOf(report),
    findingsOf(report),
    closingOf(report),
  ];
  return blocks.filter((block) => block !== "").join("\n");
}

function verdictOf({ verdict }: ParityReport): string {
  const checks = verdict.checks.map(({ name, passed, found, wanted }) => [
    passed ? "✓" : "✗",
    name,
    found,
    wanted,
  ]);
  return `${inert(verdict.sentence)}\n\n${verdict.obstacles.length > 0 ? "" : columnsOf(checks)}`;
}

function scopeOf({ scope, control }: ParityReport): string {
  const { old, new: others, from, until, documents, happenings, mapping, clockOffset } = scope;
  const clock =
    clockOffset === 0
      ? ""
      : `, the new side's clock ${shortly(Math.abs(clockOffset))} ${clockOffset > 0 ? "ahead" : "behind"}`;
  const requests = scope.requests.map((one) => [
    one.channel,
    plural(one.requests, "request"),
    plural(one.tellings, "telling"),
    one.unreadable > 0 ? `${one.unreadable} not read wholly` : "",
  ]);
  const lines = [
    `${old.join(", ")} (old) and ${others.join(", ")} (new), ${momentOf(from)} to ${momentOf(until)}`,
    `${plural(documents, "document")}, ${plural(happenings, "happening")}, both sides read by ${mapping}${clock}`,
  ];
  const more = [
    `control: ${control.found} of ${control.injected} injected losses found`,
    ...scope.excluded.map((what) => `left out: ${what}`),
  ];
  const said = (some: readonly string[]) => some.map((line) => `${inert(line)}\n`).join("");
  return `${said(lines)}${columnsOf(requests)}${said(more)}`;
}

function coverageOf({ coverage }: ParityReport): string {
  if (coverage.types.length === 0) return "";
  const rows = coverage.types.map((one) => [one.type, ...countsOf(one).map(dashed)]);
  return table(COUNT_HEADING, rows);
}

const dashed = (count: number) => (count === 0 ? "–" : String(count));

function outagesOf({ outages }: ParityReport): string {
  const lines = outages.map(
    ({ channel, from, until, whole, missing }) =>
      `outage: ${whole ? "the bridge had no request at all" : `${channel} was silent`} from ${momentOf(from)} to ${momentOf(until)}; ${plural(missing, "happening")} of that time missing on ${channel}\n`,
  );
  return lines.map(inertLine).join("");
}

function integrityOf({ integrity }: ParityReport): string {
  const { compared, unsafe, harmless, ignored } = integrity;
  const lines = [
    `${plural(compared, "pair")} compared field by field: ${unsafe} unsafe, ${harmless} harmless`,
    ...ignored.map(({ field, matched, reason }) =>
      matched === 0
        ? `ignored ${field}, which matched nothing: ${reason}`
        : `ignored ${field} in ${plural(matched, "pair")}: ${reason}`,
    ),
  ];
  return lines.map((line) => `${inert(line)}\n`).join("");
}

function lagOf({ lag, noise }: ParityReport): string {
  const lines = [
    ...lagLine("the new side came later", lag.newAfterOld),
    ...lagLine("the old side came later", lag.oldAfterNew),
    `what one side alone told counts as lost on the other after ${shortly(lag.pendingAfter)}`,
    ...noise.repeats
      .filter(({ count }) => count > 0)
      .map(({ channel, count }) => `${plural(count, "repeat")} on ${channel}`),
    ...(noise.self
      ? [
          `noise: the ${noise.self.side} side's channels agree with one another on ${percent(noise.self.share)} of ${noise.self.both + noise.self.onlyOne} happenings; ${plural(noise.self.disagreements, "disagreement")}`,
        ]
      : []),
  ];
  return lines.map((line) => `${inert(line)}\n`).join("");
}

function lagLine(what: string, quantiles: Quantiles | null): string[] {
  if (!quantiles) return [];
  const { count, p50, p90, p99, max } = quantiles;
  const times = Object.entries({ p50, p90, p99, max }).map(([name, ms]) => `${name} ${shortly(ms)}`);
  return [`${what} ${plural(count, "time")}: ${times.join(", ")}`];
}

function unknownsOf({ unknowns }: ParityReport): string {
  const { words, notShown } = unknowns;
  const types = [...new Set(notShown.map(({ type }) => type))];
  const lines = [
    ...words.map(
      ({ channel, object, value, count }) =>
        `unknown word on ${channel}: ${object ?? ""} ${value}, ${plural(count, "time")}`,
    ),
    ...(types.length > 0 ? [`not shown by this window: ${types.join(", ")}`] : []),
  ];
  return lines.map((line) => `${inert(line)}\n`).join("");
}

function findingsOf({ losses, disagreements, unlisted }: ParityReport): string {
  const named = losses.filter((one) => one.class === "unexplained" || one.class === "accepted");
  const unsafe = disagreements.filter(({ severity }) => severity === "unsafe");
  const all: readonly (Loss | Disagreement)[] = [...named, ...unsafe];
  if (all.length === 0) return "";
  const more = Math.max(0, all.length - MAX_SHOWN) + unlisted.losses + unlisted.disagreements;
  return [
    ...all.slice(0, MAX_SHOWN).flatMap(linesOf),
    ...(more > 0 ? [`… and ${more} more: --json and --html list up to 10,000`] : []),
    "",
  ].join("\n");
}

function linesOf(finding: Loss | Disagreement): string[] {
  const { id, sentence, accepted, event } = finding;
  const fields = "fields" in finding ? finding.fields : [];
  return [
    `${id}  ${sentence}`,
    ...fields.map(({ name, old, new: other }) => `  ${name}: ${old ?? "(hidden)"} → ${other ?? "(hidden)"}`),
    ...(accepted ? [`  accepted by ${accepted.by}: ${accepted.reason}`] : []),
    ...(event === null || accepted ? [] : [`  $ countersign explain ${event}`]),
  ].map(inert);
}

function closingOf({ id, validUntil, exceptions, signature }: ParityReport): string {
  const unused = exceptions.filter(({ used }) => used === 0);
  return [
    ...unused.map((one) => `the exception ${one.id} (${one.subject}) matched nothing`),
    `report ${id}, good until ${momentOf(validUntil)}${signature ? ", signed" : ""}`,
    "",
  ]
    .map(inert)
    .join("\n");
}

const inertLine = (line: string) => `${inert(line.trimEnd())}\n`;

function momentOf(instant: string): string {
  return formatMoment(Date.parse(instant));
}

/** To the second; below that in milliseconds. */
export function shortly(ms: number): string {
  return formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
}

function percent(share: number): string {
  return `${Math.floor(share * 10_000) / 100} %`;
}
