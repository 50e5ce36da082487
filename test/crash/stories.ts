import type { Chance } from "../../src/simulate/chance.ts";
import type { Happening } from "../../src/simulate/life.ts";
import { makeStories, type Post, type ProviderName, postsOf } from "../../src/simulate/story.ts";

/** What simulated providers post: whole stories of documents with their signers, as many as are asked for. */

export const CREDENTIALS = {
  lumin: "my_primary_api_key",
  token: "a-token-nobody-guesses",
  realtime: "a-realtime-secret",
};

/** Posts that their provider sends one after the other, the next once the one before was taken. */
export interface Lane {
  source: ProviderName;
  posts: readonly Post[];
}

/** Some documents at one provider. */
export interface Generation {
  source: ProviderName;
  lanes: readonly Lane[];
  happenings: readonly Happening[];
}

const START = Date.UTC(2026, 0, 1);
/** Each document is told over several channels, which compete to be the first. */
const CHANNELS = { lumin: ["account", "app"], legalesign: ["upon", "batch", "realtime"] } as const;
/** Legalesign's realtime clock is up to so many milliseconds ahead of that of its batches. */
const SKEW = { lumin: 0, legalesign: 2_000 } as const;
/** A batch for so much of the provider's time: several items of several documents. Milliseconds. */
const EVERY = 1_800_000;
const DOCUMENTS = 6;
const SIGNERS = 3;

/** Generations without end; equal seeds give equal ones. The providers take turns. */
export function* generations(chance: Chance): Generator<Generation, never> {
  for (;;) {
    yield makeGeneration("lumin", chance.int(1, 2 ** 31));
    yield makeGeneration("legalesign", chance.int(1, 2 ** 31));
  }
}

function makeGeneration(source: ProviderName, seed: number): Generation {
  const stories = makeStories({
    provider: source,
    documents: DOCUMENTS,
    signers: SIGNERS,
    seed,
    faults: ["repeat", "forge"],
    channels: CHANNELS[source],
    start: START,
    every: EVERY,
    skew: SKEW[source],
    secret: source === "lumin" ? CREDENTIALS.lumin : CREDENTIALS.realtime,
    token: CREDENTIALS.token,
  });
  const lanes = Map.groupBy(postsOf(stories), ({ lane }) => lane);
  return {
    source,
    lanes: [...lanes.values()].map((posts) => ({ source, posts })),
    happenings: stories.flatMap(({ told }) => told.map(({ happening }) => happening)),
  };
}
