import { expect } from "chai";
import { evaluate, evaluating } from "../../src/concern/evaluate.ts";
import type { Situation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { SEVERITIES } from "../../src/domain/event.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";
import { aBusyChannel, aSignerOf, aSituation, aStoredDocument, MACHINES, NOW } from "./situations.ts";
import { everyTrouble } from "./troubled.ts";

/** Every hour of 400 days has accepted and refused requests, and all channels have been silent for hours. */
function largeSituation(documents: number): Situation {
  const channels = Array.from({ length: 20 }, (_, index) => {
    const until = NOW - (3 + index) * HOUR_MS;
    const channel = aBusyChannel({ rhythm: MACHINES, weeks: 57, until }, { name: `channel-${index}` });
    const tallies = channel.tallies.flatMap((tally) => [tally, { ...tally, outcome: "refused" as const }]);
    return { ...channel, tallies };
  });
  return aSituation({
    channels,
    documents: Array.from({ length: documents }, (_, index) =>
      aStoredDocument({
        id: `doc-${index}`,
        sentAt: NOW - (index % 30) * DAY_MS,
        signers: [aSignerOf("signed"), aSignerOf("viewed")],
      }),
    ),
  });
}

describe("an evaluation", () => {
  it("finds nothing where nothing is wrong", () => {
    const channels = [aBusyChannel({ until: NOW })];
    expect(evaluate(aSituation({ channels, documents: [aStoredDocument()] }))).to.deep.equal([]);
  });

  it("lists the severest concerns first, and of one severity the oldest", () => {
    const concerns = evaluate(everyTrouble());
    const keys = concerns.map(({ severity, since }) => [SEVERITIES.indexOf(severity), since] as const);
    const sorted = keys.toSorted(([a, b], [c, d]) => a - c || b - d);
    expect(keys).to.deep.equal(sorted);
    expect(new Set(keys.map(([severity]) => severity)).size).to.equal(SEVERITIES.length);
  });

  it("changes nothing of its situation", () => {
    const troubled = everyTrouble();
    const before = structuredClone(troubled);
    evaluate(troubled);
    expect(troubled).to.deep.equal(before);
  });

  const large = largeSituation(10_000);
  const timesOfSteps = () => {
    const steps = evaluating(large);
    const times: number[] = [];
    for (;;) {
      const before = process.cpuUsage();
      const { done } = steps.next();
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1_000);
      if (done) return times;
    }
  };

  it("of 20 channels with 400 days and 10,000 documents takes less than 100 ms, and no step 20", () => {
    const runs = Array.from({ length: 5 }, timesOfSteps);
    const total = (times: number[]) => times.reduce((sum, time) => sum + time, 0);
    expect(Math.min(...runs.map(total))).to.be.below(100);
    expect(Math.min(...runs.map((times) => Math.max(...times)))).to.be.below(20);
    expect(evaluate(large)).to.have.length(21);
  });

  it("takes time in proportion to the documents", () => {
    const situations = new Map([25_000, 100_000].map((size) => [size, largeSituation(size)]));
    const work = (size: number) => evaluate({ ...aSituation(), ...situations.get(size), channels: [] });
    expect(growthOf(work, 25_000)).to.be.below(MAX_LINEAR_GROWTH);
  });

  it("reads no more of a long past than the eight weeks before the newest request", () => {
    const until = NOW - 5 * MINUTE_MS;
    const long = aBusyChannel({ rhythm: MACHINES, weeks: 57, until: until - 4 * HOUR_MS });
    const read = new Set<number>();
    const tallies = new Proxy([...long.tallies], {
      get: (list, key) => {
        if (typeof key === "string" && /^\d+$/.test(key)) read.add(Number(key));
        return Reflect.get(list, key);
      },
    });
    expect(evaluate(aSituation({ channels: [{ ...long, tallies }] }))).to.have.length(1);
    expect(read.size).to.be.below(8 * 7 * 24 + 50);
  });
});
