import { type Chance, createChance } from "./chance.ts";
import { injectFaults } from "./faults.ts";
import { LEGALESIGN } from "./legalesign.ts";
import { LUMIN } from "./lumin.ts";
import type { Fault, PlannedPost } from "./planned-post.ts";
import type { Provider, ProviderCredentials, SentCredentials } from "./provider.ts";
import { type SimulatedHappening, type SimulatedState, stateAfter, type Timeline } from "./timeline.ts";

export const PROVIDERS = { lumin: LUMIN, legalesign: LEGALESIGN } as const satisfies Record<string, Provider>;
export type ProviderName = keyof typeof PROVIDERS;

/** A complete request as the provider sends it. */
export type ProviderPost = PlannedPost & SentCredentials;

/** One document with all that happens to it and all posts about it. */
export interface SimulatedDocument {
  provider: ProviderName;
  document: string;
  title: string;
  /**
   * Each happening with the posts that report it, dropped and truncated ones included; none where no chosen
   * channel reports its type. A post that reports several happenings, such as a batch, is one object, shared
   * between them and between documents.
   */
  happenings: readonly { happening: SimulatedHappening; posts: readonly ProviderPost[] }[];
  /** Forged posts, which report nothing that happened. */
  forged: readonly ProviderPost[];
  /** The final state, after all happenings. */
  state: SimulatedState;
}

export interface SimulationOptions {
  provider: ProviderName;
  documents: number;
  /** Signers per document. */
  signers: number;
  /** Equal options give equal documents. */
  seed: number;
  faults?: readonly Fault[];
  channels: readonly string[];
  /** When the first document begins, milliseconds since 1970; the others begin within two hours. */
  start: number;
  /** The interval of Legalesign's batches by the provider's clock, in milliseconds; default: six minutes. */
  every?: number;
  /** The largest difference between two channels' times of one happening, in milliseconds; default: 0. */
  skew?: number;
  /** Signs Lumin's posts and Legalesign's realtime posts. */
  secret?: string;
  /** Stands in the URL of Legalesign's forms. */
  token?: string | null;
}

const BATCH_INTERVAL_MS = 360_000;
const MAX_SPREAD_MS = 7_200_000;

export function simulate(options: SimulationOptions): SimulatedDocument[] {
  const { provider, documents, signers, seed, channels, start, skew = 0 } = options;
  const { makeTimeline, planPosts } = PROVIDERS[provider];
  const chanceOf = (purpose: string): Chance => createChance(`${provider} ${seed} ${purpose}`);
  const timelines = Array.from({ length: documents }, (_, index) => {
    const chance = chanceOf(`document ${index}`);
    return makeTimeline(signers, start + (index === 0 ? 0 : chance.int(0, MAX_SPREAD_MS)), chance);
  });
  const every = options.every ?? BATCH_INTERVAL_MS;
  const planned = planPosts(timelines, { channels, chanceOf, start, every, skew })
    .toSorted((a, b) => a.at - b.at)
    .map((draft, index): PlannedPost => ({ ...draft, id: `post-${index + 1}`, faults: [] }));
  const posts = injectFaults(planned, options.faults ?? [], chanceOf("faults"));
  return attachPosts(
    timelines,
    posts.map((post) => toProviderPost(post, options)),
    provider,
  );
}

const FORGED_CREDENTIALS: ProviderCredentials = { secret: "a forger's guess", token: "a-forgers-guess" };

function toProviderPost(
  post: PlannedPost,
  { provider, secret = "", token = null }: SimulationOptions,
): ProviderPost {
  const credentials = post.faults.includes("forge") ? FORGED_CREDENTIALS : { secret, token };
  const { headers, query } = PROVIDERS[provider].authenticate(post, credentials);
  return { ...post, headers, query: { ...post.query, ...query } };
}

function attachPosts(
  timelines: readonly Timeline[],
  posts: readonly ProviderPost[],
  provider: ProviderName,
): SimulatedDocument[] {
  const reports = new Map<SimulatedHappening, ProviderPost[]>();
  for (const post of posts)
    for (const happening of post.happenings)
      reports.set(happening, [...(reports.get(happening) ?? []), post]);
  const forged = Map.groupBy(
    posts.filter(({ faults }) => faults.includes("forge")),
    ({ documents: [document] }) => document,
  );
  return timelines.map(({ document, title, people, happenings }) => ({
    provider,
    document,
    title,
    happenings: happenings.map((happening) => ({ happening, posts: reports.get(happening) ?? [] })),
    forged: forged.get(document) ?? [],
    state: stateAfter(people, happenings),
  }));
}

/** Every post about the documents, once, in the order in which they are sent. */
export function postsOf(documents: readonly SimulatedDocument[]): ProviderPost[] {
  const all = documents.flatMap(({ happenings, forged }) => [
    ...happenings.flatMap(({ posts }) => posts),
    ...forged,
  ]);
  return [...new Set(all)].toSorted((a, b) => a.at - b.at || compareIds(a.id, b.id));
}

const compareIds = new Intl.Collator("en", { numeric: true }).compare;
