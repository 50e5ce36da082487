import { formatMoment, formatMomentBeside } from "../domain/moment.ts";
import type { EventHistory } from "../store/port/reads.ts";
import { sentencesOfUnsupported } from "./explain-advice.ts";
import { type Line, type LineParts, lineOf } from "./explain-line.ts";
import { describeEvent } from "./explain-words.ts";

/** A row for each event: what happened, when, which channels reported it, and below it its deliveries. */

export interface Row {
  /** What the rows from here on are about; null: the same as before. */
  group: string | null;
  /** What other rows and the closing lines call it. */
  label: number;
  happened: string;
  event: string;
  /** Channels with the times at which their reports were received. */
  received: string;
  deliveries: readonly { destination: string; text: string }[];
}

/** An event that gets a row. */
export interface Subject {
  history: EventHistory;
  label: number;
  group: string | null;
  /** Whether deliveries are shown, and what else is to be said of the event. */
  showsDeliveries: boolean;
  notes: readonly string[];
}

/** Rows with their footnotes: a mark such as `[1]` in a row stands for the first note. */
export async function rowsOf(
  subjects: readonly Subject[],
  parts: Omit<LineParts, "labelOf">,
): Promise<{ rows: readonly Row[]; notes: readonly string[] }> {
  const labels = new Map(subjects.map(({ history, label }) => [history.event.id, label]));
  const lineParts = { ...parts, labelOf: (event: string) => labels.get(event) ?? null };
  const drafts = await Promise.all(subjects.map((subject) => draftOf(subject, lineParts)));
  const notes: string[] = [];
  const mark = ({ text, notes: own }: Line) => {
    for (const note of own) if (!notes.includes(note)) notes.push(note);
    return [text, ...own.map((note) => `[${notes.indexOf(note) + 1}]`)].join(" ");
  };
  const rows = drafts.map(({ event, deliveries, ...row }, index) => ({
    ...row,
    group: row.group === drafts[index - 1]?.group ? null : row.group,
    event: mark(event),
    deliveries: deliveries.map(({ destination, line }) => ({ destination, text: mark(line) })),
  }));
  return { rows, notes };
}

async function draftOf({ history, label, group, showsDeliveries, notes }: Subject, parts: LineParts) {
  const { event, deliveries } = history;
  const about = { document: event.document?.id ?? null, receivedAt: receivedAtOf(history) };
  const shown = showsDeliveries ? deliveries : [];
  const lines = shown.map(async (delivery) => ({
    destination: delivery.destination,
    line: await lineOf(delivery, about, parts),
  }));
  const unsent = showsDeliveries ? sentencesOfUnsupported(history, parts) : [];
  const isForNone = showsDeliveries && deliveries.length + unsent.length === 0;
  return {
    group,
    label,
    happened: formatMoment(Date.parse(event.time)),
    event: {
      text: describeEvent(event),
      notes: [
        ...notes,
        ...shadowsOf(history),
        ...raritiesOf(history),
        ...unsent,
        ...(isForNone ? ["No destination asked for it."] : []),
      ],
    },
    received: describeReports(history),
    deliveries: await Promise.all(lines),
  };
}

/**
 * A happening this much later than its receipt, in milliseconds, gets no note yet: clocks differ a little.
 */
const MAX_AHEAD_MS = 60_000;

function raritiesOf(history: EventHistory): string[] {
  const { late, type, time } = history.event;
  const ahead = Date.parse(time) - receivedAtOf(history);
  return [
    ...(ahead === 0 ? ["Dated by its receipt: the provider gave no other time."] : []),
    ...(late ? ["Late: something newer of the document was known before."] : []),
    ...(type === "unknown" ? ["The mapping has no event for this code."] : []),
    ...(ahead > MAX_AHEAD_MS
      ? ["It happened after it was received, by the provider's time: one of the two clocks is wrong."]
      : []),
  ];
}

function shadowsOf({ shadow }: EventHistory): string[] {
  const channels = [...new Set(shadow.map(({ channel }) => channel))];
  if (channels.length === 0) return [];
  return [`Reported before by a channel in shadow (${channels.join(", ")}): nothing was forwarded for that.`];
}

/** When the first report of the event was received, milliseconds since 1970. */
export function receivedAtOf({ event, receipt }: EventHistory): number {
  return receipt?.receivedAt ?? Date.parse(event.recordedAt);
}

/** `batch 12:00:02, again 12:06:02; upon 12:00:03`: each channel with its first report and its duplicates. */
function describeReports(history: EventHistory): string {
  const { event, duplicates } = history;
  const receivedAt = receivedAtOf(history);
  const channels = Map.groupBy(duplicates, ({ channel }) => channel);
  const again = (channel: string) =>
    (channels.get(channel) ?? []).map(({ at }) => at).toSorted((a, b) => a - b);
  const others = [...channels.keys()].filter((channel) => channel !== event.channel);
  const first = formatMomentBeside(receivedAt, Date.parse(event.time));
  return [
    `${event.channel} ${first}${describeAgain(again(event.channel), receivedAt)}`,
    ...others.map((channel) => {
      const [at = receivedAt, ...more] = again(channel);
      return `${channel} ${formatMomentBeside(at, receivedAt)}${describeAgain(more, receivedAt)}`;
    }),
  ].join("; ");
}

function describeAgain(times: readonly number[], beside: number): string {
  const last = times.at(-1);
  if (last === undefined) return "";
  const at = formatMomentBeside(last, beside);
  return times.length === 1 ? `, again ${at}` : `, again ${times.length} times until ${at}`;
}
