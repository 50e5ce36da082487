import type { Subscriber } from "../domain/destination.ts";
import { lookupOf } from "../domain/lookup.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, resolve } from "../domain/resolve.ts";
import type { RecordRequest, RecordResult } from "../store/port/inbox.ts";
import { problemsOf } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import { withoutCredentials } from "./private.ts";
import { privacyOf } from "./private-names.ts";
import type { VerifiedRequest } from "./request.ts";

/** A part of what a request tells, ready to be recorded. */
export interface PlannedRecord {
  recording: RecordRequest;
  /** What could not be read; of all but the last reading only that there is more. */
  problems: readonly Problem[];
}

/** So many items are read and recorded at once: a batch of ten thousand must not hold up everybody else. */
const ITEMS_PER_SLICE = 250;

/**
 * What a genuine request tells, under this receipt's id: nearly always one reading. That of a long batch is in slices, to be
 * recorded one after the other; until the last is, the receipt says that it is unfinished, so that what a crash cuts off is
 * found and read again even if the provider never repeats it. Events are addressed to the `subscribers` of the moment at which
 * they are recorded: a reload may come while a request is under way.
 */
export function* interpret(
  receiptId: string,
  request: VerifiedRequest,
  channel: Channel,
  subscribers: () => readonly Subscriber[],
): Generator<PlannedRecord, void> {
  const { items, problems: undecoded } = decode(request, channel);
  const { coalesce } = channel;
  const problems = [...undecoded];
  for (
    let from = 0, to = ITEMS_PER_SLICE;
    from === 0 || from < items.length;
    from = to, to += ITEMS_PER_SLICE
  ) {
    const { drafts, problems: unread } = normalize(items.slice(from, to), request, channel, from);
    problems.push(...unread);
    // Texts are decoded when they are asked for, so what is wrong with their bytes is known only now.
    const known = to < items.length ? [unfinished(to)] : listed([...problemsOf(request), ...problems]);
    const receipt = toReceipt(receiptId, request, channel, known);
    const lookup = lookupOf(receipt, drafts, { coalesce });
    const resolveNow = (stored: Known) =>
      resolve(receipt, drafts, stored, { coalesce, subscribers: subscribers() });
    yield { problems: known, recording: { receipt, lookup, resolve: resolveNow } };
  }
}

/** So many problems are listed: of a hundred thousand bad items nobody needs more to see what is wrong. */
const MAX_PROBLEMS = 1_000;

function listed(problems: readonly Problem[]): readonly Problem[] {
  const more = problems.slice(MAX_PROBLEMS);
  const [first] = more;
  if (!first) return problems;
  const message = `${first.message} (and ${more.length - 1} more that are not listed)`;
  return [...problems.slice(0, MAX_PROBLEMS), { ...first, message }];
}

function unfinished(from: number): Problem {
  return {
    kind: "unfinished",
    item: from,
    field: null,
    message: "from this item on nothing is recorded yet",
  };
}

type Write = (recording: RecordRequest) => Promise<RecordResult>;

/** Records the first reading and then any further ones. Rejects as soon as a write does; what was written stays. */
export async function recordEach(
  readings: Iterable<PlannedRecord>,
  first: Write,
  further: Write,
): Promise<{ recorded: RecordResult; problems: readonly Problem[] }> {
  const all: RecordResult[] = [];
  const refused: Problem[] = [];
  let problems: readonly Problem[] = [];
  for (const reading of readings) {
    const write = all.length === 0 ? first : further;
    const recorded = await write(withProblems(reading.recording, refused));
    all.push(recorded);
    if (recorded.refused) refused.push(recorded.refused);
    problems = [...reading.problems, ...refused];
  }
  const [only] = all;
  return { recorded: only && all.length === 1 ? only : together(all), problems };
}

/** What the store refused of the readings before stays a problem of the request. */
function withProblems(recording: RecordRequest, problems: readonly Problem[]): RecordRequest {
  if (problems.length === 0) return recording;
  const { receipt } = recording;
  return { ...recording, receipt: { ...receipt, problems: [...receipt.problems, ...problems] } };
}

function together(all: readonly RecordResult[]): RecordResult {
  return {
    events: all.flatMap(({ events }) => events),
    duplicates: all.flatMap(({ duplicates }) => duplicates),
    destinations: [...new Set(all.flatMap(({ destinations }) => destinations))],
  };
}

function toReceipt(
  id: string,
  request: VerifiedRequest,
  channel: Channel,
  problems: readonly Problem[],
): Receipt {
  const { source, receivedAt, body, verified } = request;
  const kept = withoutCredentials(request, privacyOf(channel));
  return {
    id,
    source,
    channel: channel.name,
    receivedAt,
    ...kept,
    body,
    verified,
    mapping: channel.mapping.digest,
    problems,
  };
}
