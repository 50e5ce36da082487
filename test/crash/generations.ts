import type { Chance } from "../../src/simulate/chance.ts";
import { type ProviderName, type ProviderPost, postsOf, simulate } from "../../src/simulate/simulation.ts";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";

/** The posts of simulated providers: any number of documents, each from its creation to its end. */

export const CREDENTIALS = {
  lumin: "my_primary_api_key",
  token: "a-token-nobody-guesses",
  realtime: "a-realtime-secret",
};

/** Posts that their provider sends one after the other, the next once the one before was taken. */
export interface Lane {
  source: ProviderName;
  posts: readonly ProviderPost[];
}

/** Some documents at one provider. */
export interface Generation {
  source: ProviderName;
  lanes: readonly Lane[];
  happenings: readonly SimulatedHappening[];
}

const START = Date.UTC(2026, 0, 1);
/** Each document is reported over several channels, which compete to be the first. */
const CHANNELS = { lumin: ["account", "app"], legalesign: ["upon", "batch", "realtime"] } as const;
/** How far Legalesign's realtime clock may be ahead of that of its batches, in milliseconds. */
const SKEW = { lumin: 0, legalesign: 2_000 } as const;
/**
 * The interval of a batch, with several items of several documents, in milliseconds of the provider's time.
 */
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
  const documents = simulate({
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
  const lanes = Map.groupBy(postsOf(documents), ({ lane }) => lane);
  return {
    source,
    lanes: [...lanes.values()].map((posts) => ({ source, posts })),
    happenings: documents.flatMap(({ happenings }) => happenings.map(({ happening }) => happening)),
  };
}
