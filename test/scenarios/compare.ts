import { type State, stateAfter } from "../../src/simulate/life.ts";
import type { ProviderName } from "../../src/simulate/story.ts";
import type { DocumentLine, HappeningLine, PostLine, TruthLine } from "../../src/simulate/truth.ts";

/** What a simulator did, compared with what came of it: every difference that no fault excuses, in a sentence. */

/** A play of one provider, with its truth. */
export interface Told {
  provider: ProviderName;
  truth: readonly TruthLine[];
  /** How far two channels' times of one happening may differ, in milliseconds. */
  skew: number;
  /** When each post was sent and answered: any numbers that grow. */
  clock: ReadonlyMap<string, { sent: number; answered: number }>;
}

/** An event as a destination got it. */
export interface Arrival {
  id: string;
  type: string;
  /** Milliseconds since 1970. */
  time: number;
  channel: string;
  /** The receipt that it came of. */
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
  /** Happenings without an event, since all that told them was dropped or cut. */
  lost: number;
  /** The same with an event nevertheless: `signers[]` of a later post showed them. */
  revealed: number;
  /** Events of signings of which no post can say whose they were. */
  unnamed: number;
  /** Events of signers whose document no post had named yet. */
  unlinked: number;
  /** Documents that end otherwise than they truly did, for want of what was lost or could not be linked. */
  unfinished: number;
}

export function compare(told: Told, arrivals: readonly Arrival[], documents: readonly Shown[]): Comparison {
  const truth = indexTruth(told);
  const found = new Map<HappeningLine, Arrival[]>();
  const unmatched: string[] = [];
  for (const arrival of arrivals) {
    const happening = truth.happeningOf(arrival);
    if (happening) found.set(happening, [...(found.get(happening) ?? []), arrival]);
    else unmatched.push(`an event of nothing that happened: ${JSON.stringify(arrival)}`);
  }

  const pairs = [...found].flatMap(([happening, all]) => all.map((arrival) => ({ happening, arrival })));
  const unnamed = pairs.filter(({ happening, arrival }) => happening.signer !== null && !arrival.signer);
  const unlinked = pairs.filter(({ arrival }) => arrival.document === null);
  const untold = truth.happenings.filter((one) => !one.told);
  const linked = new Set(pairs.filter(({ arrival }) => arrival.document).map(({ happening }) => happening));
  const ends = compareEnds(told.provider, truth, linked, documents);
  return {
    complaints: [
      ...unmatched,
      ...truth.happenings.flatMap((one) => complaintsAbout(one, found.get(one) ?? [], truth)),
      ...unnamed
        .filter(({ happening }) => truth.canTellWho(happening))
        .map((pair) => `it does not say who it was: ${JSON.stringify(pair)}`),
      ...unlinked
        .filter(({ happening, arrival }) => truth.couldLink(happening, arrival))
        .map((pair) => `it does not say which document it was: ${JSON.stringify(pair)}`),
      ...ends.complaints,
    ],
    lost: untold.filter((one) => !found.has(one)).length,
    revealed: untold.filter((one) => found.has(one)).length,
    unnamed: unnamed.length,
    unlinked: unlinked.length,
    unfinished: ends.unfinished,
  };
}

function complaintsAbout(happening: HappeningLine, arrivals: readonly Arrival[], truth: Truth): string[] {
  const ids = new Set(arrivals.map(({ id }) => id));
  const what = JSON.stringify({ ids: [...ids], happening });
  if (arrivals.length > 1) return [`${arrivals.length} events with ${ids.size} ids: ${what}`];
  if (happening.told) return ids.size === 1 ? [] : [`no event: ${what}`];
  return ids.size === 0 || truth.isRevealed(happening) ? [] : [`an event that nothing told: ${what}`];
}

