import { type Chance, createChance } from "./chance.ts";
import { spoil } from "./faults.ts";
import { LEGALESIGN } from "./legalesign.ts";
import type { Credentials, Fault, Letter, Provider, Seal } from "./letter.ts";
import { type Happening, type Life, type State, stateAfter } from "./life.ts";
import { LUMIN } from "./lumin.ts";

export const PROVIDERS = { lumin: LUMIN, legalesign: LEGALESIGN } as const satisfies Record<string, Provider>;
export type ProviderName = keyof typeof PROVIDERS;

/** A request as the provider sends it, complete. */
export type Post = Letter & Seal;

/** What happened to one document, and what is posted of it. */
export interface Story {
  provider: ProviderName;
  document: string;
  title: string;
  /**
   * Each happening with the posts that tell it, those that are dropped or cut included; none where no chosen channel has a
   * word for it. A post that tells several happenings, as batches do, is the same object at each, in other stories too.
   */
  told: readonly { happening: Happening; posts: readonly Post[] }[];
  /** Posts that tell nothing that happened. */
  forged: readonly Post[];
  /** How things stand in the end, by all happenings. */
  state: State;
}

export interface Wish {
  provider: ProviderName;
  documents: number;
  /** Of each document. */
  signers: number;
  /** Equal wishes give equal stories. */
  seed: number;
  faults?: readonly Fault[];
  channels: readonly string[];
  /** When the first document begins, milliseconds since 1970; the others begin within two hours. */
  start: number;
  /** Legalesign's batch, in milliseconds of the provider's time: six minutes. */
  every?: number;
  /** By how many milliseconds the times may differ that two channels give for one happening: 0. */
  skew?: number;
  /** What Lumin's posts and Legalesign's realtime posts are signed with. */
  secret?: string;
  /** What is in the URL of Legalesign's forms. */
  token?: string | null;
}

const BATCH_INTERVAL_MS = 360_000;
const MAX_SPREAD_MS = 7_200_000;

export function makeStories(wish: Wish): Story[] {
  const { provider, documents, signers, seed, channels, start, every = BATCH_INTERVAL_MS, skew = 0 } = wish;
  const { live, tell } = PROVIDERS[provider];
  const chanceOf = (what: string): Chance => createChance(`${provider} ${seed} ${what}`);
  const lives = Array.from({ length: documents }, (_, index) => {
    const chance = chanceOf(`document ${index}`);
    return live(signers, start + (index === 0 ? 0 : chance.int(0, MAX_SPREAD_MS)), chance);
  });
  const letters = tell(lives, { channels, chanceOf, start, every, skew })
    .toSorted((a, b) => a.at - b.at)
    .map((letter, index): Letter => ({ ...letter, id: `post-${index + 1}`, faults: [] }));
  const posts = spoil(letters, wish.faults ?? [], chanceOf("faults")).map((letter) => post(letter, wish));
  return bind(lives, posts, provider);
}

/** What a forger knows of both. */
const FORGER: Credentials = { secret: "a forger's guess", token: "a-forgers-guess" };

function post(letter: Letter, { provider, secret = "", token = null }: Wish): Post {
  const credentials = letter.faults.includes("forge") ? FORGER : { secret, token };
  const { headers, query } = PROVIDERS[provider].seal(letter, credentials);
  return { ...letter, headers, query: { ...letter.query, ...query } };
}

function bind(lives: readonly Life[], posts: readonly Post[], provider: ProviderName): Story[] {
  const tellers = new Map<Happening, Post[]>();
  for (const one of posts)
    for (const happening of one.tells) tellers.set(happening, [...(tellers.get(happening) ?? []), one]);
  const forged = Map.groupBy(
    posts.filter(({ faults }) => faults.includes("forge")),
    ({ documents: [document] }) => document,
  );
  return lives.map(({ document, title, people, happenings }) => ({
    provider,
    document,
    title,
    told: happenings.map((happening) => ({ happening, posts: tellers.get(happening) ?? [] })),
    forged: forged.get(document) ?? [],
    state: stateAfter(people, happenings),
  }));
}

/** Every post of the stories, once, in the order in which they are sent. */
export function postsOf(stories: readonly Story[]): Post[] {
  const all = stories.flatMap(({ told, forged }) => [...told.flatMap(({ posts }) => posts), ...forged]);
  return [...new Set(all)].toSorted((a, b) => a.at - b.at || compareIds(a.id, b.id));
}

const compareIds = new Intl.Collator("en", { numeric: true }).compare;
