import type { Subscriber } from "../domain/destination.ts";
import { lookupOf } from "../domain/lookup.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, resolve } from "../domain/resolve.ts";
import type { RecordRequest, RecordResult } from "../store/port/inbox.ts";
import { textProblems } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import type { Decoded } from "./decode.ts";
import { normalize } from "./normalize.ts";
import { withoutCredentials } from "./private.ts";
import { privacyOf } from "./private-names.ts";
import type { VerifiedRequest } from "./request.ts";
import type { RequestTrace } from "./trace.ts";

/** A slice of a request's events, ready to be recorded. */
export interface PlannedRecord {
  record: RecordRequest;
  /** All that could not be read; before the last slice only that the request is unfinished. */
  problems: readonly Problem[];
}

/**
 * Items that are normalized and recorded at once: a batch of ten thousand must not hold up other requests.
 */
const ITEMS_PER_SLICE = 250;

export interface InterpretParts {
  receiptId: string;
  request: VerifiedRequest;
  channel: Channel;
  /**
   * `shadow`: nothing is recorded but the receipt. `released`: a receipt that was in shadow is recorded
   * wholly, and is in shadow until its last slice. Default: `live`.
   */
  mode?: "live" | "shadow" | "released";
  /**
   * The destinations of the current configuration. Asked when a slice is recorded: a reload may come in
   * between.
   */
  subscribers(): readonly Subscriber[];
  /** The creation context of a new event; undefined: nothing is traced. */
  creationOf?: ((event: string) => string) | undefined;
}

/**
 * Plans what to record of a request, slice by slice; nearly always there is one. Each slice is normalized
 * when it is asked for, and must be recorded before the next. Until the last, the receipt has the problem
 * `unfinished`: what a crash cuts off is found and reprocessed even if the provider never repeats it.
 */
export function* interpret(
  { items, problems: undecoded }: Decoded,
  { receiptId, request, channel, mode = "live", subscribers, creationOf }: InterpretParts,
): Generator<PlannedRecord, void> {
  const { coalesce } = channel;
  const problems = [...undecoded];
  for (
    let from = 0, to = ITEMS_PER_SLICE;
    from === 0 || from < items.length;
    from = to, to += ITEMS_PER_SLICE
  ) {
    const { drafts, problems: unread } = normalize(items.slice(from, to), request, channel, from);
    problems.push(...unread);
    // Texts are decoded when they are first read, so invalid bytes are known only now.
    const known = to < items.length ? [unfinished(to)] : listed([...textProblems(request), ...problems]);
    const receipt = toReceipt(receiptId, request, channel, known);
    const lookup = lookupOf(receipt, drafts, { coalesce });
    const resolveNow = (stored: Known) =>
      resolve(receipt, drafts, stored, {
        coalesce,
        subscribers: subscribers(),
        shadow: mode === "shadow",
        creationOf,
      });
    const shadow = mode === "shadow" || (mode === "released" && to < items.length);
    yield { problems: known, record: { receipt, lookup, resolve: resolveNow, shadow } };
  }
}

/** Problems that a receipt lists: more would not help to see what is wrong. */
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

type Write = (record: RecordRequest) => Promise<RecordResult>;

/**
 * Called when a request is recorded, with the destinations of its new deliveries, so that these are sent.
 * Without names when recording failed: of a long request a part may be recorded, for any destination.
 */
export type OnRecorded = (destinations?: readonly string[]) => void;

/**
 * Records the first slice with `first`, the others with `further`, and announces the result once. Rejects
 * as soon as a write does; earlier writes stay, and are announced as well.
 */
export async function recordEach(
  planned: Iterable<PlannedRecord>,
  first: Write,
  further: Write,
  announce: OnRecorded,
  trace: RequestTrace,
): Promise<{ recorded: RecordResult; problems: readonly Problem[] }> {
  const writing = trace.step("record", async () => {
    const written = await writeEach(planned, first, further);
    trace.recorded(written.recorded.events);
    return written;
  });
  const result = await writing.catch((error) => {
    announce();
    throw error;
  });
  announce(result.recorded.destinations);
  return result;
}

async function writeEach(planned: Iterable<PlannedRecord>, first: Write, further: Write) {
  const all: RecordResult[] = [];
  const refused: Problem[] = [];
  let problems: readonly Problem[] = [];
  for (const slice of planned) {
    const write = all.length === 0 ? first : further;
    const recorded = await write(withProblems(slice.record, refused));
    all.push(recorded);
    if (recorded.refused) refused.push(recorded.refused);
    problems = [...slice.problems, ...refused];
  }
  const [only] = all;
  return { recorded: only && all.length === 1 ? only : together(all), problems };
}

/** The store's refusal of an earlier slice stays a problem of the receipt. */
function withProblems(record: RecordRequest, problems: readonly Problem[]): RecordRequest {
  if (problems.length === 0) return record;
  const { receipt } = record;
  return { ...record, receipt: { ...receipt, problems: [...receipt.problems, ...problems] } };
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
