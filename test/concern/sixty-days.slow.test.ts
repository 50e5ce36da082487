import { expect } from "chai";
import { DAY_MS } from "../../src/concern/words.ts";
import { createChance } from "../../src/simulate/chance.ts";
import { type Evaluation, hourly, type SiteParts, type Trouble } from "./site.ts";
import { TROUBLES } from "./troubles.ts";

const DAYS = 60;
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
/** Habits are learned by then. */
const FIRST_TROUBLE_DAY = 17;
const LAST_TROUBLE_DAY = 28;

/**
 * Begins in every month of 2026; every other site has had eight weeks of requests before, the others none.
 */
function siteOf(seed: number): Omit<SiteParts, "troubles"> {
  return {
    seed: `site ${seed}`,
    from: Date.UTC(2026, seed % 12, 1 + Math.floor(seed / 12) * 14),
    history: seed % 2 === 0 ? 0 : 56 * DAY_MS,
    days: DAYS,
  };
}

/** Some of all troubles at random, at most one of each slot. */
function troublesOf(seed: number, from: number): Trouble[] {
  const chance = createChance(`troubles ${seed}`);
  const slots = new Map(chance.shuffle(TROUBLES).map(({ slot, make }) => [slot, make]));
  const makers = chance.sample([...slots.values()], chance.int(3, slots.size));
  return makers.map((make) => make(from + chance.int(FIRST_TROUBLE_DAY, LAST_TROUBLE_DAY) * DAY_MS, chance));
}

/** What is named and should not be, or should be and is not. */
function faultsOf({ now, ids }: Evaluation, troubles: readonly Trouble[]): string[] {
  const when = new Date(now).toISOString();
  const allowed = new Set(
    troubles.filter((one) => now >= one.from && now < one.overBy).flatMap((one) => one.ids),
  );
  const due = troubles.filter((one) => now >= one.namedBy && now < one.until).flatMap((one) => one.ids);
  return [
    ...ids.filter((id) => !allowed.has(id)).map((id) => `${when}: ${id} is named`),
    ...due.filter((id) => !ids.includes(id)).map((id) => `${when}: ${id} is not named`),
  ];
}

function observe(seed: number, troubles: readonly Trouble[]) {
  const named = new Set<string>();
  const faults: string[] = [];
  let evaluations = 0;
  for (const evaluation of hourly({ ...siteOf(seed), troubles })) {
    evaluations += 1;
    for (const id of evaluation.ids) named.add(id);
    faults.push(...faultsOf(evaluation, troubles));
  }
  return { named: [...named].sort(), faults, evaluations };
}

describe("over 60 days with weekends, nights, holidays, bursts, batches and a quiet channel", () => {
  for (const seed of SEEDS)
    it(`nothing is named at any hour without trouble (site ${seed})`, () => {
      const { named, evaluations } = observe(seed, []);
      expect(named).to.deep.equal([]);
      expect(evaluations).to.equal(DAYS * 24 + 1);
    });

  for (const seed of SEEDS)
    it(`exactly the injected troubles are named, each in time and until its end (site ${seed})`, () => {
      const troubles = troublesOf(seed, siteOf(seed).from);
      const { named, faults } = observe(seed, troubles);
      expect(faults).to.deep.equal([]);
      expect(named).to.deep.equal(troubles.flatMap(({ ids }) => ids).sort());
    });

  it("every kind of trouble is injected at one of the sites", () => {
    const injected = SEEDS.flatMap((seed) => troublesOf(seed, siteOf(seed).from)).flatMap(({ ids }) => ids);
    const kinds = new Set(injected.map((id) => id.split(":")[0]));
    const possible = TROUBLES.map(({ make }) => make(0, createChance("")).ids[0]?.split(":")[0]);
    expect([...kinds].sort()).to.deep.equal([...new Set(possible)].sort());
  });
});