interface Truth {
  documents: readonly DocumentLine[];
  happenings: readonly HappeningLine[];
  livesOf(document: string): readonly HappeningLine[];
  happeningOf(arrival: Arrival): HappeningLine | undefined;
  /** `signers[]` of a later signing that was told shows this one. */
  isRevealed(happening: HappeningLine): boolean;
  /** Whether the posts, as they came, show who it was. */
  canTellWho(happening: HappeningLine): boolean;
  /** Whether a post that names the signer's document was answered before the one was sent that the event came of. */
  couldLink(happening: HappeningLine, arrival: Arrival): boolean;
}

function indexTruth({ provider, truth, skew, clock }: Told): Truth {
  const happenings = truth.filter((line) => line.kind === "happening");
  const posts = truth.filter((line) => line.kind === "post");
  const lives = Map.groupBy(happenings, ({ document }) => document);
  const byDocument = Map.groupBy(happenings, ({ document, type }) => `${document} ${type}`);
  const bySigner = Map.groupBy(happenings, ({ signer, type }) => `${signer} ${type}`);
  const byId = new Map(posts.map((post) => [post.id, post]));
  const byReceipt = new Map(posts.map((post) => [post.receipt, post]));
  const alike = ({ document, type }: HappeningLine) => byDocument.get(`${document} ${type}`) ?? [];
  const livesOf = (document: string) => lives.get(document) ?? [];

  return {
    documents: truth.filter((line) => line.kind === "document"),
    happenings,
    livesOf,
    happeningOf: (arrival) => candidatesFor(arrival).find((one) => isTimeOf(one, arrival)),
    isRevealed: (happening) =>
      provider === "lumin" &&
      happening.type === "signer.signed" &&
      alike(happening).some(({ told, time }) => told && time > happening.time),
    canTellWho,
    couldLink,
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
    // Forms of this channel give no time: it is that of their coming.
    if (channel === "upon" || Math.abs(happening.time - time) <= skew) return true;
    // A later post, which shows this one's signature as well, gives its own time.
    return (
      provider === "lumin" &&
      signer !== null &&
      alike(happening).some((one) => one.time === time && time > happening.time)
    );
  }

  /** Not of one of several whose signatures were there already when the document was first heard of. */
  function canTellWho(happening: HappeningLine): boolean {
    const told = livesOf(happening.document).filter((one) => one.told);
    const first = told.toSorted((a, b) => firstSent(a) - firstSent(b))[0];
    const isAlone = alike(happening).every(({ time }) => time >= happening.time);
    return provider === "legalesign" || isAlone || (first !== undefined && first.time < happening.time);
  }

  function couldLink({ document, signer }: HappeningLine, { receipt }: Arrival): boolean {
    const sent = clock.get(byReceipt.get(receipt)?.id ?? "")?.sent ?? 0;
    return livesOf(document)
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

/** `linked`: the happenings whose events name their document, and so moved it. */
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
    const heard = truth.livesOf(document.document).filter((one) => linked.has(one));
    const seen = shown.get(document.document);
    shown.delete(document.document);
    if (!seen) {
      if (heard.length > 0) complaints.push(`a document that is not known: ${JSON.stringify(document)}`);
      continue;
    }
    const differences = differencesOf(provider, document, seen);
    const excuse = differencesOf(provider, endOf(document, heard), seen);
    const unexcused = differences.filter((difference) => excuse.includes(difference));
    complaints.push(...unexcused.map((one) => `${one}: ${JSON.stringify({ document, seen })}`));
    if (differences.length > unexcused.length) unfinished += 1;
  }
  complaints.push(...[...shown.values()].map((one) => `a document that never was: ${JSON.stringify(one)}`));
  return { complaints, unfinished };
}

/** How things stand by these of its happenings: of the others nobody can know. */
function endOf({ signers }: DocumentLine, heard: readonly HappeningLine[]): State {
  const people = signers.map(({ signer }) => ({ id: signer, first: "", last: "", email: "" }));
  return stateAfter(people, heard);
}

function differencesOf(provider: ProviderName, end: State, seen: Shown): string[] {
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
