import type {
  DocumentLine,
  GroundTruthLine,
  HappeningLine,
  PostLine,
} from "../../src/simulate/ground-truth.ts";
import type { ProviderName } from "../../src/simulate/simulation.ts";
import { type SimulatedState, stateAfter } from "../../src/simulate/timeline.ts";

/**
 * Compares a simulation's ground truth with what arrived: each difference that no fault excuses, in a
 * sentence.
 */

/** One provider's simulation, with its ground truth. */
export interface SimulationRun {
  provider: ProviderName;
  truth: readonly GroundTruthLine[];
  /** The largest difference between two channels' times of one happening, in milliseconds. */
  skew: number;
  /** When each post was sent and answered, in growing numbers. */
  clock: ReadonlyMap<string, { sent: number; answered: number }>;
}

/** An event as a destination received it. */
export interface Arrival {
  id: string;
  type: string;
  /** Milliseconds since 1970. */
  time: number;
  channel: string;
  /** The id of the receipt that it was made from. */
  receipt: string;
  document: string | null;
  signer: { id: string; email: string | null } | null;
}

/** A document as the bridge shows it. */
export interface Shown {
  id: string;
  status: string | null;
  downloadable: boolean;
  signers: readonly { id: string; email: string | null; status: string | null }[];
}

export interface Comparison {
  complaints: readonly string[];
  /** Happenings without an event, since every post that reports them was dropped or truncated. */
  lost: number;
  /** The same with an event: `signers[]` of a later post showed them. */
  revealed: number;
  /** Events of signings of which no post can show the signer. */
  unnamed: number;
  /** Events of signers whose document no post had named yet. */
  unlinked: number;
  /** Documents whose final state differs, because an event was lost or could not be linked. */
  unfinished: number;
}

export function compare(
  run: SimulationRun,
  arrivals: readonly Arrival[],
  documents: readonly Shown[],
): Comparison {
  const truth = indexTruth(run);
  const found = new Map<HappeningLine, Arrival[]>();
  const unmatched: string[] = [];
  for (const arrival of arrivals) {
    const happening = truth.happeningOf(arrival);
    if (happening) found.set(happening, [...(found.get(happening) ?? []), arrival]);
    else unmatched.push(`an event without a happening: ${JSON.stringify(arrival)}`);
  }

  const pairs = [...found].flatMap(([happening, all]) => all.map((arrival) => ({ happening, arrival })));
  const unnamed = pairs.filter(({ happening, arrival }) => happening.signer !== null && !arrival.signer);
  const unlinked = pairs.filter(({ arrival }) => arrival.document === null);
  const unreported = truth.happenings.filter((one) => !one.reported);
  const linked = new Set(pairs.filter(({ arrival }) => arrival.document).map(({ happening }) => happening));
  const ends = compareEnds(run.provider, truth, linked, documents);
  return {
    complaints: [
      ...unmatched,
      ...truth.happenings.flatMap((one) => complaintsAbout(one, found.get(one) ?? [], truth)),
      ...unnamed
        .filter(({ happening }) => truth.canShowSigner(happening))
        .map((pair) => `it does not say who it was: ${JSON.stringify(pair)}`),
      ...unlinked
        .filter(({ happening, arrival }) => truth.canLink(happening, arrival))
        .map((pair) => `it does not say which document it was: ${JSON.stringify(pair)}`),
      ...ends.complaints,
    ],
    lost: unreported.filter((one) => !found.has(one)).length,
    revealed: unreported.filter((one) => found.has(one)).length,
    unnamed: unnamed.length,
    unlinked: unlinked.length,
    unfinished: ends.unfinished,
  };
}

function complaintsAbout(happening: HappeningLine, arrivals: readonly Arrival[], truth: Truth): string[] {
  const ids = new Set(arrivals.map(({ id }) => id));
  const what = JSON.stringify({ ids: [...ids], happening });
  if (arrivals.length > 1) return [`${arrivals.length} events with ${ids.size} ids: ${what}`];
  if (happening.reported) return ids.size === 1 ? [] : [`no event: ${what}`];
  return ids.size === 0 || truth.isRevealed(happening) ? [] : [`an event that no post reported: ${what}`];
}

interface Truth {
  documents: readonly DocumentLine[];
  happenings: readonly HappeningLine[];
  timelineOf(document: string): readonly HappeningLine[];
  happeningOf(arrival: Arrival): HappeningLine | undefined;
  /** True: `signers[]` of a later signing that was reported shows this one. */
  isRevealed(happening: HappeningLine): boolean;
  /** True: the posts show the signer, in the order in which they came. */
  canShowSigner(happening: HappeningLine): boolean;
  /** True: a post that names the signer's document was answered before the event's own post was sent. */
  canLink(happening: HappeningLine, arrival: Arrival): boolean;
}

function indexTruth({ provider, truth, skew, clock }: SimulationRun): Truth {
  const happenings = truth.filter((line) => line.kind === "happening");
  const posts = truth.filter((line) => line.kind === "post");
  const timelines = Map.groupBy(happenings, ({ document }) => document);
  const byDocument = Map.groupBy(happenings, ({ document, type }) => `${document} ${type}`);
  const bySigner = Map.groupBy(happenings, ({ signer, type }) => `${signer} ${type}`);
  const byId = new Map(posts.map((post) => [post.id, post]));
  const byReceipt = new Map(posts.map((post) => [post.receipt, post]));
  const alike = ({ document, type }: HappeningLine) => byDocument.get(`${document} ${type}`) ?? [];
  const timelineOf = (document: string) => timelines.get(document) ?? [];

  return {
    documents: truth.filter((line) => line.kind === "document"),
    happenings,
    timelineOf,
    happeningOf: (arrival) => candidatesFor(arrival).find((one) => isTimeOf(one, arrival)),
    isRevealed: (happening) =>
      provider === "lumin" &&
      happening.type === "signer.signed" &&
      alike(happening).some(({ reported, time }) => reported && time > happening.time),
    canShowSigner,
    canLink,
  };

  function candidatesFor({ document, signer, type }: Arrival): readonly HappeningLine[] {
    if (provider === "lumin" || !signer) {
      const candidates = byDocument.get(`${document} ${type}`) ?? [];
      return signer ? candidates.filter((one) => one.signer === signer.email) : candidates;
    }
    const candidates = bySigner.get(`${signer.id} ${type}`) ?? [];
    return candidates.filter((one) => document === null || one.document === document);
  }

  function isTimeOf(happening: HappeningLine, { time, channel, signer }: Arrival): boolean {
    // Forms of this channel have no time: the event gets that of its receipt.
    if (channel === "upon" || Math.abs(happening.time - time) <= skew) return true;
    // A later post that shows this signing as well has its own time.
    return (
      provider === "lumin" &&
      signer !== null &&
      alike(happening).some((one) => one.time === time && time > happening.time)
    );
  }

  /** False for one of several signings that the first report of the document shows. */
  function canShowSigner(happening: HappeningLine): boolean {
    const reported = timelineOf(happening.document).filter((one) => one.reported);
    const first = reported.toSorted((a, b) => firstSent(a) - firstSent(b))[0];
    const isAlone = alike(happening).every(({ time }) => time >= happening.time);
    return provider === "legalesign" || isAlone || (first !== undefined && first.time < happening.time);
  }

  function canLink({ document, signer }: HappeningLine, { receipt }: Arrival): boolean {
    const sent = clock.get(byReceipt.get(receipt)?.id ?? "")?.sent ?? 0;
    return timelineOf(document)
      .filter((one) => one.signer === null || one.signer === signer)
      .flatMap((one) => legiblePosts(one))
      .some(({ id, channel }) => channel === "realtime" && (clock.get(id)?.answered ?? 0) < sent);
  }

  function legiblePosts({ posts }: HappeningLine): PostLine[] {
    return posts.flatMap((id) => byId.get(id) ?? []).filter(({ faults }) => !faults.includes("truncate"));
  }

  function firstSent(happening: HappeningLine): number {
    return Math.min(...legiblePosts(happening).map(({ id }) => clock.get(id)?.sent ?? 0));
  }
}

/** `linked`: the happenings whose events name their document, and so change its state. */
function compareEnds(
  provider: ProviderName,
  truth: Truth,
  linked: ReadonlySet<HappeningLine>,
  documents: readonly Shown[],
): Pick<Comparison, "complaints" | "unfinished"> {
  const shown = new Map(documents.map((document) => [document.id, document]));
  const complaints: string[] = [];
  let unfinished = 0;
  for (const document of truth.documents) {
    const known = truth.timelineOf(document.document).filter((one) => linked.has(one));
    const seen = shown.get(document.document);
    shown.delete(document.document);
    if (!seen) {
      if (known.length > 0) complaints.push(`a document that is not known: ${JSON.stringify(document)}`);
      continue;
    }
    const differences = differencesOf(provider, document, seen);
    const excuse = differencesOf(provider, endOf(document, known), seen);
    const unexcused = differences.filter((difference) => excuse.includes(difference));
    complaints.push(...unexcused.map((one) => `${one}: ${JSON.stringify({ document, seen })}`));
    if (differences.length > unexcused.length) unfinished += 1;
  }
  complaints.push(...[...shown.values()].map((one) => `a document that never was: ${JSON.stringify(one)}`));
  return { complaints, unfinished };
}

/** The state after these happenings: the bridge cannot know of the others. */
function endOf({ signers }: DocumentLine, known: readonly HappeningLine[]): SimulatedState {
  const people = signers.map(({ signer }) => ({ id: signer, first: "", last: "", email: "" }));
  return stateAfter(people, known);
}

function differencesOf(provider: ProviderName, end: SimulatedState, seen: Shown): string[] {
  const statuses = new Map(
    seen.signers.map(({ id, email, status }) => [provider === "lumin" ? email : id, status]),
  );
  return [
    ...(end.status === seen.status ? [] : ["another status"]),
    ...(end.downloadable === seen.downloadable ? [] : ["downloadable or not"]),
    ...end.signers
      .filter(({ signer, status }) => status !== (statuses.get(signer) ?? null))
      .map(({ signer }) => `another status of ${signer}`),
  ];
}
